//! The results as tables for a person: a section for each scenario, and what became of the goals.
//!
//! A figure of a server stands beside its ratio to the floor, and to other servers that a reader may ask about,
//! where they were measured.

mod fanout;
mod goals;
mod idle;
mod largest;
mod memory;
mod slow_path;
mod small;
mod storm;

use crate::goals::{Subject, Verdict};
use crate::report::Report;
use crate::server::Kind;
use crate::stint::Outcome;
use crate::table::{figure, grouped};

/// Servers that the others are compared with, and how the ratio to them is called.
const REFERENCES: [(&str, &str); 3] = [("floor", "× floor"), ("coalesced", "× coal."), ("bun", "× bun")];

/// All that a report tells.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut sections = vec![heading(report)];
    sections.extend([
        fanout::section(report),
        memory::section(report),
        storm::section(report),
        idle::section(report),
        slow_path::section(report),
        largest::section(report),
        small::section(report),
        skipped(report),
        goals::section(report),
    ]);
    sections.retain(|section| !section.is_empty());
    format!("\n{}", sections.join("\n"))
}

fn heading(report: &Report) -> String {
    let machine = &report.machine;
    let rounds = match report.rounds {
        1 => "one round".to_owned(),
        rounds => format!("medians of {rounds} rounds (fewer of what takes long)"),
    };
    let cores = if report.pinned {
        "server and crowd on a core each"
    } else {
        "server and crowd share cores: only ratios mean something"
    };
    let mut text = format!(
        "{}, {} cores, {}; {cores}; {rounds}; commit {}\n\
         × is the ratio to another server in the same run. The floor does nothing but one send() per delivery; the\n\
         coalesced floor (coal.) one send() for all that there is to say to a user.\n",
        machine.processor.as_deref().unwrap_or("unknown processor"),
        machine.cores,
        machine.system,
        machine.commit.as_deref().unwrap_or("unknown"),
    );
    let silent: Vec<_> = servers(report).filter(|kind| !kind.announces()).map(Kind::name).collect();
    if !silent.is_empty() {
        text.push_str(&format!(
            "Newcomers are not announced by: {}. They have less to do in a login, and no storm.\n",
            silent.join(", ")
        ));
    }
    let hushed: Vec<_> = servers(report).filter(|kind| kind.peer().is_some()).map(Kind::name).collect();
    if !hushed.is_empty() {
        text.push_str(&format!(
            "But for the storm, where logins are the question, these are told not to announce newcomers either: {}.\n\
             That flatters them: N² messages one by one would take some of them minutes. Ours always announces.\n",
            hushed.join(", ")
        ));
    }
    let is_peer = |name: &str| Kind::ALL.into_iter().any(|kind| kind.name() == name && kind.peer().is_some());
    for about in report.servers.iter().filter(|about| is_peer(&about.name)) {
        text.push_str(&format!("{}: {}\n", about.name, about.version));
    }
    text
}

/// All servers that were measured.
fn servers(report: &Report) -> impl Iterator<Item = Kind> + '_ {
    Kind::ALL.into_iter().filter(|kind| {
        let is_this = |server: Kind| server == *kind;
        report.fanout.iter().any(|outcome| is_this(outcome.server))
            || report.memory.iter().any(|outcome| is_this(outcome.server))
            || report.slow_path.iter().any(|outcome| is_this(outcome.server))
            || report.idle.iter().any(|outcome| is_this(outcome.server))
    })
}

fn skipped(report: &Report) -> String {
    let lines =
        report.skipped.iter().map(|skip| format!("Skipped in {}: {}\n", skip.scenario.name(), skip.reason));
    lines.collect()
}

/// The figures of one kind in a table, and their ratios.
struct Comparison<'a, F> {
    outcomes: &'a [Outcome<F>],
    /// The servers that ratios are given to.
    references: Vec<(&'static str, &'static str)>,
}

impl<'a, F> Comparison<'a, F> {
    /// With those of the usual references that were measured and are in `wanted`.
    fn new(outcomes: &'a [Outcome<F>], wanted: &[&str]) -> Self {
        let is_measured = |name: &str| outcomes.iter().any(|outcome| outcome.server.name() == name);
        let references = REFERENCES.into_iter();
        let references = references.filter(|(name, _)| wanted.contains(name) && is_measured(name)).collect();
        Self { outcomes, references }
    }

    /// The heads of a figure's columns.
    fn heads(&self, title: &str) -> impl Iterator<Item = String> {
        std::iter::once(title.to_owned()).chain(self.references.iter().map(|(_, head)| (*head).to_owned()))
    }

