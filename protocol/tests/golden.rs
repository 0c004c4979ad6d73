//! One golden file per message of the wire. A changed file is a changed protocol and needs a changelog line.
//! `UPDATE_GOLDEN=1 cargo test -p chat-protocol` writes them anew.

#![allow(clippy::unwrap_used, reason = "a golden file that cannot be read fails the test")]

use std::fs;
use std::path::Path;

use chat_protocol::{
    ClientMessage, ErrorCode, ErrorReport, MessageText, REGISTER_SUCCESS_CONTENT, Received, SERVER_SENDER,
    ServerMessage, Status, StatusReason, Timestamp, UserInfo, UserList, UserName, UserStatus,
};

const MOMENT: i64 = 1_795_187_535_123;

#[track_caller]
fn assert_golden(file: &str, json: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, format!("{json}\n")).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(golden.trim_end(), json, "{file}");
}

fn client_messages() -> [ClientMessage; 7] {
    let target = UserName::parse("José").unwrap();
    let text = MessageText::parse("¿vienes?\n\t\"sí\" \\ 🙂", 100).unwrap();
    [
        ClientMessage::Register { name: UserName::parse("ana").unwrap() },
        ClientMessage::Broadcast { text: text.clone() },
        ClientMessage::Private { target: target.clone(), text },
        ClientMessage::ListUsers,
        ClientMessage::UserInfo { target },
        ClientMessage::ChangeStatus { status: Status::Ocupado },
        ClientMessage::Disconnect,
    ]
}

#[test]
fn client_messages_are_written_and_read_as_the_golden_files_say() {
    let ana = UserName::parse("ana").unwrap();
    for message in client_messages() {
        let json = message.encode(&ana, Timestamp::from_unix_millis(MOMENT));
        assert_golden(&format!("client_{}.json", message.kind().as_str()), &json);
        let received = Received::decode(&json, 100).unwrap();
        assert_eq!(received.message, Ok(message));
    }
}

fn server_messages() -> Vec<(&'static str, ServerMessage<'static>)> {
    let timestamp = Some(Timestamp::from_unix_millis(MOMENT));
    let server = || SERVER_SENDER.into();
    vec![
        (
            "register_success",
            ServerMessage::RegisterSuccess {
                sender: server(),
                content: REGISTER_SUCCESS_CONTENT.into(),
                user_list: UserList(vec!["José".into(), "ana".into()]),
                timestamp,
            },
        ),
        (
            "broadcast",
            ServerMessage::Broadcast { sender: "ana".into(), content: "hola \"a\"\ntodos".into(), timestamp },
        ),
        (
            "private",
            ServerMessage::Private {
                sender: "ana".into(),
                target: "José".into(),
                content: "¿vienes?".into(),
                timestamp,
            },
        ),
        (
            "list_users_response",
            ServerMessage::ListUsersResponse {
                sender: server(),
                content: UserList(vec!["José".into(), "ana".into()]),
                timestamp,
            },
        ),
        (
            "user_info_response",
            ServerMessage::UserInfoResponse {
                sender: server(),
                target: "José".into(),
                content: UserInfo { ip: "10.0.0.7".into(), status: Status::Inactivo },
                timestamp,
            },
        ),
        (
            "status_update",
            ServerMessage::StatusUpdate {
                sender: server(),
                content: UserStatus { user: "ana".into(), status: Status::Activo },
                reason: Some(StatusReason::Joined),
                timestamp,
            },
        ),
        (
            "user_disconnected",
            ServerMessage::UserDisconnected {
                sender: server(),
                content: "ana ha salido".into(),
                user: Some("ana".into()),
                timestamp,
            },
        ),
        (
            "error",
            ServerMessage::Error(ErrorReport {
                sender: server(),
                content: "nadie8 no está conectado; el mensaje no se envió".into(),
                code: Some(ErrorCode::UserNotFound),
                request: Some("private".into()),
                target: Some("nadie8".into()),
                timestamp,
            }),
        ),
    ]
}

#[test]
fn server_messages_are_written_and_read_as_the_golden_files_say() {
    for (kind, message) in server_messages() {
        let json = message.encode();
        assert_golden(&format!("server_{kind}.json"), &json);
        assert_eq!(ServerMessage::decode(&json).unwrap(), message);
    }
}

#[test]
fn a_list_that_is_kept_encoded_makes_the_same_message() {
    let timestamp = Some(Timestamp::from_unix_millis(MOMENT));
    let (sender, content) = (SERVER_SENDER.into(), UserList::default());
    let response = ServerMessage::ListUsersResponse { sender, content, timestamp };
    let success = ServerMessage::RegisterSuccess {
        sender: SERVER_SENDER.into(),
        content: REGISTER_SUCCESS_CONTENT.into(),
        user_list: UserList::default(),
        timestamp,
    };
    for (kind, message) in [("list_users_response", response), ("register_success", success)] {
        let mut json = b"before".to_vec();
        message
            .encode_with_list_into(&mut json, |json| json.extend_from_slice(r#"["José","ana"]"#.as_bytes()));
        assert_golden(&format!("server_{kind}.json"), std::str::from_utf8(&json[6..]).unwrap());
    }
}
