//! The chat core with a fake clock: what each peer is told, as the messages it would decode.

use chat_protocol::{ErrorCode, Lang, Received, ServerMessage, StatusReason};
use serde_json::{Value, json};

use super::*;

mod slow;

/// A chat and its clock. Peers read what they are told as soon as it is said, unless they stop.
struct World {
    chat: Chat,
    now: Moment,
    closed: Vec<(PeerId, u16)>,
    timers: std::collections::BTreeMap<PeerId, Duration>,
}

impl World {
    fn new(settings: Settings) -> Self {
        let now = Moment { monotonic: Duration::from_secs(1_000), unix_millis: 1_795_187_535_123 };
        Self { chat: Chat::new(settings), now, closed: Vec::new(), timers: Default::default() }
    }

    /// A chat with these users, numbered from 0, who have read everything.
    fn with_users(names: &[&str]) -> Self {
        let mut world = Self::new(Settings::default());
        for (number, name) in names.iter().enumerate() {
            world.join(number as u32, name);
        }
        for number in 0..names.len() {
            world.read(number as u32);
        }
        world
    }

    fn handle(&mut self, input: Input<'_>) {
        self.chat.handle(input, self.now);
        while let Some(output) = self.chat.poll_output() {
            match output {
                Output::Close { peer, code, .. } => self.closed.push((peer, code)),
                Output::SetTimer { peer, at: Some(at) } => drop(self.timers.insert(peer, at)),
                Output::SetTimer { peer, at: None } => drop(self.timers.remove(&peer)),
                Output::Wake { .. }
                | Output::Refused { .. }
                | Output::WakeAll { .. }
                | Output::Joined { .. }
                | Output::Left { .. } => {}
            }
        }
    }

    fn open(&mut self, peer: u32, address: &str) {
        let origin = Origin::new(address.parse().unwrap(), false);
        self.handle(Input::Opened { peer: PeerId(peer), origin });
    }

    fn send(&mut self, peer: u32, message: Value) {
        self.send_text(peer, &message.to_string());
    }

    fn send_text(&mut self, peer: u32, text: &str) {
        let message = Received::decode(text, self.chat.settings.content_bytes_max);
        self.handle(Input::Received { peer: PeerId(peer), message });
    }

    fn join(&mut self, peer: u32, name: &str) {
        self.open(peer, "127.0.0.1");
        self.send(peer, json!({"type": "register", "sender": name, "content": null}));
    }

    fn say(&mut self, peer: u32, name: &str, text: &str) {
        self.send(peer, json!({"type": "broadcast", "sender": name, "content": text}));
    }

    fn close(&mut self, peer: u32) {
        self.handle(Input::Closed { peer: PeerId(peer) });
    }

    /// Lets time pass, firing timers on the way in their order.
    fn pass(&mut self, time: Duration) {
        let end = self.now.monotonic + time;
        while let Some((peer, at)) =
            self.timers.iter().min_by_key(|(_, at)| **at).map(|(peer, at)| (*peer, *at))
        {
            if at > end {
                break;
            }
            self.timers.remove(&peer);
            self.now.monotonic = self.now.monotonic.max(at);
            self.handle(Input::TimerFired { peer });
        }
        self.now.monotonic = end;
    }

    /// Everything that waits for a peer.
    fn read(&mut self, peer: u32) -> Vec<Value> {
        let mut bytes = Vec::new();
        while let Some(post) = self.chat.next_post(PeerId(peer)) {
            bytes.extend_from_slice(&post.frames);
        }
        let mut rest = &bytes[..];
        let mut messages = Vec::new();
        while !rest.is_empty() {
            let (header, length) = match rest[1] {
                126 => (4, usize::from(u16::from_be_bytes([rest[2], rest[3]]))),
                127 => (10, u64::from_be_bytes(rest[2..10].try_into().unwrap()) as usize),
                short => (2, usize::from(short)),
            };
            let text = std::str::from_utf8(&rest[header..header + length]).unwrap();
            ServerMessage::decode(text).unwrap();
            messages.push(serde_json::from_str(text).unwrap());
            rest = &rest[header + length..];
        }
        messages
    }

    /// The same, each in a few words.
    fn heard(&mut self, peer: u32) -> Vec<String> {
        self.read(peer).iter().map(in_short).collect()
    }
}

