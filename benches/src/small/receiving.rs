//! What does it cost to take a request out of the bytes that came: to unmask its frame and to check that it is
//! text?

use std::hint::black_box;
use std::time::Duration;

use chat_server::reactor::outbox::Outbox;
use chat_server::reactor::session::{Fed, Session, Spares};

use super::{Timing, time};
use crate::wire::Template;

/// Any bound that the messages keep.
const MESSAGE_BYTES_MAX: usize = 65_536;

pub(super) fn run(total: Duration) -> Vec<Timing> {
    vec![
        receive("receive a broadcast request, 64 bytes", 64, total),
        receive("receive a broadcast request, 4 KiB", 4_096, total),
    ]
}

fn receive(what: &str, bytes: usize, total: Duration) -> Timing {
    let mut template = Template::broadcast(bytes);
    let frame = template.with(&[0, 0]);
    let mut session = Session::new(Duration::ZERO, 0);
    let (mut outbox, mut spares) = (Outbox::default(), Spares::new(MESSAGE_BYTES_MAX));
    time(what, total, 1, || {
        let mut input = black_box(frame);
        let fed = session.feed(&mut input, &mut outbox, &mut spares);
        assert!(matches!(black_box(fed), Fed::Message(_)) && input.is_empty());
    })
}
