//! The results that are kept in the work tree: the JSON, the pictures, and the part of `RESULTS.md` between two
//! markers. What stands around them is written by people and left alone.

use std::fs;
use std::path::{Path, PathBuf};

use chat_protocol::Timestamp;

use crate::report::Report;
use crate::{Result, plot, summary};

/// Where the results begin.
const BEGIN: &str = "<!-- results:begin -->";
/// Where they end.
const END: &str = "<!-- results:end -->";
/// What `git describe` adds to the commit of a changed work tree.
const DIRTY: &str = "-dirty";

/// Whether a record can be kept in this directory, before anything is measured for it.
///
/// # Errors
/// As the system reports them, or if `RESULTS.md` has not both markers.
pub fn check(directory: &Path) -> Result<()> {
    page(directory).and_then(|(_, text)| replaced(&text, "")).map(drop)
}

fn page(directory: &Path) -> Result<(PathBuf, String)> {
    let path = directory.join("RESULTS.md");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok((path, text))
}

/// Records a report in this directory. Returns what was written.
///
/// # Errors
/// As the system reports them, or if `RESULTS.md` has not both markers.
pub fn record(report: &Report, directory: &Path) -> Result<Vec<PathBuf>> {
    let (page, text) = page(directory)?;
    let text = replaced(&text, &results(report)?)?;
    let json = directory.join("results.json");
    let mut written = draw(report, &json)?;
    report.write_json(&json)?;
    fs::write(&page, text)?;
    written.extend([json, page]);
    Ok(written)
}

/// Draws the pictures of a report beside its JSON. Returns what was written.
///
/// # Errors
/// As the system reports them, or if there is nothing to draw.
pub fn draw(report: &Report, json: &Path) -> Result<Vec<PathBuf>> {
    let stem = json.file_stem().unwrap_or_default().to_string_lossy();
    let mut written = Vec::new();
    for (name, picture) in [("cpu", plot::cpu(report)?), ("latency", plot::latency(report)?)] {
        let path = json.with_file_name(format!("{stem}-{name}.svg"));
        fs::write(&path, picture).map_err(|error| format!("{}: {error}", path.display()))?;
        written.push(path);
    }
    Ok(written)
}

/// What stands between the markers.
fn results(report: &Report) -> Result<String> {
    let machine = &report.machine;
    let millis = i64::try_from(machine.unix_seconds)? * 1_000;
    let at = Timestamp::from_unix_millis(millis).to_string();
    let commit = match machine.commit.as_deref() {
        Some(commit) => match commit.strip_suffix(DIRTY) {
            Some(commit) => format!("commit `{commit}`, with changes that were not committed"),
            None => format!("commit `{commit}`"),
        },
        None => "an unknown commit".to_owned(),
    };
    Ok(format!(
        "| | |\n|---|---|\n| measured | {} |\n| machine | {}, {} cores, {} |\n| of | {commit} |\n| by | `{}` |\n\n\
         ![CPU per delivery against the number of users](results-cpu.svg)\n\n\
         ![Latency against the number of users](results-latency.svg)\n\n\
         ```text\n{}\n```\n",
        at.split('T').next().unwrap_or(&at),
        machine.processor.as_deref().unwrap_or("unknown processor"),
        machine.cores,
        machine.system,
        report.command,
        summary::text(report).trim(),
    ))
}

/// The text with other results between the markers.
fn replaced(text: &str, results: &str) -> Result<String> {
    let missing = |marker: &str| format!("RESULTS.md has no line {marker}");
    let (before, rest) = text.split_once(BEGIN).ok_or_else(|| missing(BEGIN))?;
    let (_, after) = rest.split_once(END).ok_or_else(|| missing(END))?;
    Ok(format!("{before}{BEGIN}\n\n{results}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::tests::report;

    #[test]
    fn only_what_is_between_the_markers_is_replaced() {
        let text = format!("above\n{BEGIN}\nold\n{END}\nbelow\n");
        let once = replaced(&text, "new").unwrap();
        assert_eq!(once, format!("above\n{BEGIN}\n\nnew\n{END}\nbelow\n"));
        assert_eq!(replaced(&once, "new").unwrap(), once);
    }

    #[test]
    fn a_page_without_markers_is_left_alone() {
        for text in ["", BEGIN, END, &format!("{END}{BEGIN}")] {
            assert!(replaced(text, "new").is_err(), "{text}");
        }
    }

    #[test]
    fn the_results_say_where_they_are_from_and_whether_the_tree_was_clean() {
        let mut report = report(&[10, 100]);
        report.machine.commit = Some("abc1234-dirty".to_owned());
        report.command = "cargo bench -- --record".to_owned();
        let text = results(&report).unwrap();
        for part in ["`abc1234`, with changes", "`cargo bench -- --record`", "1970-01-01", "chat", "floor"] {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
        report.machine.commit = Some("abc1234".to_owned());
        assert!(results(&report).unwrap().contains("| of | commit `abc1234` |"));
    }

    #[test]
    fn a_record_is_a_page_its_pictures_and_a_json_that_is_read_back() {
        let directory = own_directory();
        assert!(check(&directory).is_err(), "there is no page yet");
        fs::write(directory.join("RESULTS.md"), format!("mine\n{BEGIN}\n{END}\n")).unwrap();
        check(&directory).unwrap();
        let report = report(&[10, 100]);
        let written = record(&report, &directory).unwrap();
        assert_eq!(written.len(), 4);
        let read = Report::read_json(&directory.join("results.json")).unwrap();
        assert_eq!(read, report);
        let page = fs::read_to_string(directory.join("RESULTS.md")).unwrap();
        assert!(page.starts_with("mine\n") && page.contains("results-cpu.svg"), "{page}");
        let drawn = fs::read_to_string(directory.join("results-cpu.svg")).unwrap();
        fs::remove_file(directory.join("results-cpu.svg")).unwrap();
        draw(&read, &directory.join("results.json")).unwrap();
        assert_eq!(fs::read_to_string(directory.join("results-cpu.svg")).unwrap(), drawn);
        fs::remove_dir_all(directory).unwrap();
    }

    fn own_directory() -> PathBuf {
        let directory = std::env::temp_dir().join(format!("chat-benches-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        directory
    }
}
