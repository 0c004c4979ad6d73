//! The real program on real terminals against the real server.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};
use rustix::process::Signal;

mod config;
mod hostile;
mod person;
mod pipes;
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
    a_millisecond_passes();
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
    // Who comes later is told how things stand, not that it happens.
    let mut carla = Person::joins("carla", room.port());
    carla.waits_for("ana's status at the side", |screen| screen.contents().contains("OCU"));
    assert!(!carla.screen().contents().contains("ana está OCUPADO"));
}

/// What happens in the millisecond of somebody's registration has its time stamp, and is no news to them.
fn a_millisecond_passes() {
    let millis = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    let began = millis();
    while millis() == began {
        std::thread::yield_now();
    }
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
    other.sees("chat-client: NAME-IN-USE: el nombre ANA ya está en uso");
    other.sees("falló en registro");
    other.sees("chat-client --explain NAME-IN-USE");
}

#[test]
fn a_port_where_nobody_answers_is_told_in_words() {
    // Bound and kept, but not listened on: nobody else gets the port meanwhile.
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = SocketAddrV4::try_from(getsockname(&socket).unwrap()).unwrap().port();
    let mut ana = Person::starts(&["ana", "127.0.0.1", &port.to_string()], &[]);
    assert_eq!(ana.ends(), 3);
    ana.sees("conexión rechazada");
}

#[test]
fn a_server_that_is_full_or_breaks_off_is_not_told_as_another_program() {
    let cases = [
        ("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "está lleno"),
        ("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n", "demasiadas conexiones o intentos"),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "se cortó la conexión"),
        ("", "se cortó la conexión"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "no es un servidor de este chat"),
    ];
    for (answer, words) in cases {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        // Whoever says no byte is examined at once, on connections of its own.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                // All of the request is read, or closing would reset the connection.
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                    request.extend(byte);
                }
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        let mut ana = Person::starts(&["ana", "127.0.0.1", &port.to_string()], &[]);
        assert_eq!(ana.ends(), 3);
        ana.sees(words);
    }
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
    ana.types("a medias");
    ana.sees("General> a medias");
    ana.types("\x03");
    ana.sees_no("a medias");
    ana.types("\x03");
    ana.sees("otra vez Ctrl-C para salir");
    ana.types("\x03");
    assert_eq!(ana.ends(), 0);
}

#[test]
fn signals_that_end_the_program_give_the_terminal_back() {
    let room = Room::open();
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let mut person = Person::joins("ana", room.port());
        person.signals(signal);
        assert_eq!(person.ends(), 0, "{signal:?}");
    }
}

#[test]
fn signals_without_a_meaning_change_nothing() {
    let room = Room::open();
    let mut ana = Person::joins("ana", room.port());
    for signal in [Signal::USR1, Signal::USR2, Signal::ALARM] {
        ana.signals(signal);
    }
    ana.says("sigo aquí");
    ana.sees("ana sigo aquí");
}

#[test]
fn a_storm_of_signals_loses_neither_keys_nor_messages() {
    let room = Room::open();
    let mut ana = Person::joins("ana", room.port());
    let mut bob = Person::joins("bob", room.port());
    ana.sees("bob ha entrado");
    let text: String = (0..60).map(|number| char::from(b'a' + number % 26)).collect();
    for (number, letter) in text.chars().enumerate() {
        for signal in [Signal::USR1, Signal::WINCH, Signal::ALARM, Signal::CONT] {
            ana.signals(signal);
        }
        ana.types(&letter.to_string());
        if number % 3 == 0 {
            bob.says(&format!("número {number}"));
        }
    }
    ana.sees(&format!("General> {text}"));
    ana.sees("bob número 57");
    ana.types("\r");
    bob.sees(&format!("ana {}", &text[..40]));
}

#[test]
fn a_terminal_that_takes_nothing_does_not_keep_the_program_from_ending() {
    let room = Room::open();
    let mut ana = Person::joins("ana", room.port());
    ana.gets_stuck(true);
    ana.resizes_until_nothing_fits();
    ana.signals(Signal::TERM);
    assert_eq!(ana.ends_unseen(), 0);
}

#[test]
fn a_terminal_that_takes_again_shows_the_newest() {
    let room = Room::open();
    let mut ana = Person::joins("ana", room.port());
    let mut bob = Person::joins("bob", room.port());
    ana.sees("bob ha entrado");
    ana.gets_stuck(true);
    ana.resizes_until_nothing_fits();
    bob.says("¿sigues ahí?");
    bob.sees_no("(enviando...)");
    ana.gets_stuck(false);
    ana.sees("bob ¿sigues ahí?");
}

