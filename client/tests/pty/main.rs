//! The real program on real terminals against the real server.

use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

mod person;
mod room;

use person::Person;
use room::Room;

#[test]
fn the_screen_shows_who_is_there_and_the_own_status() {
    let room = Room::open();
    let ana = Person::joins("ana", room.port());
    let screen = ana.screen();
    assert!(screen.alternate_screen() && screen.bracketed_paste() && !screen.hide_cursor());
    let contents = screen.contents();
    for part in ["[1 General]", "conectado", "Usuarios 1", "● ana*", "ana [ACTIVO]"] {
        assert!(contents.contains(part), "no {part} in\n{contents}");
    }
    assert_eq!(screen.cursor_position(), (23, 9), "the cursor stands behind the prompt in the last row");
}

#[test]
fn two_users_chat() {
    let room = Room::open();
    let mut ana = Person::joins("ana", room.port());
    let mut bob = Person::joins("bob", room.port());
    ana.sees("bob ha entrado");
    ana.says("hola, ¿qué tal?");
    bob.sees("ana hola, ¿qué tal?");
    bob.says("bien");
    ana.sees("bob bien");
    ana.sees_no("(enviando...)");
    bob.says("/salir");
    assert_eq!(bob.ends(), 0);
    ana.sees("bob ha salido");
    ana.sees("Usuarios 1");
}

#[test]
fn a_private_message_is_apart_from_the_general_chat() {
    let room = Room::open();
    let mut ana = Person::joins("ana", room.port());
    let mut bob = Person::joins("bob", room.port());
    let mut carla = Person::joins("carla", room.port());
    ana.says("@bob un secreto");
    ana.sees("privado para bob, Alt-2 para verlo");
    bob.sees("privado de ana, Alt-2 para leerlo");
    assert!(!bob.screen().contents().contains("un secreto"));
    bob.types("\x1b2");
    bob.sees("ana un secreto");
    bob.sees("@ana>");
    bob.says("recibido");
    ana.types("\x1b2");
    ana.sees("bob recibido");
    ana.says("/ver");
    ana.says("para todos");
    carla.sees("ana para todos");
    let seen = carla.screen().contents();
    assert!(!seen.contains("secreto") && !seen.contains("recibido"), "{seen}");
}

#[test]
fn a_status_change_is_seen_by_all() {
    let room = Room::open();
    let mut ana = Person::joins("ana", room.port());
    let mut bob = Person::joins("bob", room.port());
    ana.says("/estado ocupado");
    ana.sees("ana [OCUPADO]");
    bob.sees("ana está OCUPADO");
    bob.waits_for("ana's status at the side", |screen| {
        screen.contents().lines().any(|line| line.contains("● ana") && line.trim_end().ends_with("OCU"))
    });
    bob.says("/info ana");
    bob.sees("ana: IP 127.0.0.1, estado OCUPADO");
    bob.says("/usuarios");
    bob.sees("Usuarios (2): ana (OCUPADO), bob");
}

#[test]
fn inactivity_is_told_and_a_message_brings_the_status_back() {
    let room = Room::with_inactivity(Duration::from_millis(600));
    let mut ana = Person::joins("ana", room.port());
    ana.sees("ana [INACTIVO]");
    ana.sees("por inactividad");
    ana.says("aquí estoy");
    ana.sees("su estado vuelve a ser ACTIVO");
}

#[test]
fn a_name_in_use_is_refused_in_words_on_the_normal_screen() {
    let room = Room::open();
    let _ana = Person::joins("ana", room.port());
    let mut other = Person::starts(&["ANA", "127.0.0.1", &room.port().to_string()], &[]);
    assert_eq!(other.ends(), 4);
    other.sees("ya está en uso");
}

#[test]
fn a_port_where_nobody_answers_is_told_in_words() {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap();
    let mut ana = Person::starts(&["ana", "127.0.0.1", &free.port().to_string()], &[]);
    assert_eq!(ana.ends(), 3);
    ana.sees("conexión rechazada");
}

#[test]
fn a_wrong_command_line_is_told_in_words() {
    let mut ana = Person::starts(&["ana maría", "127.0.0.1", "8080"], &[]);
    assert_eq!(ana.ends(), 2);
    ana.sees("no vale para <USUARIO>");
}

