//! The terminal client of the chat.
//!
//! A pure core that is told what happened and what time it is ([`state`]), a view that only reads it ([`view`]),
//! and one loop that does all the I/O ([`app`]). termion is known to the loop's parts that face the terminal
//! ([`input`], [`keymap`], [`terminal`]) and tungstenite to [`transport`]; whatever came from outside is shown
//! through [`sanitize`] alone.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

use chat_cli::{EXIT_USAGE, Stop};

pub mod app;
pub mod args;
pub mod command;
pub mod config;
pub mod doctor;
pub mod editor;
pub mod geometry;
pub mod input;
pub mod keymap;
pub mod lines;
pub mod logging;
pub mod output;
pub mod sanitize;
pub mod simple;
pub mod state;
pub mod terminal;
pub mod texts;
pub mod transport;
pub mod view;
pub mod wrap;

use crate::app::App;
use crate::args::{Args, Task};
use crate::config::Preferences;
use crate::doctor::facts::{Journey, Reply};
use crate::doctor::report::Style;
use crate::sanitize::sanitize_line;
use crate::state::{Config, EXIT_REFUSED, EXIT_UNREACHABLE};
use crate::texts::Texts;
use crate::view::Theme;

/// Runs the program with these arguments (its name first); says its exit status.
#[must_use]
pub fn run(args: &[OsString]) -> u8 {
    let environment = |name: &str| std::env::var(name).ok();
    let preferences = config::load(args::config_path(args), |name| std::env::var_os(name));
    let preferred = preferences.as_ref().ok().and_then(|preferences| preferences.language);
    let lang = chat_cli::lang_option(args).or(preferred).unwrap_or_else(|| chat_cli::lang(args, environment));
    let task = match args::parse(args, lang) {
        Ok(task) => task,
        Err(Stop::Answer(text)) => {
            // Nobody is left to tell if standard output is closed.
            let _ = write!(io::stdout(), "{text}");
            return 0;
        }
        Err(Stop::Usage(sentence)) => {
            let _ = writeln!(io::stderr(), "{sentence}");
            return EXIT_USAGE;
        }
    };
    let texts = Texts(lang);
    let preferences = match preferences {
        Ok(preferences) => preferences,
        Err(error) => {
            let _ = writeln!(io::stderr(), "chat-client: {}", texts.config_error(&error));
            return EXIT_USAGE;
        }
    };
    sanitize::set_widths(preferences.widths);
    let style = Style { texts, unicode: is_utf8(environment) };
    match task {
        Task::Chat(args) => chat(args, preferences, style),
        Task::Examine { request, json } => doctor::run(request, json, style).unwrap_or_else(|error| {
            let exit = app::failed(texts, &error);
            let _ = writeln!(io::stderr(), "chat-client: {}", exit.sentence.unwrap_or_default());
            exit.code
        }),
    }
}

fn chat(args: Args, preferences: Preferences, style: Style) -> u8 {
    let texts = style.texts;
    let environment = |name: &str| std::env::var(name).ok();
    let has_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let is_dumb = environment("TERM").is_some_and(|term| term == "dumb");
    let wants_screen = !args.simple && has_terminal && !is_dumb;
    let line_mode = !wants_screen || !terminal::is_there();
    if wants_screen && line_mode {
        let _ = writeln!(io::stderr(), "chat-client: {}", texts.no_terminal());
    }
    if let Err(error) = logging::start(line_mode) {
        let _ = writeln!(io::stderr(), "chat-client: {}", texts.log_error(&error));
        return EXIT_USAGE;
    }
    let config = Config {
        name: args.user.clone(),
        server: sanitize_line(&args.target.to_string()),
        texts,
        line_mode,
        literal: args.literal,
        seed: seed(),
        options: preferences.options,
        keys: preferences.keys.words(),
    };
    let no_color = environment("NO_COLOR").is_some_and(|value| !value.is_empty());
    let theme = Theme::new(preferences.colours.unwrap_or(!no_color), style.unicode);
    let theme = theme.with(preferences.palette);
    let (exit, journey) = App::new(config, args.target.clone(), theme, preferences.keys)
        .and_then(App::run)
        .unwrap_or_else(|error| (app::failed(texts, &error), Journey::default()));
    // What the transport saw on the way, and what the server answered, says more than the sentence.
    let registration = (exit.code == EXIT_REFUSED)
        .then(|| Reply::Refused { code: exit.refusal, sentence: exit.sentence.clone().unwrap_or_default() });
    let failure = match exit.code {
        EXIT_UNREACHABLE | EXIT_REFUSED => {
            doctor::failure(args.target, args.user, journey, registration, style)
        }
        _ => None,
    };
    // Without it the words come all the same.
    let _ = app::end_at_next_signal(exit.code);
    match (failure, exit.sentence) {
        (Some(lines), _) => drop(writeln!(io::stderr(), "{}", lines.join("\n"))),
        (None, Some(sentence)) => drop(writeln!(io::stderr(), "chat-client: {sentence}")),
        (None, None) => {}
    }
    exit.code
}

/// Whether the locale's characters are UTF-8, by the first variable that is set, as in POSIX.
fn is_utf8(environment: impl Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(environment).find(|it| !it.is_empty());
    locale.is_some_and(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Differs from process to process; nothing depends on its quality.
fn seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}
