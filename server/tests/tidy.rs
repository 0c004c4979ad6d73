//! The architecture's absences, as far as a machine can check them: who must not know what.

#![allow(clippy::unwrap_used, reason = "a file that cannot be read fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

/// Rows of `docs/FAULTS.md`.
const FAULTS: u32 = 52;

/// The workspace's Rust files under these folders, without tests.
fn sources(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    let mut todo: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    while let Some(path) = todo.pop() {
        if path.is_dir() && !path.ends_with("tests") {
            todo.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            let text = fs::read_to_string(&path).unwrap();
            files.push((path.strip_prefix(root).unwrap().to_owned(), without_tests(&text)));
        }
    }
    assert!(!files.is_empty(), "{folders:?} hold no Rust file");
    files
}

/// Where a line stands while what is marked as a test's is taken out.
enum Place {
    Code,
    /// Below the mark, which was indented so.
    Marked(String),
    /// In an item that ends with such a line.
    Item(String),
}

/// The text with an empty line for each line of what is marked as a test's.
fn without_tests(text: &str) -> String {
    let mut place = Place::Code;
    let mut code = String::new();
    for line in text.lines() {
        let is_code = matches!(place, Place::Code) && line.trim() != "#[cfg(test)]";
        code.push_str(if is_code { line } else { "" });
        code.push('\n');
        place = match place {
            Place::Code if is_code => Place::Code,
            Place::Code => Place::Marked(line.replace("#[cfg(test)]", "")),
            Place::Marked(indent) if line.trim_start().starts_with("#[") => Place::Marked(indent),
            Place::Marked(_) if line.ends_with(';') => Place::Code,
            Place::Marked(indent) => Place::Item(format!("{indent}}}")),
            Place::Item(end) if line.starts_with(&end) => Place::Code,
            Place::Item(end) => Place::Item(end),
        };
    }
    code
}

#[test]
fn what_is_a_tests_is_no_part_of_the_code_and_what_stands_below_it_is() {
    let text = "a\n#[cfg(test)]\nmod tests;\nb\n    #[cfg(test)]\n    fn x() {\n        y;\n    }\nc\n#[cfg(test)]\nmod t {\n    z\n}\nd";
    let code = without_tests(text);
    assert_eq!(code.split_whitespace().collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    let line = |word| code.lines().position(|line| line == word);
    assert_eq!((line("b"), line("c")), (Some(3), Some(8)), "each line keeps its number");
}

#[track_caller]
fn assert_absent(folders: &[&str], words: &[&str], except: &[&str]) {
    for (path, code) in sources(folders) {
        if except.iter().any(|file| path.ends_with(file)) {
            continue;
        }
        for (number, line) in code.lines().enumerate() {
            for word in words {
                assert!(
                    !line.contains(word),
                    "{}:{}: `{word}` does not belong here",
                    path.display(),
                    number + 1
                );
            }
        }
    }
}

#[test]
fn the_reactor_does_not_know_chat() {
    let words = ["chat", "Chat", "chat_protocol", "serde_json"];
    assert_absent(&["server/src/reactor.rs", "server/src/reactor"], &words, &[]);
}

#[test]
fn below_the_outermost_loop_nobody_knows_mio_or_a_clock() {
    let words = ["mio::", "Instant", "SystemTime"];
    assert_absent(&["server/src/reactor"], &words, &["reactor/sockets.rs"]);
}

#[test]
fn the_chat_core_knows_no_sockets_clock_threads_log_or_environment() {
    let words = [
        "std::net::Tcp",
        "std::io",
        "std::thread",
        "std::env",
        "std::fs",
        "Instant",
        "SystemTime",
        "mio",
        "log::",
        "crate::reactor",
        "crate::handler",
        "rand",
    ];
    assert_absent(&["server/src/chat.rs", "server/src/chat"], &words, &[]);
}

#[test]
fn clocks_are_read_in_the_two_loops_the_log_and_the_doctor_only() {
    let words = ["Instant::now", "SystemTime::now", "Utc::now", "Local::now"];
    let folders = ["server/src", "client/src", "protocol/src", "cli/src"];
    // The doctors have no loop: they ask around once, each time with a deadline.
    let doctor = ["server/src/doctor/ask.rs", "server/src/doctor/collect.rs", "client/src/doctor/examine.rs"];
    let loops = ["server/src/reactor.rs", "server/src/logging.rs", "client/src/app.rs"];
    assert_absent(&folders, &words, &[&loops[..], &doctor].concat());
}

#[test]
fn the_clients_state_and_view_do_no_io() {
    let words = ["std::net", "std::io", "std::thread", "mio::", "tungstenite", "termion", "rustix"];
    assert_absent(
        &["client/src/state.rs", "client/src/state", "client/src/view.rs", "client/src/view"],
        &words,
        &[],
    );
}

#[test]
fn a_panic_of_the_server_ends_its_process() {
    // Its loop is on the only thread, and nothing catches (see `panic.rs`). The doctor runs instead of it, not beside.
    let words = ["catch_unwind", "thread::spawn", "thread::Builder", "thread::scope", "panic::set_hook"];
    assert_absent(&["server/src"], &words, &["server/src/doctor/ask.rs"]);
}

#[test]
fn every_fault_of_the_list_names_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let list = fs::read_to_string(root.join("docs/FAULTS.md")).unwrap();
    let mut numbers = Vec::new();
    for row in list.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let Ok(number) = cells[0].parse::<u32>() else { continue };
        numbers.push(number);
        let [_, fault, seen, shown] = cells[..] else { panic!("four cells in {row}") };
        assert!(![fault, seen, shown].contains(&""), "an empty cell in {row}");
        let mut tests = 0;
        for name in shown.split('`').skip(1).step_by(2) {
            let (file, test) = name.split_once("::").unwrap_or_else(|| panic!("{name} names a file::test"));
            let path = ["server/tests", "server/src/reactor/hub/tests", "client/tests", ""]
                .map(|folder| root.join(folder).join(file))
                .into_iter()
                .find(|path| path.is_file())
                .unwrap_or_else(|| panic!("row {number}: no file {file}"));
            let text = fs::read_to_string(&path).unwrap();
            // Rust's in a test file, a shell's or Python's in a script.
            let is_there = [format!("]\nfn {test}()"), format!("\n{test}() {{"), format!("\ndef {test}(")]
                .iter()
                .any(|definition| text.contains(definition.as_str()));
            assert!(is_there, "row {number}: no test {test} in {}", path.display());
            tests += 1;
        }
        assert!(tests > 0, "row {number} names no test");
    }
    assert_eq!(numbers, (1..=FAULTS).collect::<Vec<_>>(), "one row for each fault");
}

