//! The command line, as users write it.

use super::*;

fn task(args: &[&str]) -> Result<Task, Stop> {
    let args: Vec<_> =
        std::iter::once("chat-client").chain(args.iter().copied()).map(OsString::from).collect();
    parse(&args, Lang::Spanish)
}

#[track_caller]
fn parsed(args: &[&str]) -> Result<Args, Stop> {
    match task(args)? {
        Task::Chat(args) => Ok(args),
        other => panic!("expected a chat, got {other:?}"),
    }
}

#[track_caller]
fn usage(args: &[&str]) -> String {
    match parsed(args) {
        Err(Stop::Usage(sentence)) => sentence,
        other => panic!("expected a usage error, got {other:?}"),
    }
}

const OPTIONS: [&str; 12] = [
    "simple",
    "literal",
    "config",
    "print-config",
    "doctor",
    "json",
    "idle",
    "explain",
    "lang",
    "generate",
    "help",
    "version",
];

#[test]
fn man_page_and_completions_name_every_option() {
    for kind in ["man", "bash", "zsh", "fish"] {
        let Err(Stop::Answer(text)) = parsed(&["--generate", kind]) else { panic!("no {kind}") };
        // roff escapes hyphens.
        let text = text.replace("\\-", "-");
        for option in OPTIONS {
            let name = if kind == "fish" { format!("-l {option} ") } else { format!("--{option}") };
            assert!(text.contains(&name), "{name} in {kind}");
        }
    }
}

#[test]
fn help_fits_a_screen_in_both_languages() {
    for lang in [Lang::Spanish, Lang::English] {
        let args = ["chat-client", "--help"].map(OsString::from);
        let Err(Stop::Answer(help)) = parse(&args, lang) else { panic!("no help") };
        assert!(help.lines().count() <= 24, "{} lines:\n{help}", help.lines().count());
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        for option in OPTIONS {
            let is_named = |word: &str| word.trim_end_matches(',') == format!("--{option}");
            assert!(help.split(' ').any(is_named), "{option}:\n{help}");
        }
        let language =
            lang.pick("Uso: chat-client [OPCIONES] <USUARIO>", "Usage: chat-client [OPTIONS] <USER>");
        assert!(help.contains(language), "{help}");
    }
}

#[test]
fn what_can_be_asked_for_needs_no_server() {
    for args in [&["--print-config"][..], &["--version"], &["--generate", "fish"]] {
        assert!(matches!(parsed(args), Err(Stop::Answer(_))), "{args:?}");
    }
    assert!(
        parsed(&["--", "--print-config", "h", "1"]).is_ok_and(|args| args.user.as_str() == "--print-config")
    );
}

#[test]
fn an_examination_needs_no_user() {
    let target = Target { host: "h".into(), port: 80 };
    let request = Request { target: target.clone(), user: None, idle: None };
    for args in
        [&["--doctor", "h", "80"][..], &["h", "80", "--doctor"], &["h", "--lang", "en", "--doctor", "80"]]
    {
        assert_eq!(task(args), Ok(Task::Examine { request: request.clone(), json: false }), "{args:?}");
    }
    let ana = UserName::parse("ana").unwrap();
    let request = Request { target, user: Some(ana), idle: Some(Duration::from_secs(60)) };
    let args = ["--doctor", "--json", "ana", "h", "80", "--idle", "60"];
    assert_eq!(task(&args), Ok(Task::Examine { request, json: true }));
}

#[test]
fn what_an_examination_lacks_is_told() {
    for (args, sentence) in [
        (&["--doctor"][..], "faltan <SERVIDOR>, <PUERTO>"),
        (&["--doctor", "h"], "falta <PUERTO>"),
        (&["--doctor", "ana", "h"], "«h» no vale para <PUERTO>"),
        (&["--doctor", "a b", "h", "80"], "«a b» no vale para <USUARIO>"),
        (&["--doctor", "ana", "h", "80", "x"], "no entiendo el argumento «x»"),
        (&["--doctor", "h", "80", "--idle", "60"], "--idle necesita un <USUARIO>"),
        (&["--doctor", "ana", "h", "80", "--idle", "0"], "segundos, de 1 a 86400"),
        (&["--doctor", "--idle", "0", "ana", "h", "80"], "segundos, de 1 a 86400"),
        (&["--doctor", "ana", "h", "80", "--lang", "fr"], "«fr» no vale para --lang"),
        (&["--doctor", "ana", "h", "80", "--bogus"], "no entiendo el argumento «--bogus»"),
        (&["--doctor", "h", "80", "--idle"], "falta el valor de --idle"),
        (&["--json", "ana", "h", "80"], "falta --doctor"),
        (&["--idle", "9", "ana", "h", "80"], "falta --doctor"),
    ] {
        let said = match task(args) {
            Err(Stop::Usage(said)) => said,
            other => panic!("{args:?}: {other:?}"),
        };
        assert!(said.contains(sentence), "{args:?}: {said}");
    }
}

#[test]
fn a_code_is_explained_and_an_unknown_one_lists_all() {
    for code in Code::ALL {
        let Err(Stop::Answer(text)) = task(&["--explain", &code.as_str().to_lowercase()]) else {
            panic!("{code:?}")
        };
        assert!(text.starts_with(code.as_str()), "{text}");
    }
    let Err(Stop::Usage(text)) = task(&["--explain=NADA\u{1b}"]) else { panic!("it is explained") };
    assert!(Code::ALL.iter().all(|code| text.contains(code.as_str())) && !text.contains('\u{1b}'), "{text}");
    assert!(usage(&["--explain"]).contains("falta el valor de --explain"));
}

#[test]
fn servers_are_named_by_name_ipv4_or_ipv6() {
    for (raw, host) in [("chat.gt", "chat.gt"), ("10.0.0.5", "10.0.0.5"), ("::1", "::1"), ("[::1]", "::1")] {
        let args = parsed(&["ana", raw, "8080"]).unwrap();
        assert_eq!(args.target, Target { host: host.into(), port: 8080 });
        assert!(!args.simple && !args.literal);
    }
    assert!(parsed(&["ana", "h", "1", "--literal"]).is_ok_and(|args| args.simple && args.literal));
}

#[test]
fn a_bad_name_host_or_port_is_a_usage_error_that_says_what_is_right() {
    assert_eq!(
        usage(&["ana maría", "h", "1"]),
        "chat-client: «ana maría» no vale para <USUARIO>: un nombre tiene letras, números, _ - . y nada más. Vea chat-client --help"
    );
    for (host, port) in [("h:80", "1"), ("", "1"), ("a b", "1"), ("h", "0"), ("h", "65536"), ("h", "x")] {
        assert!(usage(&["ana", host, port]).contains("no vale para"), "{host} {port}");
    }
    assert!(usage(&["server", "h", "1"]).contains("ese nombre es del servidor"));
    assert!(usage(&["ana", "h"]).contains("falta <PUERTO>"));
}
