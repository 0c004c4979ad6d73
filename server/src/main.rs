//! `chat-server PORT`: see the library for everything but starting and stopping.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use chat_cli::{EXIT_USAGE, Stop};
use chat_server::config::DESCRIPTORS_RESERVED;
use chat_server::{Config, Server, announcement, args, descriptors, doctor, logging};
use log::{info, warn};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::flag;

const STOP: [i32; 2] = [SIGINT, SIGTERM];
const IGNORE: [i32; 3] = [SIGHUP, SIGUSR1, SIGUSR2];
/// What a shell adds to the number of the signal that ended a program.
const EXIT_SIGNAL: i32 = 128;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let lang = chat_cli::lang(&args, |name| std::env::var(name).ok());
    let config = match args::parse(&args, lang) {
        Ok(config) => config,
        Err(Stop::Answer(text)) => return say(&mut io::stdout(), text.trim_end(), ExitCode::SUCCESS),
        Err(Stop::Usage(sentence)) => return say(&mut io::stderr(), &sentence, ExitCode::from(EXIT_USAGE)),
    };
    if let Some(options) = config.doctor {
        let (report, is_in_the_way) = doctor::examine(&config, options);
        let status = if is_in_the_way { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        return say(&mut io::stdout(), &report, status);
    }
    logging::start();
    match serve(&config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => say(&mut io::stderr(), &format!("chat-server: {sentence}"), ExitCode::FAILURE),
    }
}

fn serve(config: &Config) -> Result<(), String> {
    let descriptors = descriptors::raise_limit();
    let mut server = Server::bind_within(config, descriptors)
        .map_err(|error| announcement::cannot_listen(&error, config))?;
    watch_signals(&mut server).map_err(|error| error.to_string())?;
    // On a terminal people read this first, and then the log.
    let line = announcement::listening(server.local_addr(), config.lang);
    say(&mut io::stdout(), &line, ExitCode::SUCCESS);
    info!("listening on {}", server.local_addr());
    let possible = config.within(descriptors).max_clients;
    if possible < config.max_clients {
        warn!(
            "the limit of {descriptors} open files allows {possible} users, not the {} of --max-clients",
            config.max_clients
        );
    } else if descriptors < config.limits().connections_max.saturating_add(DESCRIPTORS_RESERVED) {
        warn!(
            "the limit of {descriptors} open files allows {possible} users, but fewer strangers beside them"
        );
    }
    server.run().map_err(|error| error.to_string())
}

/// The first signal to stop closes with notice to everybody; the second one ends the process where it stands.
fn watch_signals(server: &mut Server) -> io::Result<()> {
    let stopping = Arc::new(AtomicBool::new(false));
    for signal in STOP {
        flag::register_conditional_shutdown(signal, EXIT_SIGNAL + signal, Arc::clone(&stopping))?;
        flag::register(signal, Arc::clone(&stopping))?;
    }
    server.watch_signals(&STOP, &IGNORE)
}

/// Writes a line for a person. That nobody reads it is no reason to fail.
fn say(stream: &mut impl Write, line: &str, status: ExitCode) -> ExitCode {
    let _ = writeln!(stream, "{line}").and_then(|()| stream.flush());
    status
}
