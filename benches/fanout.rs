//! `cargo bench`: what does the chat server cost?
//!
//! See the library for how it is measured. This program is also the servers that are measured: it starts itself
//! again with a hidden option for each.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chat_benches::args::{self, Options, Stop, Task};
use chat_benches::progress::Progress;
use chat_benches::report::Report;
use chat_benches::{Result, peers, record, server, suite, summary};

/// The exit status of a wrong command line.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let result = match args::parse(&args) {
        Ok(Task::Serve { kind, core, announces }) => server::serve(kind, core, announces, target()),
        Ok(Task::Plot(json)) => plot(&json),
        Ok(Task::Measure(_)) if cfg!(debug_assertions) => {
            // `cargo test --benches` comes here too.
            say(&mut io::stdout(), "fanout: not optimized, so nothing is measured; run `cargo bench`");
            Ok(())
        }
        Ok(Task::Measure(options)) => measure(options),
        Err(Stop::Answer(text)) => {
            say(&mut io::stdout(), text.trim_end());
            Ok(())
        }
        Err(Stop::Usage(sentence)) => {
            say(&mut io::stderr(), &sentence);
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&mut io::stderr(), &format!("fanout: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn measure(mut options: Options) -> Result<()> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    if options.record {
        record::check(directory)?;
    }
    let servers = peers::prepare(&mut options, target())?;
    let progress = Progress::new(suite::steps(&options));
    let report = suite::run(&options, servers, &progress)?;
    progress.finish();
    say(&mut io::stdout(), &summary::text(&report));
    let path = options.json_path(target());
    report.write_json(&path).map_err(|error| format!("could not write {}: {error}", path.display()))?;
    say(&mut io::stdout(), &format!("The same as JSON: {}", path.display()));
    if options.record {
        written(&record::record(&report, directory)?);
    }
    Ok(())
}

fn plot(json: &Path) -> Result<()> {
    let report = Report::read_json(json).map_err(|error| format!("{}: {error}", json.display()))?;
    written(&record::draw(&report, json)?);
    Ok(())
}

fn written(paths: &[PathBuf]) {
    for path in paths {
        say(&mut io::stdout(), &format!("Written: {}", path.display()));
    }
}

/// The directory that everything is built in.
fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap_or(Path::new("target"))
}

/// Writes for a person. That nobody reads it is no reason to fail.
fn say(stream: &mut impl Write, text: &str) {
    let _ = writeln!(stream, "{text}").and_then(|()| stream.flush());
}