    /// A figure's columns: the figure by `show`, and its ratios. Empty where it was not measured.
    fn cells(
        &self,
        outcome: &Outcome<F>,
        show: impl Fn(f64) -> String,
        of: impl Fn(&F) -> Option<f64>,
    ) -> Vec<String> {
        let value = of(&outcome.median);
        let mut cells = vec![value.map(show).unwrap_or_default()];
        cells.extend(self.references.iter().map(|(name, _)| {
            let is_it = |other: &&Outcome<F>| other.users == outcome.users && other.server.name() == *name;
            let reference = self.outcomes.iter().find(is_it).and_then(|other| of(&other.median));
            value.zip(reference).map(|(value, reference)| ratio(value / reference)).unwrap_or_default()
        }));
        cells
    }
}

/// What became of the goals that a line of a table has figures for; nothing if there are none.
fn goal_cell(report: &Report, server: Kind, users: usize, subject: Subject) -> String {
    let is_ours = |verdict: &&Verdict| {
        server == Kind::Chat
            && verdict.subject == subject
            && verdict.users == users
            && verdict.limit.is_some()
    };
    let verdicts: Vec<_> = report.goals.iter().filter(is_ours).collect();
    match verdicts.iter().all(|verdict| verdict.is_met) {
        _ if verdicts.is_empty() => "",
        true => "ok",
        false => "missed",
    }
    .to_owned()
}

fn head(columns: &str) -> Vec<String> {
    columns.split('|').map(str::to_owned).collect()
}

fn count(number: usize) -> String {
    grouped(number as u64)
}

fn ratio(value: f64) -> String {
    if value.abs() < 0.095 { format!("{value:.3}") } else { format!("{value:.2}") }
}

fn micros(nanos: f64) -> String {
    figure(nanos / 1e3)
}

fn millis(nanos: f64) -> String {
    figure(nanos / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::tests::report;
    use crate::scenario::Scenario;
    use crate::server::About;
    use crate::stint::Skip;

    /// The first line of a text that begins with these words.
    #[track_caller]
    fn line<'a>(text: &'a str, words: &[&str]) -> &'a str {
        let begins = |line: &&str| line.split_whitespace().take(words.len()).eq(words.iter().copied());
        text.lines().find(begins).unwrap_or_else(|| panic!("no line begins with {words:?}:\n{text}"))
    }

    #[test]
    fn a_figure_stands_beside_its_ratios_and_ours_beside_what_became_of_the_goals() {
        let mut report = report(&[100]);
        report.goals = crate::goals::verdicts(&report);
        let about = |name: &str| About {
            name: name.to_owned(),
            version: "version 1.2.3".to_owned(),
            announces: true,
        };
        report.servers = vec![about("chat"), about("bun")];
        let text = text(&report);
        assert!(text.contains("bun: version 1.2.3") && !text.contains("chat: version"), "{text}");
        let cpu = text.split("several in flight").nth(1).unwrap();
        // 1,000 ns is the floor's there, and ours three times that.
        assert!(line(cpu, &["100", "chat"]).contains("3,000      3.00      1.50"), "{cpu}");
        assert!(line(cpu, &["100", "chat"]).ends_with("missed"), "{cpu}");
        assert!(!line(cpu, &["100", "floor"]).contains("missed"), "{cpu}");
        assert!(line(&text, &["CPU,", "16", "in", "flight", "×", "floor"]).ends_with("missed"), "{text}");
        assert!(text.contains("Newcomers are not announced by: floor, coalesced."), "{text}");
        let hushed = "told not to announce newcomers either: libwebsockets, bun, ws, tokio, tokio-default.\n";
        assert!(text.contains(hushed), "{text}");
    }

    #[test]
    fn the_memory_table_says_who_announced_who_could_not_and_who_was_told_not_to() {
        let mut report = report(&[]);
        for (server, announces) in [(Kind::Floor, false), (Kind::Chat, true), (Kind::Ws, false)] {
            let median = crate::memory::Figures {
                before_bytes: None,
                after_bytes: None,
                per_user_bytes: None,
                login_ns: 1e9,
                login_cpu_ns: None,
            };
            let rounds = vec![median.clone()];
            report.memory.push(Outcome { server, users: 100, announces, median, rounds });
        }
        let text = text(&report);
        for (server, word) in [("floor", "no"), ("chat", "yes"), ("ws", "told")] {
            let line = line(&text, &["100", server]);
            assert_eq!(line.split_whitespace().nth(2), Some(word), "{line}");
        }
    }

    #[test]
    fn what_was_skipped_is_told() {
        let mut report = report(&[]);
        report.skipped.push(Skip { scenario: Scenario::Largest, reason: "too many".to_owned() });
        assert!(text(&report).contains("Skipped in largest: too many"));
    }
}