#[test]
fn the_doctor_looks_at_the_system_in_two_files_only() {
    let words =
        ["std::fs", "fs::", "std::process", "TcpStream", "UdpSocket", "Instant", "SystemTime", "if_addrs"];
    let except = ["doctor/ask.rs", "doctor/collect.rs"];
    assert_absent(&["server/src/doctor.rs", "server/src/doctor"], &words, &except);
}

#[test]
fn nothing_half_done_is_left_behind() {
    let words = ["dbg!", "todo!", "unimplemented!", "#[ignore"];
    assert_absent(&["server/src", "client/src", "protocol/src", "cli/src", "benches"], &words, &[]);
}

#[test]
fn unsafe_code_is_denied_and_forbidden_where_nothing_needs_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    assert!(fs::read_to_string(root.join("Cargo.toml")).unwrap().contains("\nunsafe_code = \"deny\"\n"));
    for crate_root in [
        "protocol/src/lib.rs",
        "cli/src/lib.rs",
        "client/src/lib.rs",
        "client/src/main.rs",
        "benches/src/lib.rs",
    ] {
        let text = fs::read_to_string(root.join(crate_root)).unwrap();
        assert!(text.contains("\n#![forbid(unsafe_code)]\n"), "{crate_root}");
    }
    for package in ["protocol", "cli", "server", "client", "benches"] {
        let text = fs::read_to_string(root.join(package).join("Cargo.toml")).unwrap();
        assert!(text.contains("[lints]\nworkspace = true"), "{package} has lints of its own");
    }
}

#[test]
fn what_shows_the_promises_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let promises = text.split("## What is promised").nth(1).unwrap().split("\n## ").next().unwrap();
    for promise in promises.split("\n### ").skip(1) {
        let (title, evidence) = promise.split_once('\n').unwrap();
        let mut shown = 0;
        for name in evidence.split('`').skip(1).step_by(2) {
            if let Some((file, test)) = name.split_once("::") {
                assert!(is_a_test(file, test), "«{title}»: no test {test} in a file {file}");
                shown += 1;
            } else if name.starts_with(".ci/") {
                assert!(root.join(name).is_file(), "«{title}»: no {name}");
                shown += 1;
            }
        }
        assert!(shown > 1, "«{title}» is shown by nothing");
    }
}

#[test]
fn the_unit_is_as_shut_in_as_is_promised() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let unit = fs::read_to_string(root.join("deploy/chat-server.service")).unwrap();
    let promised = [
        "DynamicUser=yes",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "ProtectSystem=strict",
        "MemoryMax=512M",
        "LimitNOFILE=16384",
        "Restart=always",
    ];
    for line in promised {
        assert!(unit.lines().any(|written| written == line), "{line}");
    }
}

#[test]
fn the_guide_gives_the_same_commands_in_both_languages() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let commands = |name: &str| -> Vec<String> {
        let text = fs::read_to_string(root.join("deploy").join(name)).unwrap();
        text.lines().filter(|line| line.starts_with("    ")).map(str::to_owned).collect()
    };
    let english = commands("README.md");
    assert!(english.len() > 10, "{english:?}");
    assert_eq!(english, commands("README.es.md"));
}

#[test]
fn the_guide_knows_the_doctors_words() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let doctors: String =
        sources(&["client/src/doctor", "server/src/doctor"]).into_iter().map(|(_, code)| code).collect();
    for guide in ["deploy/README.md", "deploy/README.es.md"] {
        let text = fs::read_to_string(root.join(guide)).unwrap();
        let is_code =
            |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '-');
        let codes: Vec<_> = text.split('`').skip(1).step_by(2).filter(is_code).collect();
        assert!(codes.len() > 15, "{codes:?}");
        for code in codes {
            assert!(doctors.contains(&format!("\"{code}\"")), "{guide}: no doctor says {code}");
        }
    }
}

/// Whether a file of this name has this test, which is one that runs.
fn is_a_test(file: &str, test: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut todo: Vec<PathBuf> =
        ["protocol", "cli", "server", "client"].iter().map(|folder| root.join(folder)).collect();
    while let Some(path) = todo.pop() {
        if path.is_dir() {
            todo.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.ends_with(file) {
            let text = fs::read_to_string(&path).unwrap();
            let lines: Vec<_> = text.lines().map(str::trim).collect();
            let is_it = |pair: &[&str]| pair[0] == "#[test]" && pair[1].starts_with(&format!("fn {test}()"));
            if lines.windows(2).any(is_it) {
                return true;
            }
        }
    }
    false
}
