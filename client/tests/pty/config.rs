//! The configuration file and the real program.

use std::path::PathBuf;

use crate::person::Person;
use crate::room::Room;

/// A folder of its own for one test, with a configuration in its usual place.
struct Home(PathBuf);

impl Home {
    fn with(test: &str, config: &str) -> Self {
        let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
        std::fs::create_dir_all(home.join("chat-client")).expect("a folder");
        std::fs::write(home.join("chat-client/config.toml"), config).expect("a file");
        Self(home)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a path in UTF-8")
    }

    fn file(&self) -> String {
        format!("{}/chat-client/config.toml", self.path())
    }

    fn starts(&self, args: &[&str]) -> Person {
        Person::starts(args, &[("XDG_CONFIG_HOME", self.path())])
    }
}

#[test]
fn the_configuration_in_its_usual_place_holds() {
    let home =
        Home::with("usual", "language = 'en'\nuser_panel = false\n[keys]\nusers = 'F5'\nhelp = 'Ctrl-X'\n");
    let room = Room::open();
    let port = room.port().to_string();
    let mut ana = home.starts(&["ana", "127.0.0.1", &port]);
    ana.sees("General>");
    ana.sees("connected");
    assert!(!ana.screen().contents().contains("Users 1"));
    ana.types("\x1b[15~");
    ana.sees("Users 1");
    ana.sees("Ctrl-X help");
    ana.types("\x18");
    ana.sees("/quit");
    ana.sees("keys changed in your configuration: help");
}

#[test]
fn what_is_asked_about_a_paste_names_the_keys_that_answer() {
    let home =
        Home::with("swapped", "[keys]\nsend = 'Alt-Enter'\nline_break = 'Enter'\ninterrupt = 'Ctrl-X'\n");
    let room = Room::open();
    let mut ana = home.starts(&["ana", "127.0.0.1", &room.port().to_string()]);
    ana.sees("General>");
    ana.types("\x1b[200~uno\rdos\x1b[201~");
    ana.sees("Pegar 2 líneas: Alt-Enter una sola / Enter por separado / Esc");
    ana.types("\x1b\r");
    ana.sees("General> uno⏎dos");
    ana.types("\x18\x18");
    ana.sees("otra vez Ctrl-X para salir");
}

#[test]
fn the_command_line_wins_over_the_configuration() {
    let home = Home::with("loses", "language = 'en'\n");
    let mut ana = home.starts(&["ana", "127.0.0.1", "1", "--lang", "es"]);
    assert_eq!(ana.ends(), 3);
    ana.sees("conexión rechazada");
    let mut ana = Person::starts(&["ana", "127.0.0.1", "1", "--config", &home.file()], &[]);
    assert_eq!(ana.ends(), 3);
    ana.sees("connection refused");
}

#[test]
fn a_wrong_configuration_is_told_in_words_and_is_no_start() {
    let home = Home::with("wrong", "language = 'es'\nkept_messages = 5\n");
    let mut ana = home.starts(&["ana", "127.0.0.1", "1"]);
    assert_eq!(ana.ends(), 2);
    ana.sees("línea 2: «kept_messages» admite");
    let mut ana = Person::starts(&["ana", "127.0.0.1", "1", "--config", "/nonexistent/c.toml"], &[]);
    assert_eq!(ana.ends(), 2);
    ana.sees("/nonexistent/c.toml: no existe ese archivo");
    // Help is what one needs then.
    let mut ana = home.starts(&["--help"]);
    assert_eq!(ana.ends(), 0);
    ana.sees("--print-config");
}

#[test]
fn emoji_are_whole_where_the_terminal_draws_them_whole() {
    let home = Home::with("clusters", "widths = 'clusters'\n");
    let room = Room::open();
    let port = room.port().to_string();
    let mut ana = home.starts(&["ana", "127.0.0.1", &port]);
    ana.sees("General>");
    let mut bob = Person::joins("bob", room.port());
    ana.sees("bob ha entrado");
    bob.says("adiós 👋🏽");
    // The emulator goes by scalars, and what it makes of the tone depends on what is drawn after it. So what counts
    // is what it was given: the emoji in one go to ana, without its tone to bob. All of that is there when a later
    // line is.
    bob.says("fin");
    ana.sees("bob fin");
    bob.sees("bob fin");
    let drew = |person: &Person, text: &str| String::from_utf8_lossy(person.bytes()).contains(text);
    assert!(drew(&ana, "👋🏽"));
    assert!(drew(&bob, "👋") && !drew(&bob, "🏽"));
}

#[test]
fn a_log_that_cannot_be_written_is_told_in_words_and_is_no_start() {
    let room = Room::open();
    let port = room.port().to_string();
    for (path, words) in
        [("/nonexistent/chat.log", "no existe esa carpeta"), ("/", "es una carpeta, no un archivo")]
    {
        let mut ana = Person::starts(&["ana", "127.0.0.1", &port], &[("CHAT_LOG", path)]);
        assert_eq!(ana.ends(), 2);
        ana.sees("CHAT_LOG");
        ana.waits_for(words, |screen| screen.contents().replace('\n', "").contains(words));
        assert!(!ana.bytes().windows(8).any(|bytes| bytes == b"\x1b[?1049h"), "the screen is not taken");
    }
}
