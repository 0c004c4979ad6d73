//! `--generate`: the man page and the shells' completions, made from the same description of the arguments that
//! parses them, so that they cannot say anything else. They go to stdout: whoever installed with `cargo install`
//! has the program and nothing beside it.

use std::io;

use chat_protocol::Lang;
use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

/// What `--generate` takes, in the order of the help.
pub const KINDS: [&str; 4] = ["man", "bash", "zsh", "fish"];

/// The text that `--generate` asks for; `None` if it knows no such kind.
#[must_use]
pub fn generate(mut command: Command, kind: &str, lang: Lang) -> Option<String> {
    let mut bytes = Vec::new();
    let shell = match kind {
        "man" => {
            man(command, lang, &mut bytes).ok()?;
            return String::from_utf8(bytes).ok();
        }
        "bash" => Shell::Bash,
        "zsh" => Shell::Zsh,
        "fish" => Shell::Fish,
        _ => return None,
    };
    let program = command.get_name().to_owned();
    clap_complete::generate(shell, &mut command, program, &mut bytes);
    String::from_utf8(bytes).ok()
}

/// Of a program's texts, `after_long_help` is the man page's alone: sections, each with a line in capitals above.
/// Without it the page ends as the help does.
fn man(command: Command, lang: Lang, out: &mut Vec<u8>) -> io::Result<()> {
    let notes = lang.pick("NOTAS", "NOTES");
    let sections = command
        .get_after_long_help()
        .map(ToString::to_string)
        .or_else(|| command.get_after_help().map(|help| format!("{notes}\n{help}")))
        .unwrap_or_default();
    let page = Man::new(command).manual(lang.pick("Manual de usuario", "User manual"));
    let mut text = Vec::new();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    let mut roff = Roff::default();
    for line in sections.lines() {
        if line.is_empty() {
            continue;
        }
        if is_heading(line) {
            roff.control("SH", [line]);
        } else {
            roff.control("PP", []);
            roff.text([roman(line)]);
        }
    }
    roff.to_writer(&mut text)?;
    out.extend(headings(&String::from_utf8_lossy(&text), lang).into_bytes());
    Ok(())
}

fn is_heading(line: &str) -> bool {
    line.chars().all(|c| c.is_uppercase() || c == ' ')
}

/// clap_mangen's own headings are English.
fn headings(text: &str, lang: Lang) -> String {
    let known = [
        ("NAME", "NOMBRE"),
        ("SYNOPSIS", "SINOPSIS"),
        ("DESCRIPTION", "DESCRIPCIÓN"),
        ("OPTIONS", "OPCIONES"),
    ];
    let heading = |line: &str| {
        let english = line.strip_prefix(".SH ")?;
        let (_, spanish) = known.into_iter().find(|(known, _)| *known == english)?;
        Some(format!(".SH {}", lang.pick(spanish, english)))
    };
    text.lines().map(|line| heading(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    fn command() -> Command {
        Command::new("demo")
            .version("1.2.3")
            .about("Para probar")
            .arg(Arg::new("bind").long("bind").value_name("IP").help("Dónde"))
            .arg(Arg::new("port").value_name("PUERTO").required(true).help(".Puerto"))
            .after_long_help("ESTADO DE SALIDA\n0 bien.\n1 mal.")
    }

    #[test]
    fn every_kind_names_the_options_and_others_are_none() {
        for kind in KINDS {
            let text = generate(command(), kind, Lang::Spanish).unwrap();
            assert!(text.replace('\\', "").contains("bind"), "{kind}: {text}");
        }
        assert_eq!(generate(command(), "tcsh", Lang::Spanish), None);
    }

    #[test]
    fn without_sections_of_its_own_the_man_page_has_the_end_of_the_help() {
        let command = Command::new("demo").version("1.2.3").after_help("Registro: en stderr.");
        let text = generate(command, "man", Lang::Spanish).unwrap();
        assert!(text.contains(".SH NOTAS\n.PP\nRegistro: en stderr."), "{text}");
    }

    #[test]
    fn the_man_page_has_its_sections_in_the_language() {
        let headings = |lang| {
            let text = generate(command(), "man", lang).unwrap();
            assert!(!text.contains("\n.Puerto"), "a dot at the beginning of a line is a command: {text}");
            text.lines().filter_map(|line| line.strip_prefix(".SH ").map(str::to_owned)).collect::<Vec<_>>()
        };
        let own = "\"ESTADO DE SALIDA\"";
        assert_eq!(headings(Lang::Spanish), ["NOMBRE", "SINOPSIS", "DESCRIPCIÓN", "OPCIONES", own]);
        assert_eq!(headings(Lang::English), ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", own]);
    }
}