fn in_short(message: &Value) -> String {
    let text = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
    match text("type").as_str() {
        "broadcast" => format!("{}: {}", text("sender"), text("content")),
        "private" => format!("{} -> {}: {}", text("sender"), text("target"), text("content")),
        "status_update" => format!(
            "{} {} {}",
            message["content"]["user"].as_str().unwrap(),
            message["content"]["status"].as_str().unwrap(),
            text("reason")
        ),
        "user_disconnected" => text("content"),
        "error" => format!("error {}", text("code")),
        "user_info_response" => format!("{} {}", text("target"), message["content"]),
        "list_users_response" => format!("list {}", message["content"]),
        "register_success" => format!("welcome {}", message["userList"]),
        other => panic!("{other}: {message}"),
    }
}

fn code(code: ErrorCode) -> String {
    format!("error {code}")
}

#[test]
fn a_newcomer_is_welcomed_with_all_names_and_announced_to_the_others() {
    let mut world = World::with_users(&["ana"]);
    world.join(1, "beto");
    assert_eq!(world.heard(0), ["beto ACTIVO joined"]);
    assert_eq!(world.heard(1), [r#"welcome ["ana","beto"]"#]);
}

#[test]
fn a_newcomer_is_told_of_each_status_that_is_not_activo() {
    let mut world = World::with_users(&["ana", "beto", "carla"]);
    world.send(1, json!({"type": "change_status", "sender": "beto", "content": "OCUPADO"}));
    world.send(2, json!({"type": "change_status", "sender": "carla", "content": "INACTIVO"}));
    world.join(3, "dora");
    assert_eq!(
        world.heard(3),
        [r#"welcome ["ana","beto","carla","dora"]"#, "beto OCUPADO requested", "carla INACTIVO requested"]
    );
}

#[test]
fn a_broadcast_reaches_all_with_the_server_clock_and_the_registered_spelling() {
    let mut world = World::with_users(&["Ana", "beto"]);
    world.send(0, json!({"type": "broadcast", "sender": "aNA", "content": "hola", "timestamp": "ayer"}));
    let expected = json!({"type": "broadcast", "sender": "Ana", "content": "hola", "timestamp": "2026-11-20T15:12:15.123Z"});
    let expected = [expected];
    assert_eq!(world.read(0), expected);
    assert_eq!(world.read(1), expected);
}

#[test]
fn a_private_message_reaches_its_target_and_comes_back_and_nobody_else_sees_it() {
    let mut world = World::with_users(&["ana", "Beto", "carla"]);
    world.send(0, json!({"type": "private", "sender": "ana", "target": "BETO", "content": "hola"}));
    assert_eq!(world.heard(0), ["ana -> Beto: hola"]);
    assert_eq!(world.heard(1), ["ana -> Beto: hola"]);
    assert_eq!(world.heard(2), [""; 0]);
    world.send(0, json!({"type": "private", "sender": "ana", "target": "ana", "content": "yo"}));
    assert_eq!(world.heard(0), ["ana -> ana: yo"]);
}

#[test]
fn answers_come_in_the_order_of_the_requests_among_the_general_chat() {
    let mut world = World::with_users(&["ana", "beto"]);
    world.say(0, "ana", "1");
    world.send(0, json!({"type": "list_users", "sender": "ana"}));
    world.say(1, "beto", "2");
    world.send(0, json!({"type": "user_info", "sender": "ana", "target": "beto"}));
    world.say(0, "ana", " ");
    world.say(0, "ana", "3");
    assert_eq!(
        world.heard(0),
        [
            "ana: 1",
            r#"list ["ana","beto"]"#,
            "beto: 2",
            r#"beto {"ip":"127.0.0.1","status":"ACTIVO"}"#,
            "error content_invalid",
            "ana: 3"
        ]
    );
}

#[test]
fn before_registration_everything_but_register_is_refused_and_a_refused_name_may_be_tried_again() {
    let mut world = World::with_users(&["ana"]);
    world.open(1, "127.0.0.1");
    for kind in ["broadcast", "private", "list_users", "user_info", "change_status", "disconnect"] {
        world.send(1, json!({"type": kind, "sender": "beto", "target": "ana", "content": "x"}));
        assert_eq!(world.heard(1), [code(ErrorCode::NotRegistered)], "{kind}");
    }
    for (name, refused) in [
        ("ANA", ErrorCode::NameTaken),
        ("a b", ErrorCode::NameInvalid),
        ("", ErrorCode::NameInvalid),
        ("servidor", ErrorCode::NameReserved),
    ] {
        world.send(1, json!({"type": "register", "sender": name}));
        assert_eq!(world.heard(1), [code(refused)], "{name}");
    }
    world.send(1, json!({"type": "register", "sender": "beto"}));
    assert_eq!(world.heard(1), [r#"welcome ["ana","beto"]"#]);
    world.send(1, json!({"type": "register", "sender": "otro"}));
    assert_eq!(world.heard(1), [code(ErrorCode::AlreadyRegistered)]);
    assert_eq!(world.heard(0), ["beto ACTIVO joined"]);
}

#[test]
fn nobody_speaks_for_another() {
    let mut world = World::with_users(&["ana", "beto"]);
    for sender in [json!("beto"), json!("server"), json!(""), json!(null), json!(7), json!(["ana"])] {
        world.send(0, json!({"type": "broadcast", "sender": sender, "content": "x"}));
        assert_eq!(world.heard(0), [code(ErrorCode::SenderMismatch)], "{sender}");
    }
    world.send(0, json!({"type": "disconnect", "sender": "beto"}));
    world.send(0, json!({"type": "broadcast", "content": "x"}));
    assert_eq!(world.heard(0), [code(ErrorCode::SenderMismatch), code(ErrorCode::SenderMismatch)]);
    assert_eq!(world.heard(1), [""; 0]);
}

#[test]
fn an_error_names_the_type_the_target_and_the_user_it_is_about() {
    let mut world = World::with_users(&["ana"]);
    world.send(0, json!({"type": "private", "sender": "ana", "target": "nadie8", "content": "x"}));
    let expected = json!({
        "type": "error",
        "sender": "server",
        "content": "nadie8 no está conectado; el mensaje no se envió",
        "code": "user_not_found",
        "request": "private",
        "target": "nadie8",
        "timestamp": "2026-11-20T15:12:15.123Z"
    });
    assert_eq!(world.read(0), [expected]);
}

#[test]
fn each_bad_request_gets_exactly_one_error_and_nobody_else_hears_of_it() {
    let mut world = World::with_users(&["ana", "beto"]);
    let long = "x".repeat(4_097);
    let cases = [
        ("{".to_owned(), ErrorCode::BadJson),
        ("[]".to_owned(), ErrorCode::BadMessage),
        (json!({"type": "error", "sender": "ana"}).to_string(), ErrorCode::UnknownType),
        (json!({"type": "broadcast", "sender": "ana", "content": 7}).to_string(), ErrorCode::ContentInvalid),
        (
            json!({"type": "broadcast", "sender": "ana", "content": "\u{1b}"}).to_string(),
            ErrorCode::ContentInvalid,
        ),
        (
            json!({"type": "broadcast", "sender": "ana", "content": long}).to_string(),
            ErrorCode::ContentTooLong,
        ),
        (json!({"type": "private", "sender": "ana", "content": "x"}).to_string(), ErrorCode::BadMessage),
        (json!({"type": "user_info", "sender": "ana", "target": "a b"}).to_string(), ErrorCode::UserNotFound),
        (
            json!({"type": "change_status", "sender": "ana", "content": "DORMIDO"}).to_string(),
            ErrorCode::StatusInvalid,
        ),
    ];
    for (text, expected) in cases {
        world.send_text(0, &text);
        assert_eq!(world.heard(0), [code(expected)], "{text}");
    }
    assert_eq!(world.heard(1), [""; 0]);
}

#[test]
fn a_user_falls_idle_after_the_limit_and_its_next_message_wakes_it_first() {
    let mut world = World::with_users(&["ana", "beto"]);
    world.send(0, json!({"type": "change_status", "sender": "ana", "content": "OCUPADO"}));
    world.heard(0);
    world.pass(Duration::from_secs(59));
    world.say(1, "beto", "yo no");
    world.heard(0);
    world.heard(1);
    world.pass(Duration::from_secs(2));
    assert_eq!(world.heard(1), ["ana INACTIVO idle"]);
    world.pass(Duration::from_secs(1_000));
    world.heard(1);
    world.say(0, "ana", "volví");
    assert_eq!(world.heard(1), ["ana OCUPADO active", "ana: volví"]);
    world.pass(Duration::from_secs(60));
    assert_eq!(world.heard(1), ["ana INACTIVO idle"]);
}

#[test]
fn what_is_not_activity_does_not_put_idleness_off() {
    let mut world = World::with_users(&["ana"]);
    for _ in 0..6 {
        world.pass(Duration::from_secs(10));
        world.send(0, json!({"type": "list_users", "sender": "ana"}));
        world.send(0, json!({"type": "user_info", "sender": "ana", "target": "nadie"}));
        world.say(0, "ana", " ");
    }
    assert!(world.heard(0).contains(&"ana INACTIVO idle".to_owned()));
    world.send(0, json!({"type": "list_users", "sender": "ana"}));
    assert_eq!(world.heard(0), [r#"list ["ana"]"#]);
}

#[test]
fn each_kind_of_activity_puts_idleness_off() {
    for request in [
        json!({"type": "broadcast", "sender": "ana", "content": "x"}),
        json!({"type": "private", "sender": "ana", "target": "ana", "content": "x"}),
        json!({"type": "user_info", "sender": "ana", "target": "ana"}),
        json!({"type": "change_status", "sender": "ana", "content": "ACTIVO"}),
    ] {
        let mut world = World::with_users(&["ana"]);
        world.pass(Duration::from_secs(40));
        world.send(0, request.clone());
        world.heard(0);
        world.pass(Duration::from_secs(40));
        assert_eq!(world.heard(0), [""; 0], "{request}");
        world.pass(Duration::from_secs(20));
        assert_eq!(world.heard(0), ["ana INACTIVO idle"], "{request}");
    }
}

#[test]
fn a_request_for_a_status_while_idle_gives_one_update_to_the_new_status() {
    let mut world = World::with_users(&["ana", "beto"]);
    world.pass(Duration::from_secs(60));
    world.heard(1);
    world.send(0, json!({"type": "change_status", "sender": "ana", "content": "OCUPADO"}));
    assert_eq!(world.heard(1), ["ana OCUPADO requested"]);
}

#[test]
fn a_chosen_inactivo_stays_through_activity_and_ends_by_request_with_a_new_idle_limit() {
    let mut world = World::with_users(&["ana"]);
    world.send(0, json!({"type": "change_status", "sender": "ana", "content": "INACTIVO"}));
    world.pass(Duration::from_secs(500));
    world.say(0, "ana", "aquí sigo");
    assert_eq!(world.heard(0), ["ana INACTIVO requested", "ana: aquí sigo"]);
    world.send(0, json!({"type": "change_status", "sender": "ana", "content": "ACTIVO"}));
    world.pass(Duration::from_secs(59));
    assert_eq!(world.heard(0), ["ana ACTIVO requested"]);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.heard(0), ["ana INACTIVO idle"]);
}

#[test]
fn without_an_inactivity_limit_nobody_falls_idle() {
    let mut world = World::new(Settings { inactivity: None, ..Settings::default() });
    world.join(0, "ana");
    world.heard(0);
    world.pass(Duration::from_secs(1_000_000));
    assert_eq!(world.heard(0), [""; 0]);
}

#[test]
fn whoever_does_not_register_in_time_is_told_and_closed() {
    let mut world = World::new(Settings::default());
    world.open(0, "127.0.0.1");
    world.pass(Duration::from_secs(29));
    world.send(0, json!({"type": "register", "sender": "server"}));
    world.heard(0);
    assert_eq!(world.closed, []);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.heard(0), [code(ErrorCode::NotRegistered)]);
    assert_eq!(world.closed, [(PeerId(0), 1008)]);
}

#[test]
fn disconnect_frees_the_name_at_once_and_lets_the_leaver_read_what_was_said_before() {
    let mut world = World::with_users(&["ana", "beto"]);
    world.say(1, "beto", "1");
    world.send(0, json!({"type": "disconnect", "sender": "ana", "content": "Cierre de sesión"}));
    assert_eq!(world.closed, [(PeerId(0), 1000)]);
    world.say(1, "beto", "2");
    world.say(0, "ana", "nadie me oye");
    world.join(2, "ANA");
    assert_eq!(world.heard(0), ["beto: 1"]);
    assert_eq!(world.heard(1), ["beto: 1", "ana ha salido", "beto: 2", "ANA ACTIVO joined"]);
    world.close(0);
    assert_eq!(world.heard(1), [""; 0]);
}

#[test]
fn a_lost_connection_is_told_once_and_one_that_never_registered_not_at_all() {
    let mut world = World::with_users(&["ana", "beto"]);
    world.open(2, "127.0.0.1");
    world.close(2);
    world.close(1);
    let left = world.read(0);
    assert_eq!(left.len(), 1);
    assert_eq!((&left[0]["content"], &left[0]["user"]), (&json!("beto ha salido"), &json!("beto")));
}

#[test]
fn a_binary_message_closes_with_1003() {
    let mut world = World::with_users(&["ana"]);
    world.handle(Input::ReceivedBinary { peer: PeerId(0) });
    assert_eq!(world.closed, [(PeerId(0), 1003)]);
    assert_eq!(world.chat.users(), 0);
}

#[test]
fn each_message_over_the_rate_gets_an_error_and_a_flood_of_ten_seconds_is_closed() {
    let mut world = World::with_users(&["ana", "beto"]);
    for _ in 0..100 {
        world.say(0, "ana", "x");
    }
    let heard = world.heard(0);
    let refused = heard.iter().filter(|message| **message == code(ErrorCode::RateLimited)).count();
    // One of the burst went to `register`.
    assert_eq!((heard.len(), refused), (100, 41));
    assert_eq!(world.heard(1).len(), 59);

    let flood = |world: &mut World, seconds: u64| {
        for _ in 0..seconds * 10 {
            world.now.monotonic += Duration::from_millis(100);
            (0..10).for_each(|_| world.say(0, "ana", "x"));
            world.heard(0);
            world.heard(1);
        }
    };
    flood(&mut world, 8);
    world.now.monotonic += FLOOD_FORGIVEN_AFTER + Duration::from_secs(3);
    flood(&mut world, 8);
    assert_eq!(world.closed, [], "a pause is forgiven");
    flood(&mut world, 9);
    assert_eq!(world.closed, [(PeerId(0), 1008)]);
}

#[test]
fn a_stopping_server_announces_nobody() {
    let mut world = World::with_users(&["ana", "beto"]);
    world.handle(Input::ShuttingDown);
    world.close(1);
    assert_eq!(world.heard(0), [""; 0]);
    assert_eq!(world.chat.users(), 1);
}

#[test]
fn the_reasons_of_updates_are_those_of_the_protocol() {
    for (reason, word) in [
        (StatusReason::Joined, "joined"),
        (StatusReason::Requested, "requested"),
        (StatusReason::Idle, "idle"),
        (StatusReason::Active, "active"),
    ] {
        assert_eq!(serde_json::to_value(reason).unwrap(), json!(word));
    }
}

#[test]
fn what_nobody_gets_is_no_delivery_and_is_counted_apart() {
    let mut world = World::with_users(&["ana", "beto", "carla"]);
    let counts = |world: &World| (world.chat.deliveries(), world.chat.discarded());
    let before = counts(&world);
    let expect = |world: &World, delivered, discarded| {
        assert_eq!(counts(world), (before.0 + delivered, before.1 + discarded));
    };
    world.say(0, "ana", "uno");
    world.send(0, json!({"type": "private", "sender": "ana", "target": "carla", "content": "solo a ti"}));
    assert_eq!(world.heard(1), ["ana: uno"]);
    expect(&world, 1, 0);
    // Carla's connection can give her nothing more, though it is not over yet.
    world.chat.discard(PeerId(2));
    expect(&world, 1, 2);
    world.chat.discard(PeerId(2));
    world.chat.discard(PeerId(9));
    expect(&world, 1, 2);
    assert_eq!(world.heard(2), [] as [&str; 0]);
    // What still waits for one whose connection is over goes with it.
    world.say(0, "ana", "dos");
    world.close(1);
    expect(&world, 1, 3);
    world.close(2);
    expect(&world, 1, 4 + 1);
    let heard = world.heard(0).len() as u64;
    expect(&world, 1 + heard, 4 + 1);
}

#[test]
fn errors_are_in_the_language_that_was_set() {
    let mut world = World::new(Settings { lang: Lang::English, ..Settings::default() });
    world.join(0, "ana");
    world.heard(0);
    world.send(0, json!({"type": "private", "sender": "ana", "target": "nadie", "content": "x"}));
    assert_eq!(world.read(0)[0]["content"], "nadie is not connected; the message was not sent");
}
