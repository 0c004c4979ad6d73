//! What comes from others: every package from crates.io, under a licence that `deny.toml` allows, no more of them under
//! the server than were counted, and each direct dependency with its reason in CONTRIBUTING.md.
//!
//! `.ci/deny` asks cargo-deny the same and more where it is installed. This needs nothing but cargo and what it has
//! downloaded to build these tests.

#![allow(clippy::unwrap_used, reason = "a file that cannot be read fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What a cargo command says, which may not change the lock file. What it needs is there after a build of the workspace.
#[track_caller]
fn cargo(args: &[&str]) -> String {
    let cargo = Command::new(env!("CARGO")).args(args).arg("--locked").current_dir(root()).output();
    let output = cargo.unwrap();
    assert!(output.status.success(), "cargo {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The workspace's packages and all that they need on this system.
fn packages() -> Vec<Value> {
    let host = cargo_host();
    let text = cargo(&["metadata", "--format-version", "1", "--all-features", "--filter-platform", &host]);
    let metadata: Value = serde_json::from_str(&text).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// The triple of this system.
fn cargo_host() -> String {
    let output = Command::new(env!("CARGO")).arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// The strings of an array in deny.toml that stands in one line.
fn array(key: &str) -> BTreeSet<String> {
    let text = read("deny.toml");
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{key} = ["))).unwrap();
    let inside = line.strip_suffix(']').unwrap();
    inside.split(',').map(|item| item.trim().trim_matches('"').to_owned()).collect()
}

/// Whether an expression as crates write it, SPDX or with the old `/` for `OR`, can be met by these licences.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (verdict, rest) = any_of(&words, allowed);
    verdict && rest.is_empty()
}

/// `OR` binds weaker than `AND`.
fn any_of<'a>(words: &'a [&'a str], allowed: &BTreeSet<String>) -> (bool, &'a [&'a str]) {
    let (mut verdict, mut rest) = all_of(words, allowed);
    while let ["OR", more @ ..] = rest {
        let (other, left) = all_of(more, allowed);
        (verdict, rest) = (verdict | other, left);
    }
    (verdict, rest)
}

fn all_of<'a>(words: &'a [&'a str], allowed: &BTreeSet<String>) -> (bool, &'a [&'a str]) {
    let (mut verdict, mut rest) = one(words, allowed);
    while let ["AND", more @ ..] = rest {
        let (other, left) = one(more, allowed);
        (verdict, rest) = (verdict & other, left);
    }
    (verdict, rest)
}

fn one<'a>(words: &'a [&'a str], allowed: &BTreeSet<String>) -> (bool, &'a [&'a str]) {
    match words {
        ["(", inside @ ..] => match any_of(inside, allowed) {
            (verdict, [")", rest @ ..]) => (verdict, rest),
            (_, rest) => (false, rest),
        },
        // An exception is a licence of its own.
        [licence, "WITH", exception, rest @ ..] => {
            (allowed.contains(&format!("{licence} WITH {exception}")), rest)
        }
        [licence, rest @ ..] => (allowed.contains(*licence), rest),
        [] => (false, words),
    }
}

#[test]
fn every_package_of_the_lock_file_is_from_crates_io_or_ours() {
    let ours: BTreeSet<&str> =
        BTreeSet::from(["chat-benches", "chat-cli", "chat-client", "chat-protocol", "chat-server"]);
    let lock = read("Cargo.lock");
    let packages: Vec<&str> = lock.split("[[package]]").skip(1).collect();
    let field = |package: &str, key: &str| {
        let line =
            package.lines().find_map(|line| line.strip_prefix(&format!("{key} = \"")).map(str::to_owned));
        line.map(|rest| rest.trim_end_matches('"').to_owned())
    };
    assert!(packages.len() > 100, "only {} packages: is this the lock file?", packages.len());
    for package in packages {
        let name = field(package, "name").unwrap();
        match field(package, "source") {
            Some(source) => {
                assert_eq!(source, CRATES_IO, "{name}");
                assert!(
                    field(package, "checksum").is_some_and(|sum| sum.len() == 64),
                    "{name} has no checksum"
                );
            }
            None => assert!(ours.contains(name.as_str()), "{name} is from a path or from nowhere"),
        }
    }
}

#[test]
fn every_licence_is_one_that_deny_toml_allows() {
    let allowed = array("allow");
    let packages = packages();
    assert!(packages.len() > 100, "only {} packages", packages.len());
    for package in packages {
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(is_allowed(licence, &allowed), "{} is under «{licence}»", package["name"]);
    }
}

#[test]
fn an_expression_is_met_or_not() {
    let allowed = BTreeSet::from(["MIT".to_owned(), "Unicode-3.0".to_owned()]);
    for expression in ["MIT", "GPL-3.0 OR MIT", "Apache-2.0/MIT", "(MIT OR Apache-2.0) AND Unicode-3.0"] {
        assert!(is_allowed(expression, &allowed), "{expression}");
    }
    for expression in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "(MIT OR GPL-3.0) AND GPL-3.0",
        "MIT WITH Extra",
        "(MIT",
        "MIT MIT",
    ] {
        assert!(!is_allowed(expression, &allowed), "{expression}");
    }
}

#[test]
fn the_server_is_made_of_no_more_packages_than_were_counted() {
    let tree = cargo(&["tree", "-p", "chat-server", "-e", "normal", "--prefix", "none", "--format", "{p}"]);
    let packages: BTreeSet<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    // How many they may be stands in one place, beside the reasons.
    let text = read("CONTRIBUTING.md");
    let before = text.split(" packages in all").next().unwrap();
    let counted: usize = before.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap();
    assert!(packages.len() > 10, "{packages:#?}");
    assert!(packages.len() <= counted, "{} packages, not {counted}: {packages:#?}", packages.len());
}

#[test]
fn every_direct_dependency_has_its_reason() {
    let contributing = read("CONTRIBUTING.md");
    let section = contributing.split("## Dependencies").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    // What was given from the start stands in the first paragraph, the others in the first column of the table.
    let (chosen, table) = section.split_once("| crate |").unwrap();
    let mut known: BTreeSet<&str> = words(chosen).collect();
    for row in table.lines().filter_map(|line| line.strip_prefix("| ")) {
        let (crates, reason) = row.split_once('|').unwrap();
        assert!(reason.len() > 10, "no reason: {row}");
        known.extend(words(crates));
    }
    let mut wanted: BTreeMap<String, String> = BTreeMap::new();
    for package in packages().iter().filter(|package| package["source"].is_null()) {
        for dependency in package["dependencies"].as_array().unwrap() {
            if dependency["path"].is_null() {
                let name = dependency["name"].as_str().unwrap().to_owned();
                wanted.insert(name, package["name"].to_string());
            }
        }
    }
    assert!(wanted.len() > 20, "{wanted:?}");
    for (dependency, package) in wanted {
        assert!(
            known.contains(dependency.as_str()),
            "{dependency}, for {package}, has no row in CONTRIBUTING.md"
        );
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').filter(|word| !word.is_empty())
}
