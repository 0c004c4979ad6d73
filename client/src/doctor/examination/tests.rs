//! The examination with a clock of its own and without a connection.

use super::*;
use crate::doctor::facts::{Attempt, Outcome};
use crate::state::LinkError;

const LIST: &str = r#"{"type":"list_users","#;
const NOT_REGISTERED: &str = r#"{"type":"error","content":"x","code":"not_registered"}"#;
const REGISTERED: &str = r#"{"type":"register_success","content":"x","userList":["ana"]}"#;

struct World {
    examination: Examination,
    journey: Journey,
    began: Instant,
    elapsed: Duration,
}

impl World {
    fn new(user: Option<&str>, idle: Option<u64>) -> Self {
        let began = Instant::now();
        let target = Target { host: "10.0.0.5".into(), port: 80 };
        let user = user.map(|name| UserName::parse(name).unwrap());
        let idle = idle.map(Duration::from_secs);
        let examination = Examination::new(target, user, idle, Budget::default(), began);
        let address = ([10, 0, 0, 5], 80).into();
        let attempt = Attempt { address, own: Some(address.ip()), outcome: Some(Outcome::Connected) };
        let journey = Journey {
            addresses: Some(Ok(vec![address])),
            attempts: vec![attempt],
            first_bytes: b"HTTP/1.1 101 x".to_vec(),
            handshake: Some(Ok(())),
            ..Journey::default()
        };
        Self { examination, journey, began, elapsed: Duration::ZERO }
    }

    fn now(&self) -> Instant {
        self.began + self.elapsed
    }

    fn link(&mut self, event: LinkEvent) -> Vec<String> {
        self.examination.on_link(vec![event], &self.journey, self.began + self.elapsed)
    }

    fn hears(&mut self, text: &str) -> Vec<String> {
        self.link(LinkEvent::Frame(text.to_owned()))
    }

    /// Goes on to the next deadline.
    fn waits(&mut self) -> Option<String> {
        let deadline = self.examination.deadline().expect("something is waited for");
        self.elapsed = deadline - self.began;
        self.examination.on_time(self.now())
    }

    #[track_caller]
    fn assert_verdict(&self, code: &str) {
        assert!(self.examination.is_done());
        assert_eq!(judge(self.examination.facts()).map(Code::as_str), Some(code));
    }
}

#[test]
fn the_protocol_is_proved_by_a_refusal_and_nobody_registers() {
    let mut world = World::new(None, None);
    let sent = world.link(LinkEvent::Up);
    assert!(matches!(&sent[..], [text] if text.starts_with(LIST)), "{sent:?}");
    assert_eq!(world.hears(NOT_REGISTERED), [""; 0]);
    world.assert_verdict("OK");
}