#[test]
fn interrupting_twice_leaves_and_once_does_not() {
    let room = Room::open();
    let mut ana = Person::joins("ana", room.port());
    ana.types("a medias\x03");
    ana.sees_no("a medias");
    ana.types("\x03");
    ana.sees("otra vez Ctrl-C para salir");
    ana.types("\x03");
    assert_eq!(ana.ends(), 0);
}

#[test]
fn signals_that_end_the_program_give_the_terminal_back() {
    let room = Room::open();
    for (name, signal) in [("ana", Signal::TERM), ("bob", Signal::HUP), ("carla", Signal::INT)] {
        let mut person = Person::joins(name, room.port());
        person.signals(signal);
        assert_eq!(person.ends(), 0, "{signal:?}");
    }
}

#[cfg(debug_assertions)]
#[test]
fn a_panic_gives_the_terminal_back_before_its_message() {
    let room = Room::open();
    let port = room.port().to_string();
    let mut ana = Person::starts(&["ana", "127.0.0.1", &port], &[("CHAT_TEST_PANIC", "1")]);
    assert_eq!(ana.ends(), 101);
    ana.sees("the panic that CHAT_TEST_PANIC asks for");
}

#[test]
fn suspended_and_continued_the_chat_is_there_again() {
    let room = Room::open();
    let mut ana = Person::joins("ana", room.port());
    ana.types("a medias\x1a");
    ana.is_stopped();
    ana.terminal_is_as_before();
    ana.signals(Signal::CONT);
    ana.waits_for("the chat", |screen| {
        screen.alternate_screen() && screen.contents().contains("General> a medias")
    });
}

#[test]
fn a_paste_is_text_until_enter_is_pressed() {
    let room = Room::open();
    let mut ana = Person::joins("ana", room.port());
    ana.types("\x1b[200~/salir\rdos\x1b[201~");
    ana.sees("General> /salir⏎dos");
    ana.types("\x01hola ");
    ana.sees("General> hola /salir⏎dos");
}

#[test]
fn any_window_size_will_do() {
    let room = Room::open();
    let mut ana = Person::joins("ana", room.port());
    ana.resizes(40, 12);
    ana.sees_no("Usuarios");
    ana.sees("General>");
    for (columns, rows) in [(1, 1), (3, 2), (200, 60), (9, 3)] {
        ana.resizes(columns, rows);
    }
    ana.resizes(80, 24);
    ana.sees("Usuarios 1");
    ana.says("sigo aquí");
    ana.sees("ana sigo aquí");
}

#[test]
fn a_server_that_goes_and_comes_back_is_found_again() {
    let room = Room::open();
    let mut ana = Person::joins("ana", room.port());
    ana.types("a medias");
    ana.sees("General> a medias");
    let port = room.close();
    ana.sees("sin conexión, reintento en");
    ana.types("\r");
    ana.sees("no se envió, el texto sigue aquí");
    let _room = Room::reopened(port);
    ana.sees("conectado de nuevo como ana");
    ana.types("\r");
    ana.sees("ana a medias");
}

#[test]
fn lines_in_a_pipe_are_sent_and_answered_without_an_escape_byte() {
    let room = Room::open();
    let mut bob = Person::joins("bob", room.port());
    let (code, out, err) = piped(&room, "hola\n@bob en privado\n/estado ocupado\n");
    assert_eq!((code, &*err), (Some(0), ""));
    for line in ["ana: hola", "privado para bob: en privado", "-- su estado es OCUPADO"] {
        assert!(out.contains(line), "no {line} in\n{out}");
    }
    assert!(!out.contains('\x1b'));
    bob.sees("ana hola");
    bob.sees("privado de ana");
    bob.sees("ana ha salido");
}

#[test]
fn a_refused_line_in_a_pipe_is_told_on_stderr_and_in_the_exit_status() {
    let room = Room::open();
    let (code, out, err) = piped(&room, "hola\n@zoe hola\n");
    assert_eq!(code, Some(5));
    assert!(out.contains("ana: hola") && err.contains("rechazado: «hola»"), "{out}{err}");
}

/// Runs the program as ana with this input: exit status, standard output, standard error.
fn piped(room: &Room, input: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_chat-client"))
        .args(["ana", "127.0.0.1", &room.port().to_string()])
        .env("LC_ALL", "es_GT.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).expect("the program reads");
    drop(stdin);
    let output = child.wait_with_output().expect("the program ends");
    let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}