#[test]
fn a_paste_without_its_end_does_not_swallow_the_keys() {
    let room = Room::open();
    let mut ana = Person::joins("ana", room.port());
    ana.types("\x1b[200~medio");
    ana.sees("General> medio");
    ana.types("día");
    ana.sees("General> mediodía");
}

#[cfg(debug_assertions)]
#[test]
fn a_panic_gives_the_terminal_back_before_its_message() {
    let room = Room::open();
    let port = room.port().to_string();
    let mut ana =
        Person::starts(&["ana", "127.0.0.1", &port], &[("CHAT_TEST_PANIC", "1"), ("RUST_BACKTRACE", "0")]);
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
fn suspending_stops_the_script_too() {
    let room = Room::open();
    let mut ana = Person::joins_from_a_script("ana", room.port());
    ana.types("\x1a");
    ana.is_stopped();
    ana.terminal_is_as_before();
    ana.signals_group(Signal::CONT);
    ana.waits_for("the chat", |screen| screen.alternate_screen() && screen.contents().contains("General>"));
    ana.says("/salir");
    assert_eq!(ana.ends(), 0);
}

#[test]
fn a_paste_of_several_lines_is_asked_about_and_runs_no_command() {
    let room = Room::open();
    let mut ana = Person::joins("ana", room.port());
    ana.types("\x1b[200~/salir\rdos\r\x1b[201~");
    ana.sees("General> Pegar 2 líneas: Enter una sola / Alt-Enter por separado / Esc");
    ana.types("\r");
    ana.sees("General> //salir⏎dos");
    ana.types("\r");
    ana.sees("ana /salir");
    ana.types("\x1b[200~/salir\rtres\x1b[201~");
    ana.sees("Pegar 2 líneas");
    ana.types("\x1b\r");
    ana.sees("ana tres");
    ana.types("\x1b[200~cuatro\rcinco\x1b[201~");
    ana.sees("Pegar 2 líneas");
    ana.types("\x1b");
    ana.sees("no se pegó nada");
    assert!(!ana.screen().contents().contains("cuatro"));
}

#[test]
fn a_paste_of_a_megabyte_and_of_garbage_leaves_the_client_usable() {
    let room = Room::open();
    let mut ana = Person::joins("ana", room.port());
    ana.types(&format!("\x1b[200~{}\x1b[201~", "pegado\r".repeat(150_000)));
    ana.sees("lo pegado no cabe");
    ana.types_bytes(b"\x1b[200~a\0b\xff\x1b]0;t\x07c\x1b[201~");
    // The emulator draws nothing for U+FFFD.
    ana.sees("]0;tc");
    ana.types_bytes(b"\x03\xff\xfe\xc3\x1b[999~");
    ana.says("sigo aquí");
    ana.sees("ana sigo aquí");
}

#[test]
fn what_was_said_is_found_again() {
    let room = Room::open();
    let mut ana = Person::joins("ana", room.port());
    ana.says("la aguja está aquí");
    ana.sees_no("(enviando...)");
    for number in 0..30 {
        ana.says(&format!("paja {number}"));
    }
    ana.sees("ana paja 29");
    ana.sees_no("la aguja");
    ana.types("\x12AGUJA esta");
    ana.sees("buscar 1/1> AGUJA esta");
    ana.sees("ana la aguja está aquí");
    ana.types("\x1b");
    ana.sees("ana paja 29");
    ana.sees("General>");
}

#[test]
fn any_window_size_will_do() {
    let room = Room::open();
    let mut ana = Person::joins("ana", room.port());
    ana.resizes(40, 12);
    ana.sees_no("Usuarios");
    ana.sees("General>");
    // On each the program draws something that was not there before: the emulator is emptied at each size.
    for (columns, rows, part) in
        [(1, 1, ""), (3, 2, ""), (200, 60, "F1 ayuda"), (9, 3, "G~>"), (80, 24, "Usuarios 1")]
    {
        ana.forgets_the_screen();
        ana.resizes(columns, rows);
        ana.sees(part);
    }
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
    ana.sees("no se envió, sigue aquí");
    let _room = Room::reopened(port);
    ana.sees("conectado de nuevo como ana");
    ana.types("\r");
    ana.sees("ana a medias");
}
