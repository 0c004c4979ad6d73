//! What does it save to encode a broadcast once instead of for each receiver?

use std::hint::black_box;
use std::time::Duration;

use super::codec::append;
use super::{Timing, time};

const RECEIVERS: usize = 1_000;
const CONTENT_BYTES: usize = 64;

pub(super) fn run(total: Duration) -> Vec<Timing> {
    let content = "x".repeat(CONTENT_BYTES);
    let mut outboxes = vec![Vec::new(); RECEIVERS];
    let mut frame = Vec::new();
    let once = time("for 1,000 receivers: encode once, copy to each; per receiver", total, RECEIVERS, || {
        frame.clear();
        append(&mut frame, black_box(&content));
        for outbox in &mut outboxes {
            outbox.clear();
            outbox.extend_from_slice(&frame);
        }
        black_box(&outboxes);
    });
    let each = time("for 1,000 receivers: encode for each; per receiver", total, RECEIVERS, || {
        for outbox in &mut outboxes {
            outbox.clear();
            append(outbox, black_box(&content));
        }
        black_box(&outboxes);
    });
    vec![once, each]
}
