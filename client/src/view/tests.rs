//! Screens as text, from roomy to absurdly small.

use chat_protocol::{ServerMessage, Status, StatusReason, Timestamp, UserStatus};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::editor::Edit;
use crate::state::tests::World;
use crate::state::{Action, Event, LinkError, LinkEvent, Scroll, Switch};

/// The screen at a size: its rows without blanks at the end, and the cursor as `_` where it stands.
#[track_caller]
fn screen(world: &mut World, columns: u16, rows: u16) -> String {
    world.happens(Event::Resized { columns, rows });
    let theme = Theme::new(true, true);
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| view(&world.state, &theme, frame)).unwrap();
    let cursor = terminal.get_cursor_position().unwrap();
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for y in 0..rows {
        let mut row = String::new();
        let mut covered = 0;
        for x in 0..columns {
            let symbol = buffer[(x, y)].symbol();
            assert!(!symbol.chars().any(char::is_control), "{symbol:?} at {x},{y}");
            if covered == 0 {
                row.push_str(if (x, y) == (cursor.x, cursor.y) && symbol == " " { "_" } else { symbol });
                covered = crate::sanitize::columns(symbol).max(1);
            }
            covered -= 1;
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

/// A morning in the chat, with something of everything.
fn world() -> World {
    let mut world = World::online();
    let at = |minute: i64| Some(Timestamp::from_unix_millis(1_795_187_400_000 + minute * 60_000));
    let says = |sender: &'static str, content: &'static str, minute| ServerMessage::Broadcast {
        sender: sender.into(),
        content: content.into(),
        timestamp: at(minute),
    };
    world.hears(&says("bob", "¿alguien vio la tarea de sistemas operativos del viernes?", 1));
    world.hears(&says("carla", "sí: https://ejemplo.gt/uvg/so/proyecto-1/enunciado.pdf", 2));
    world.hears(&says("bob", "gracias, 你好 👋🏽", 3));
    world.hears(&ServerMessage::StatusUpdate {
        sender: "server".into(),
        content: UserStatus { user: "carla".into(), status: Status::Inactivo },
        reason: Some(StatusReason::Idle),
        timestamp: None,
    });
    world.hears(&says("bob", "@ana ¿ya quedó?", 4));
    world.hears(&ServerMessage::Private {
        sender: "bob".into(),
        target: "ana".into(),
        content: "en privado, ana".into(),
        timestamp: at(5),
    });
    world.types("ya casi");
    world.types("/estado ocupado");
    world.does(Action::Paste("hola a tod".into()));
    world
}

#[test]
fn the_usual_terminal_shows_everything() {
    insta::assert_snapshot!(screen(&mut world(), 80, 24), @r"
    [1 General]  2 bob(1!)                                           h:80 conectado
    09:11          bob ¿alguien vio la tarea de sistemas        │ Usuarios 3
                       operativos del viernes?                  │● ana*          ACT
    09:12        carla sí:                                      │● bob           ACT
                       https://ejemplo.gt/uvg/so/proyecto-1/enun│◌ carla         INA
                       ciado.pdf                                │
    09:13          bob gracias, 你好 👋                         │
    09:00           -- carla está INACTIVO (asignado por el     │
                       servidor)                                │
    09:14        » bob @ana ¿ya quedó?                          │
    09:00           ** privado de bob, Alt-2 para leerlo        │
    09:00          ana ya casi                     (enviando...)│
                                                                │
                                                                │
                                                                │
                                                                │
                                                                │
                                                                │
                                                                │
                                                                │
                                                                │
                                                                │
    ana [ACTIVO (pidiendo OCUPADO)]  3 en línea                     F1 ayuda  09:00
    General> hola a tod_
    ");
}

#[test]
fn a_roomy_terminal_writes_the_status_out() {
    insta::assert_snapshot!(screen(&mut world(), 110, 12), @r"
    [1 General]  2 bob(1!)                                                                         h:80 conectado
    09:11              bob ¿alguien vio la tarea de sistemas operativos del viernes?  │ Usuarios 3
    09:12            carla sí: https://ejemplo.gt/uvg/so/proyecto-1/enunciado.pdf     │● ana*             ACTIVO
    09:13              bob gracias, 你好 👋                                           │● bob              ACTIVO
    09:00               -- carla está INACTIVO (asignado por el servidor)             │◌ carla            INACTIVO
    09:14            » bob @ana ¿ya quedó?                                            │
    09:00               ** privado de bob, Alt-2 para leerlo                          │
    09:00              ana ya casi                                       (enviando...)│
                                                                                      │
                                                                                      │
    ana [ACTIVO (pidiendo OCUPADO)]  3 en línea                                                   F1 ayuda  09:00
    General> hola a tod_
    ");
}

#[test]
fn a_narrow_terminal_hides_the_users_and_sets_messages_tighter() {
    insta::assert_snapshot!(screen(&mut world(), 40, 12), @r"
    [1 General]  2 bob(1!)   h:80 conectado
    │ https://ejemplo.gt/uvg/so/proyecto-1/e
    │ nunciado.pdf
    09:13 bob: gracias, 你好 👋
    09:00 -- carla está INACTIVO (asignado
    │ por el servidor)
    09:14 »bob: @ana ¿ya quedó?
    09:00 ** privado de bob, Alt-2 para
    │ leerlo
    09:00 ana: ya casi         (enviando...)
    ana [ACTIVO (pidiendo OCUPADO)]   09:00
    General> hola a tod_
    ");
}

#[test]
fn a_tiny_terminal_shows_the_last_words() {
    insta::assert_snapshot!(screen(&mut world(), 20, 5), @r"
    │ leerlo
    09:00 ana: ya casi
           (enviando...)
    [ACT>OCU] ana
    General> hola a tod_
    ");
}

#[test]
fn a_sliver_shows_the_input_line_alone() {
    insta::assert_snapshot!(screen(&mut world(), 20, 2), @r"

    General> hola a tod_
    ");
    insta::assert_snapshot!(screen(&mut world(), 9, 3), @r"


    G~>  tod_
    ");
    insta::assert_snapshot!(screen(&mut world(), 1, 1), @r"
    _
    ");
}

#[test]
fn a_private_conversation_has_its_own_prompt_and_text() {
    let mut world = world();
    world.does(Action::Switch(Switch::To(1)));
    insta::assert_snapshot!(screen(&mut world, 60, 8), @r"
     1 General [2 bob]                           h:80 conectado
       ──────────── sin leer (1) ────────────   │ Usuarios 3
    09:15      » bob en privado, ana            │● ana*      ACT
                                                │● bob       ACT
                                                │◌ carla     INA
                                                │
    ana [ACTIVO (pidiendo OCUPADO)]  3 en línea F1 ayuda  09:00
    @bob> _
    ");
}

#[test]
fn the_users_lie_over_the_text_of_a_narrow_terminal_on_request() {
    let mut world = world();
    screen(&mut world, 40, 8);
    world.does(Action::TogglePanel);
    insta::assert_snapshot!(screen(&mut world, 40, 8), @r"
    [1 General]  2 bob(1!)   h:80 conectado
     Usuarios 3
    ● ana*                          ACTIVO
    ● bob                           ACTIVO
    ◌ carla                         INACTIVO

    ana [ACTIVO (pidiendo OCUPADO)]   09:00
    General> hola a tod_
    ");
}

#[test]
fn who_is_ignored_has_a_sign_of_its_own() {
    let mut world = World::online();
    world.types("/ignorar bob");
    let shown = screen(&mut world, 60, 8);
    assert!(shown.contains("│× bob       ACT") && shown.contains("│● carla     ACT"), "{shown}");
}

#[test]
fn scrolled_up_the_bar_counts_what_lies_below() {
    let mut world = world();
    screen(&mut world, 60, 8);
    world.does(Action::Scroll(Scroll::PageUp));
    insta::assert_snapshot!(screen(&mut world, 60, 8), @r"
    [1 General]  2 bob(1!)                       h:80 conectado
                     https://ejemplo.gt/uvg/so/p│ Usuarios 3
                     royecto-1/enunciado.pdf    │● ana*      ACT
    09:13        bob gracias, 你好 👋           │● bob       ACT
    09:00         -- carla está INACTIVO        │◌ carla     INA
                     (asignado por el servidor) │
    ana [ACTIVO (pidiendo OCUPADO)]  3 en línea F1 ayuda  09:00
    General> hola a tod_
    ");
}

#[test]
fn without_a_connection_the_bar_says_so_and_what_was_out_is_unconfirmed() {
    let mut world = world();
    world.happens(Event::Link(LinkEvent::Down(LinkError::Lost)));
    insta::assert_snapshot!(screen(&mut world, 60, 8), @r"
    [1 General]  2 bob(1!)       sin conexión, reintento en 2 s
    09:00        ana ya casi     (sin confirmar)│ Usuarios 0
    09:00         !! se cortó la conexión; 1    │
                     mensaje quedó sin confirmar│
                     (en su conversación,       │
                     /reenviar lo repite)       │
    ana [ACTIVO]                                          09:00
    General> hola a tod_
    ");
    insta::assert_snapshot!(screen(&mut world, 60, 5), @r"
                     mensaje quedó sin confirmar│ Usuarios 0
                     (en su conversación,       │
                     /reenviar lo repite)       │
    ana [ACTIVO]  sin conexión, reintento en 2 s          09:00
    General> hola a tod_
    ");
}

#[test]
fn why_something_was_not_done_is_told_whole_whatever_else_is_in_the_bar() {
    let bar = |world: &mut World, columns, rows| {
        screen(world, columns, rows).lines().rev().nth(1).map(str::to_owned).unwrap_or_default()
    };
    let mut many_lines = World::online();
    many_lines.does(Action::Paste("x\n".repeat(30)));
    many_lines.does(Action::Insert('\n'));
    let told = "por separado, hasta 20 líneas; Enter: en una sola";
    for (columns, shown) in [
        (80, format!("ana [ACTIVO]  {told}           09:00")),
        (60, format!("[ACTIVO]  {told}")),
        (50, told.to_owned()),
        (40, "por separado, hasta 20 líneas; Enter: e~".to_owned()),
        (20, "por separado, hasta~".to_owned()),
    ] {
        assert_eq!(bar(&mut many_lines, columns, 20), shown, "{columns}");
    }

    let mut offline = World::online_as("zoe_con_un_nombre_largo");
    offline.hears(&ServerMessage::StatusUpdate {
        sender: "server".into(),
        content: UserStatus { user: "zoe_con_un_nombre_largo".into(), status: Status::Inactivo },
        reason: Some(StatusReason::Idle),
        timestamp: None,
    });
    offline.happens(Event::Link(LinkEvent::Down(LinkError::Lost)));
    offline.types("hola");
    let told = "sin conexión: no se envió, sigue aquí";
    for (columns, rows, shown) in [
        (80, 24, format!("zoe_con_un_nomb~ [INACTIVO]  {told}        09:00")),
        (60, 20, format!("[INACTIVO]  {told}     09:00")),
        (40, 20, told.to_owned()),
        (20, 5, "sin conexión: no se~".to_owned()),
        // Without tabs the connection's state comes before the own name.
        (80, 5, format!("sin conexión, reintento en 2 s  {told}     09:00")),
    ] {
        assert_eq!(bar(&mut offline, columns, rows), shown, "{columns}x{rows}");
    }
}

#[test]
fn what_was_unread_is_marked() {
    let mut world = world();
    world.does(Action::Switch(Switch::To(1)));
    for text in ["uno", "dos"] {
        let sender = "carla".into();
        world.hears(&ServerMessage::Broadcast { sender, content: text.into(), timestamp: None });
    }
    world.does(Action::Switch(Switch::Unread));
    insta::assert_snapshot!(screen(&mut world, 60, 8), @r"
    [1 General]  2 bob                           h:80 conectado
                     leerlo                     │ Usuarios 3
    09:00        ana ya casi       (enviando...)│● ana*      ACT
       ──────────── sin leer (2) ────────────   │● bob       ACT
    09:00      carla uno                        │◌ carla     INA
    09:00      carla dos                        │
    ana [ACTIVO (pidiendo OCUPADO)]  3 en línea F1 ayuda  09:00
    General> hola a tod_
    ");
}

#[test]
fn tabs_without_room_give_up_names_first_and_no_unread_mark() {
    let mut world = World::online();
    let says = |sender: String, content: &'static str| ServerMessage::Private {
        sender: sender.into(),
        target: "ana".into(),
        content: content.into(),
        timestamp: None,
    };
    for name in ["bob", "carla", "dora", "emilio"] {
        world.types(&format!("/ver {name}"));
        world.types("/ver");
    }
    world.hears(&says("carla".into(), "hola"));
    world.hears(&says("dora".into(), "¿@ana?"));
    let tabs = |world: &mut World, columns| screen(world, columns, 8).lines().next().map(str::to_owned);
    let shows = |world: &mut World, columns, row: &str| {
        assert_eq!(tabs(world, columns).as_deref(), Some(row), "{columns}");
    };
    for (columns, row) in [
        (80, "[1 General]  2 bob  3 carla(1)  4 dora(1!)  5 emilio             h:80 conectado"),
        (60, "[1 General]  2  3 carla(1)  4 dora(1!)  5    h:80 conectado"),
        (48, "[1 General]  2  3(1)  4(1!)  5   h:80 conectado"),
        (41, "[1 General]  2  3(1)  4(1!)  5 conectado"),
        (34, "[1 General] +4(2!)      conectado"),
    ] {
        shows(&mut world, columns, row);
    }
    world.does(Action::Switch(Switch::Last));
    shows(&mut world, 34, "[5 emilio] +4(2!)       conectado");
    for number in 0..150 {
        world.hears(&says(format!("u{number}"), "¿@ana?"));
    }
    shows(&mut world, 40, " 4(1!) [5 emilio] +153(151!)  conectado");
}

#[test]
fn help_that_is_longer_than_the_screen_is_shown_from_its_beginning() {
    let mut world = World::online();
    screen(&mut world, 40, 12);
    world.does(Action::Help);
    let shown = screen(&mut world, 40, 12);
    assert_eq!(shown.lines().nth(1), Some("09:00 -- texto: va a quien nombra el"), "{shown}");
    assert!(shown.contains("▼ 1 más abajo"), "{shown}");
}

#[test]
fn a_long_line_moves_so_that_the_cursor_is_seen() {
    let mut world = World::online();
    world.does(Action::Paste("una línea bastante más larga que la pantalla".into()));
    world.does(Action::Insert('\n'));
    world.does(Action::Paste("y otra".into()));
    insta::assert_snapshot!(screen(&mut world, 30, 3), @r"

    ana [ACTIVO]            09:00
    General> e la pantalla⏎y otra_
    ");
}

#[test]
fn the_question_about_a_paste_stands_behind_the_prompt_and_names_the_keys() {
    let mut world = World::online();
    world.types("/ver bob");
    world.does(Action::Paste("uno\ndos\ntres".into()));
    for (columns, last) in [
        (80, "@bob> Pegar 3 líneas: Enter una sola / Alt-Enter por separado / Esc_"),
        (40, "@bob> 3 líneas: Enter/Alt-Enter/Esc_"),
        (30, "@bob> Enter/Alt-Enter/Esc_"),
        (25, "@b~> Enter/Alt-Enter/Esc_"),
        (24, "Enter/Alt-Enter/Esc_"),
        (20, "Enter/Alt-Enter/Esc_"),
        (12, "Enter/Alt-~_"),
        (1, "~"),
    ] {
        assert_eq!(screen(&mut world, columns, 6).lines().last(), Some(last), "{columns}");
    }
    // Whom it is for stands in the bar above then, but for a word about why something was not done.
    insta::assert_snapshot!(screen(&mut world, 20, 5), @r"



    3 líneas a @bob
    Enter/Alt-Enter/Esc_
    ");
    world.does(Action::Insert('x'));
    insta::assert_snapshot!(screen(&mut world, 20, 5), @r"



    responda sobre lo p~
    Enter/Alt-Enter/Esc_
    ");
}

#[test]
fn the_question_about_a_paste_has_room_beside_the_longest_name() {
    let mut world = World::online();
    world.types(&format!("/ver {}", "m".repeat(32)));
    world.does(Action::Paste("uno\ndos\ntres".into()));
    for (columns, last) in [
        (80, "@mmmmmmmmmmmmmmmmmmm~> 3 líneas: Enter/Alt-Enter/Esc_"),
        (40, "@mmmmmmmmmmmmmmmm~> Enter/Alt-Enter/Esc_"),
        (30, "@mmmmmm~> Enter/Alt-Enter/Esc_"),
    ] {
        assert_eq!(screen(&mut world, columns, 6).lines().last(), Some(last), "{columns}");
    }
}

#[test]
fn a_search_shows_what_it_found_and_where_among_how_many() {
    let mut world = world();
    let prompt = |world: &mut World| screen(world, 60, 8).lines().last().map(str::to_owned);
    world.does(Action::Search);
    assert_eq!(prompt(&mut world).as_deref(), Some("buscar> _"));
    world.does(Action::Paste("graciosa".into()));
    assert_eq!(prompt(&mut world).as_deref(), Some("buscar 0/0> graciosa_"));
    world.does(Action::Edit(Edit::KillToStart));
    world.does(Action::Paste("gracias".into()));
    insta::assert_snapshot!(screen(&mut world, 60, 8), @r"
    [1 General]  2 bob(1!)                       h:80 conectado
                     https://ejemplo.gt/uvg/so/p│ Usuarios 3
                     royecto-1/enunciado.pdf    │● ana*      ACT
    09:13        bob gracias, 你好 👋           │● bob       ACT
    09:00         -- carla está INACTIVO        │◌ carla     INA
                     (asignado por el servidor) │
    ana [ACTIVO (pidiendo OCUPADO)]  3 en línea F1 ayuda  09:00
    buscar 1/1> gracias_
    ");
    let theme = Theme::new(false, true);
    let mut terminal = Terminal::new(TestBackend::new(60, 8)).unwrap();
    terminal.draw(|frame| view(&world.state, &theme, frame)).unwrap();
    let cell = &terminal.backend().buffer()[(17, 3)];
    assert!(cell.modifier.contains(ratatui::style::Modifier::REVERSED), "marked without a colour: {cell:?}");
}

#[test]
fn no_size_and_no_panel_makes_it_panic() {
    let mut world = world();
    for _ in 0..3 {
        for columns in (0..60).chain([79, 80, 99, 100, 500]) {
            for rows in (0..12).chain([24, 200]) {
                screen(&mut world, columns, rows);
            }
        }
        world.does(Action::TogglePanel);
    }
}

#[test]
fn glyphs_are_ascii_where_the_locale_is_not_utf_8() {
    let world = world();
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal.draw(|frame| view(&world.state, &Theme::new(false, false), frame)).unwrap();
    let drawn: String = terminal.backend().buffer().content().iter().map(|cell| cell.symbol()).collect();
    for glyph in ["●", "◌", "│", "─", "»", "▼"] {
        assert!(!drawn.contains(glyph), "{glyph}");
    }
    let coloured = |cell: &ratatui::buffer::Cell| cell.fg != ratatui::style::Color::Reset;
    assert!(!terminal.backend().buffer().content().iter().any(coloured));
}

#[test]
fn a_line_of_a_message_cannot_pass_for_another_message() {
    let mut world = World::online();
    world.hears(&ServerMessage::Broadcast {
        sender: "bob".into(),
        content: "uno\n09:00 carla dos, que es más largo que una fila\n-- carla ha salido".into(),
        timestamp: None,
    });
    insta::assert_snapshot!(screen(&mut world, 50, 9), @r"
    [1 General]                        h:80 conectado
    09:00        bob uno              │ Usuarios 3
                   │ 09:00 carla dos, │● ana*      ACT
                     que es más largo │● bob       ACT
                     que una fila     │● carla     ACT
                   │ -- carla ha      │
                     salido           │
    ana [ACTIVO]  3 en línea                    09:00
    General> _
    ");
    insta::assert_snapshot!(screen(&mut world, 40, 8), @r"
    [1 General]              h:80 conectado
    09:00 bob: uno
    │ 09:00 carla dos, que es más largo que
    │ una fila
    │ -- carla ha salido

    ana [ACTIVO]  3 en línea          09:00
    General> _
    ");
}

proptest::proptest! {
    #[test]
    fn the_cursor_stands_on_the_last_row_whatever_is_written(
        text in "\\PC{0,60}", moves in 0usize..70, columns in 1u16..60, rows in 1u16..8, paste in proptest::bool::ANY,
    ) {
        let mut world = World::online();
        if paste {
            world.does(Action::Search);
        }
        text.chars().for_each(|c| drop(world.does(Action::Insert(c))));
        (0..moves).for_each(|_| drop(world.does(Action::Edit(Edit::Left))));
        world.happens(Event::Resized { columns, rows });
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| view(&world.state, &Theme::new(true, true), frame)).unwrap();
        let cursor = terminal.get_cursor_position().unwrap();
        proptest::prop_assert!(cursor.y == rows - 1 && cursor.x < columns, "{cursor:?} on {columns}x{rows}");
    }
}

#[test]
fn no_name_can_pass_for_a_notice() {
    for name in ["--", "..", "ーー", "ǃǃ"] {
        let mut world = World::online();
        let says = |content: &'static str| ServerMessage::Broadcast {
            sender: name.into(),
            content: content.into(),
            timestamp: None,
        };
        world.hears(&says("bob ha salido"));
        for columns in [80, 40] {
            world.happens(Event::Resized { columns, rows: 12 });
            let mut terminal = Terminal::new(TestBackend::new(columns, 12)).unwrap();
            terminal.draw(|frame| view(&world.state, &Theme::new(false, true), frame)).unwrap();
            let row: String = (0..columns).map(|x| terminal.backend().buffer()[(x, 1)].symbol()).collect();
            let marks = ["<-->", "<..>", "<ー ー >", "<ǃǃ>"];
            assert!(marks.iter().any(|mark| row.contains(mark)), "{row}");
        }
    }
}

#[test]
fn the_prompt_names_the_target_on_every_screen() {
    let mut world = World::online();
    world.types("/ver maximiliano_x");
    world.does(Action::Paste("hola".into()));
    for (columns, prompt) in [
        (80, "@maximiliano_x> hola_"),
        (20, "@maximi~> hola_"),
        (12, "@ma~> hola_"),
        (8, "@m~> la_"),
        (6, "@m~> _"),
        (5, "@m~>_"),
    ] {
        let screen = screen(&mut world, columns, 5);
        assert_eq!(screen.lines().last(), Some(prompt), "{columns}");
    }
}

#[test]
fn a_frame_of_a_long_history_shows_the_newest_alone() {
    let mut world = World::online();
    for number in 0..10_000 {
        let content = format!("mensaje número {number} con algunas palabras más").into();
        world.hears(&ServerMessage::Broadcast { sender: "bob".into(), content, timestamp: None });
    }
    let screen = screen(&mut world, 80, 24);
    assert!(screen.contains("número 9999 ") && !screen.contains("número 9900 "), "{screen}");
    // What is drawn is what the window hands over, whatever there is above it.
    assert_eq!(world.state.conversations().current().window(21).len(), 21);
}