#[test]
fn a_user_registers_only_after_the_proof() {
    let mut world = World::new(Some("ana"), None);
    world.link(LinkEvent::Up);
    let sent = world.hears(NOT_REGISTERED);
    assert!(
        matches!(&sent[..], [text] if text.starts_with(r#"{"type":"register","sender":"ana""#)),
        "{sent:?}"
    );
    // A list that comes late is no answer to that.
    world.hears(r#"{"type":"list_users_response","content":[]}"#);
    assert!(!world.examination.is_done());
    world.hears(REGISTERED);
    assert!(world.examination.is_registered());
    world.assert_verdict("OK");
}

#[test]
fn each_question_has_its_time() {
    let mut world = World::new(Some("ana"), None);
    world.link(LinkEvent::Up);
    assert_eq!(world.waits(), None);
    assert_eq!(world.elapsed, STEP_TIME);
    world.assert_verdict("PROTOCOL-SILENT");
    let mut world = World::new(Some("ana"), None);
    world.link(LinkEvent::Up);
    world.elapsed = STEP_TIME / 2;
    world.hears(NOT_REGISTERED);
    world.waits();
    assert_eq!(world.elapsed, STEP_TIME / 2 + STEP_TIME);
    world.assert_verdict("PROTOCOL-SILENT");
}

#[test]
fn all_of_them_have_their_time_and_nothing_is_claimed_when_it_ends() {
    let mut world = World::new(None, None);
    world.elapsed = TOTAL_TIME - Duration::from_secs(1);
    world.link(LinkEvent::Up);
    world.waits();
    assert_eq!(world.elapsed, TOTAL_TIME);
    world.assert_verdict("TOO-SLOW");
}

#[test]
fn silence_is_not_counted_and_ends_with_a_question() {
    let mut world = World::new(Some("ana"), Some(3_600));
    world.link(LinkEvent::Up);
    world.hears(NOT_REGISTERED);
    world.hears(REGISTERED);
    assert!(!world.examination.is_done());
    // What others say breaks no silence of ours.
    world.elapsed = Duration::from_secs(100);
    world.hears(r#"{"type":"broadcast","sender":"bob","content":"hola"}"#);
    let asked = world.waits().expect("a question");
    assert!(asked.starts_with(LIST) && world.elapsed == Duration::from_secs(3_600), "{asked}");
    world.hears(r#"{"type":"broadcast","sender":"bob","content":"hola"}"#);
    assert!(!world.examination.is_done());
    world.hears(r#"{"type":"list_users_response","content":["ana"]}"#);
    world.assert_verdict("OK");
}

#[test]
fn a_connection_that_dies_in_silence_is_cut_whether_it_says_so_or_not() {
    for dies in [true, false] {
        let mut world = World::new(Some("ana"), Some(60));
        world.link(LinkEvent::Up);
        world.hears(NOT_REGISTERED);
        world.hears(REGISTERED);
        if dies {
            world.journey.ending = Some(crate::doctor::facts::Ending::Cut);
            world.link(LinkEvent::Down(LinkError::Lost));
        } else {
            world.waits();
            world.waits();
            assert_eq!(world.elapsed, Duration::from_secs(60) + STEP_TIME);
        }
        world.assert_verdict("IDLE-CUT");
    }
}

#[test]
fn so_many_texts_of_another_kind_and_no_more_are_borne_with() {
    let mut world = World::new(None, None);
    world.link(LinkEvent::Up);
    for _ in 1..STRANGE_FRAMES_MAX {
        world.hears("hello");
        assert!(!world.examination.is_done());
    }
    world.hears("hello");
    world.assert_verdict("PROTOCOL-OTHER");
    let mut world = World::new(None, None);
    world.link(LinkEvent::Up);
    world.hears("hello");
    world.waits();
    world.assert_verdict("PROTOCOL-OTHER");
}

#[test]
fn only_who_says_not_a_byte_is_greeted_in_tls_and_not_for_long() {
    let mut world = World::new(None, None);
    world.journey.first_bytes.clear();
    world.journey.handshake = Some(Err(crate::doctor::facts::NoHandshake::Closed));
    world.link(LinkEvent::Down(LinkError::Lost));
    world.assert_verdict("NET-CLOSED");
    let (address, until) = world.examination.wants_tls_greeting(world.now()).expect("it is wanted");
    assert_eq!((address.port(), until - world.now()), (80, TLS_TIME));
    world.examination.on_tls_answer(Some(false));
    world.assert_verdict("NET-CLOSED");
    world.examination.on_tls_answer(Some(true));
    world.assert_verdict("TLS-EXPECTED");
    world.journey.first_bytes = b"HTT".to_vec();
    world.link(LinkEvent::Down(LinkError::Lost));
    assert_eq!(world.examination.wants_tls_greeting(world.now()), None);
}

#[test]
fn an_interruption_decides_nothing() {
    let mut world = World::new(None, None);
    world.link(LinkEvent::Up);
    world.examination.interrupt();
    assert!(world.examination.is_done() && world.examination.deadline().is_none());
    assert_eq!(judge(world.examination.facts()), None);
}
