//! Facts written out by hand, and what is said about them.

use chat_protocol::Lang;

use super::*;
use crate::doctor::facts::*;
use crate::doctor::finding::Status;
use crate::doctor::report::Report;

const NO_RULES: &str = r#"{"nftables": []}"#;
const NFT_DROPS: &str = r#"{"nftables": [{"chain": {"family": "ip", "table": "own", "name": "in", "type": "filter",
    "hook": "input", "prio": 0, "policy": "drop"}}]}"#;
const INSIDE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(172, 31, 5, 9));

fn address(ip: &str, interface: &str) -> Address {
    Address { ip: ip.parse().unwrap(), interface: interface.to_owned() }
}

/// A cloud machine on which all is well and nothing runs yet.
fn well() -> Facts {
    let text = |text: &str| Listing::Text(text.to_owned());
    Facts {
        attempt: Attempt::Free,
        listeners: Some(vec![]),
        answer: Answer::NotAsked,
        addresses: Some(vec![
            address("127.0.0.1", "lo"),
            address("172.31.5.9", "ens5"),
            address("fe80::1", "ens5"),
        ]),
        speaks_from: [Some(INSIDE), None],
        metadata: Metadata::PublicAddress("13.58.224.87".parse().unwrap()),
        firewall: Firewall {
            nft_json: text(NO_RULES),
            nft_text: text(""),
            iptables: vec![Listing::Absent],
            ip6tables: vec![Listing::Absent],
            ufw: text("Status: inactive"),
        },
        is_root: false,
        descriptors: Descriptors { soft: Some(1_024), hard: Some(1_048_576), of_the_server: false },
        memory: Memory { available: Some(700 << 20), group: Room::Unlimited },
        clock: Clock { unix_seconds: 1_764_000_000, is_synchronized: Some(true) },
    }
}

fn config(lang: Lang) -> Config {
    Config { port: 8888, lang, ..Config::default() }
}

fn listener(ip: &str, holder: Option<&str>) -> Listener {
    let holder = holder.map(|program| Holder { pid: 42, program: program.to_owned() });
    Listener { address: ip.parse().unwrap(), holder }
}

/// Held by a server of ours that answers.
fn running(ip: &str) -> Facts {
    Facts {
        attempt: Attempt::InUse,
        listeners: Some(vec![listener(ip, Some("chat-server"))]),
        answer: Answer::ChatServer,
        ..well()
    }
}

fn findings(facts: &Facts) -> Vec<Finding> {
    Case { config: &config(Lang::English), facts }.findings()
}

/// The finding with this code; it must be there, and must say the same in both languages' terms: that there is
/// something to do exactly if it is not well.
#[track_caller]
fn finding(facts: &Facts, code: &str) -> Finding {
    for lang in [Lang::Spanish, Lang::English] {
        for finding in (Case { config: &config(lang), facts }).findings() {
            assert!(!finding.meaning.is_empty() && !finding.meaning.contains('\n'), "{finding:?}");
            assert!(finding.status == Status::Clear || finding.next.is_some(), "{finding:?}");
        }
    }
    let all = findings(facts);
    all.iter().find(|finding| finding.code == code).cloned().unwrap_or_else(|| panic!("no {code}: {all:#?}"))
}

#[track_caller]
fn assert_finding(facts: &Facts, code: &str, status: Status, words: &[&str]) {
    let finding = finding(facts, code);
    assert_eq!(finding.status, status, "{finding:?}");
    let said = format!("{} {}", finding.meaning, finding.next.unwrap_or_default());
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
}

fn commands(facts: &Facts, config: &Config) -> Vec<(Reach, String)> {
    let clients = Case { config, facts }.clients();
    clients.into_iter().map(|client| (client.reach, client.address.to_string())).collect()
}

#[test]
fn where_all_is_well_nothing_is_in_the_way_and_the_command_has_the_public_address() {
    let facts = well();
    let config = config(Lang::Spanish);
    let report = Report::of(Case { config: &config, facts: &facts });
    assert!(!report.is_anything_in_the_way());
    let text = report.text();
    for line in [
        "[ok] PORT-FREE: El puerto 8888 está libre.",
        "Regla de entrada en el proveedor: TCP, puerto 8888, desde 0.0.0.0/0 (o solo desde su gente).",
        "Desde cualquier parte: chat-client SU_NOMBRE 13.58.224.87 8888",
        "Desde la misma red: chat-client SU_NOMBRE 172.31.5.9 8888",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.ends_with("Desde la misma red: chat-client SU_NOMBRE 172.31.5.9 8888"), "{text}");
}

#[test]
fn a_port_is_free_held_forbidden_or_unknown() {
    assert_finding(&well(), "PORT-FREE", Status::Clear, &["8888"]);
    let held = |listeners, answer| Facts { attempt: Attempt::InUse, listeners, answer, ..well() };
    let by_nginx =
        held(Some(vec![listener("0.0.0.0", Some("nginx"))]), Answer::Other("HTTP/1.1 404\r\n".into()));
    assert_finding(
        &by_nginx,
        "PORT-HELD",
        Status::InTheWay,
        &["nginx (process 42)", "HTTP/1.1 404\\r\\n", "kill 42"],
    );
    let by_somebody = held(Some(vec![listener("0.0.0.0", None)]), Answer::Silence);
    assert_finding(&by_somebody, "PORT-HELD", Status::InTheWay, &["somebody this user cannot see", "sudo"]);
    assert_finding(&held(None, Answer::Silence), "PORT-HELD", Status::InTheWay, &["cannot see"]);
    let forbidden = Facts { attempt: Attempt::Forbidden, ..well() };
    assert_finding(&forbidden, "PORT-FORBIDDEN", Status::InTheWay, &["1024"]);
    assert_finding(
        &Facts { attempt: Attempt::NoSuchAddress, ..well() },
        "ADDRESS-ABSENT",
        Status::InTheWay,
        &[],
    );
    let failed = Facts { attempt: Attempt::Failed("\u{1b}odd".into()), ..well() };
    assert_finding(&failed, "PORT-UNKNOWN", Status::Unknown, &["\\x1bodd"]);
}

#[test]
fn a_running_server_answers_or_is_silent_and_may_be_somebody_elses() {
    assert_finding(&running("::"), "SERVER-ANSWERS", Status::Clear, &["chat-server (process 42)"]);
    let unseen = Facts { listeners: Some(vec![listener("::", None)]), ..running("::") };
    assert_finding(&unseen, "SERVER-ANSWERS", Status::Clear, &["cannot see"]);
    let silent = Facts { answer: Answer::Silence, ..running("::") };
    assert_finding(&silent, "SERVER-SILENT", Status::InTheWay, &["process 42"]);
    let untold = Facts { listeners: None, ..running("::") };
    assert_finding(&untold, "LISTENS-UNKNOWN", Status::Unknown, &[]);
}

#[test]
fn listening_on_loopback_only_is_in_the_way_and_on_all_addresses_is_not() {
    for ip in ["127.0.0.1", "::1", "127.0.0.9"] {
        assert_finding(&running(ip), "LOOPBACK-ONLY", Status::InTheWay, &[ip, "without --bind"]);
        let this_machine = vec![(Reach::ThisMachine, ip.to_owned())];
        assert_eq!(commands(&running(ip), &config(Lang::English)), this_machine);
    }
    for ip in ["::", "0.0.0.0"] {
        assert_finding(&running(ip), "LISTENS-ALL", Status::Clear, &[]);
    }
    assert_finding(&running("172.31.5.9"), "LISTENS-SOME", Status::Clear, &["172.31.5.9"]);
    // One that is to start listens where --bind says.
    let bound = Config { bind: Some("127.0.0.1".parse().unwrap()), ..config(Lang::English) };
    let all = Case { config: &bound, facts: &well() }.findings();
    assert!(all.iter().any(|finding| finding.code == "LOOPBACK-ONLY"), "{all:?}");
    // Of somebody else's port nothing is said.
    let other = Facts {
        listeners: Some(vec![listener("127.0.0.1", Some("nginx"))]),
        answer: Answer::Silence,
        ..running("::")
    };
    assert!(!findings(&other).iter().any(|it| it.code.starts_with("L")));
}

#[test]
fn addresses_are_told_apart_and_none_is_in_the_way() {
    assert_finding(&well(), "ADDRESSES", Status::Clear, &["public: none", "private: 172.31.5.9 (ens5)"]);
    let only = |ip| Facts { addresses: Some(vec![address(ip, "x")]), ..well() };
    assert_finding(&only("127.0.0.1"), "ADDRESSES-NONE", Status::InTheWay, &[]);
    assert_finding(&only("fe80::1"), "ADDRESSES-NONE", Status::InTheWay, &["fe80::1"]);
    assert_finding(&Facts { addresses: None, ..well() }, "ADDRESSES-UNKNOWN", Status::Unknown, &[]);
    assert_finding(&only("8.8.4.4"), "ADDRESSES", Status::Clear, &["public: 8.8.4.4 (x); private: none"]);
}

#[test]
fn the_public_address_is_the_clouds_or_the_machines_own_or_unknown_but_never_no() {
    let with = |metadata| Facts { metadata, ..well() };
    assert_finding(&well(), "PUBLIC-ADDRESS", Status::Clear, &["13.58.224.87"]);
    assert_finding(&with(Metadata::NoPublicAddress), "PUBLIC-ADDRESS-NONE", Status::Note, &["provider"]);
    for (metadata, why) in [
        (Metadata::NotAsked, "--no-metadata"),
        (Metadata::NoAnswer, "no metadata service answers"),
        (Metadata::NotVersion2, "version 2"),
        (Metadata::Nonsense, "did not give an address"),
    ] {
        assert_finding(&with(metadata), "PUBLIC-ADDRESS-UNKNOWN", Status::Unknown, &[why, "unknown"]);
    }
    let own = Facts {
        addresses: Some(vec![address("2600::9", "a"), address("8.8.4.4", "a")]),
        ..with(Metadata::NoAnswer)
    };
    assert_finding(&own, "PUBLIC-ADDRESS", Status::Clear, &["8.8.4.4"]);
}

#[test]
fn the_command_has_the_widest_address_there_is() {
    let english = config(Lang::English);
    let at_home = Facts { metadata: Metadata::NoAnswer, ..well() };
    assert_eq!(commands(&at_home, &english), [(Reach::SameNetwork, "172.31.5.9".to_owned())]);
    let alone = Facts { addresses: Some(vec![]), speaks_from: [None; 2], ..at_home.clone() };
    assert_eq!(commands(&alone, &english), [(Reach::ThisMachine, "127.0.0.1".to_owned())]);
    let six = Facts {
        addresses: Some(vec![address("2600::9", "a"), address("fd00::9", "a")]),
        speaks_from: [None, Some("2600::9".parse().unwrap())],
        ..at_home.clone()
    };
    let expected = [(Reach::Anywhere, "2600::9".to_owned()), (Reach::SameNetwork, "fd00::9".to_owned())];
    assert_eq!(commands(&six, &english), expected);
    assert!(Case { config: &english, facts: &six }.rule().contains("from ::/0"));
    // Bound to the address that the cloud leads to, and to another one.
    let bound = |ip: &str| Config { bind: Some(ip.parse().unwrap()), ..config(Lang::English) };
    let expected =
        [(Reach::Anywhere, "13.58.224.87".to_owned()), (Reach::SameNetwork, "172.31.5.9".to_owned())];
    assert_eq!(commands(&well(), &bound("172.31.5.9")), expected);
    assert_eq!(commands(&well(), &bound("10.0.0.1")), [(Reach::SameNetwork, "10.0.0.1".to_owned())]);
}

#[test]
fn a_firewall_drops_lets_through_or_cannot_be_told_and_says_why() {
    let with = |nft_json| Facts { firewall: Firewall { nft_json, ..well().firewall }, ..well() };
    assert_finding(&well(), "FIREWALL-OPEN", Status::Clear, &["TCP 8888", "IPv4"]);
    assert_finding(
        &with(Listing::Text(NFT_DROPS.to_owned())),
        "FIREWALL-DROPS",
        Status::InTheWay,
        &["«table ip own chain in policy drop»", "sudo nft insert rule ip own in tcp dport 8888 accept"],
    );
    let refused = Listing::Refused("Operation not permitted (you must be root)".to_owned());
    let words = ["nftables: not readable without root", "unknown", "sudo chat-server --doctor 8888"];
    assert_finding(&with(refused.clone()), "FIREWALL-UNKNOWN", Status::Unknown, &words);
    let by_root = Facts { is_root: true, ..with(refused) };
    assert_finding(
        &by_root,
        "FIREWALL-UNKNOWN",
        Status::Unknown,
        &["not even root", "outside of the container"],
    );
    assert_finding(&with(Listing::Absent), "FIREWALL-UNKNOWN", Status::Unknown, &["not installed"]);
    let elsewhere = NFT_DROPS.replace("drop", "accept").replace(
        "}}]}",
        r#"}}, {"rule": {"family": "ip", "table": "own", "chain": "in", "expr": [{"dnat": {"addr": "10.0.0.9"}}]}}]}"#,
    );
    let words = ["10.0.0.9", "cannot be decided from here", "--explain FIREWALL-UNKNOWN"];
    assert_finding(&with(Listing::Text(elsewhere)), "FIREWALL-UNKNOWN", Status::Unknown, &words);
    let odd = Listing::Refused("\u{1b}[31modd".to_owned());
    assert_finding(&with(odd), "FIREWALL-UNKNOWN", Status::Unknown, &["«\\x1b[31modd»"]);
}

#[test]
fn what_holds_for_one_family_only_is_said_of_that_one() {
    let facts = Facts {
        addresses: Some(vec![address("172.31.5.9", "a"), address("2600::9", "a")]),
        firewall: Firewall { nft_json: Listing::Text(NFT_DROPS.to_owned()), ..well().firewall },
        ..well()
    };
    assert_finding(&facts, "FIREWALL-DROPS", Status::InTheWay, &["(IPv4)"]);
    assert_finding(&facts, "FIREWALL-OPEN", Status::Clear, &["(IPv6)"]);
    // Whom --bind leaves out does not matter.
    let six = Config { bind: Some("2600::9".parse().unwrap()), ..config(Lang::English) };
    let findings = Case { config: &six, facts: &facts }.findings();
    assert!(!findings.iter().any(|finding| finding.code == "FIREWALL-DROPS"), "{findings:?}");
}

#[test]
fn descriptors_and_memory_are_enough_too_few_or_unknown() {
    assert_finding(&well(), "DESCRIPTORS-OK", Status::Clear, &["1048544 users"]);
    let unlimited = Descriptors { soft: None, hard: None, of_the_server: false };
    assert_finding(
        &Facts { descriptors: unlimited, ..well() },
        "DESCRIPTORS-OK",
        Status::Clear,
        &["everybody"],
    );
    let few = Descriptors { soft: Some(64), hard: Some(64), of_the_server: true };
    let words = ["running server", "32 users", "of the 10000", "LimitNOFILE=10288", "--max-clients 32"];
    assert_finding(&Facts { descriptors: few, ..well() }, "DESCRIPTORS-LOW", Status::InTheWay, &words);

    let memory = |available, group| Facts { memory: Memory { available, group }, ..well() };
    assert_finding(&well(), "MEMORY-OK", Status::Clear, &["700 MiB", "no limit"]);
    let tight = memory(Some(700 << 20), Room::Bytes(30 << 20));
    assert_finding(&tight, "MEMORY-LOW", Status::InTheWay, &["about 1024 users", "--max-clients 1024"]);
    assert_finding(&memory(Some(700 << 20), Room::Unknown), "MEMORY-OK", Status::Clear, &["group: unknown"]);
    assert_finding(&memory(None, Room::Unknown), "MEMORY-UNKNOWN", Status::Unknown, &["unknown"]);
}

#[test]
fn a_clock_is_right_wrong_adrift_or_unknown() {
    let with =
        |unix_seconds, is_synchronized| Facts { clock: Clock { unix_seconds, is_synchronized }, ..well() };
    assert_finding(&well(), "CLOCK-OK", Status::Clear, &["2025-11-24"]);
    for seconds in [0, i64::MAX, 1_704_067_199, 4_102_444_800] {
        assert_finding(&with(seconds, Some(true)), "CLOCK-WRONG", Status::InTheWay, &[]);
    }
    assert_finding(&with(1_764_000_000, Some(false)), "CLOCK-UNSYNCHRONIZED", Status::Note, &["set-ntp"]);
    assert_finding(&with(1_764_000_000, None), "CLOCK-UNKNOWN", Status::Unknown, &["unknown"]);
}

#[test]
fn programs_get_the_same_as_people() {
    let facts = Facts { answer: Answer::Silence, ..running("::") };
    let config = config(Lang::English);
    let report = Report::of(Case { config: &config, facts: &facts });
    assert!(report.is_anything_in_the_way());
    let more = "In the way: SERVER-SILENT.\nMore: chat-server --explain SERVER-SILENT\n";
    assert!(report.text().contains(more), "{}", report.text());
    let well = well();
    let nothing = Report::of(Case { config: &config, facts: &well }).text();
    assert!(!nothing.contains("--explain"), "of nothing there is no more to say: {nothing}");
    let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
    assert_eq!(json["port"], 8888);
    assert_eq!(json["in_the_way"], serde_json::json!(["SERVER-SILENT"]));
    assert_eq!(
        json["listeners"][0],
        serde_json::json!({ "address": "::", "pid": 42, "program": "chat-server" })
    );
    assert_eq!(json["addresses"][1]["kind"], "private");
    assert_eq!(json["clients"][0]["command"], "chat-client YOUR_NAME 13.58.224.87 8888");
    let silent = &json["findings"][0];
    assert_eq!((&silent["code"], &silent["status"]), (&"SERVER-SILENT".into(), &"problem".into()));
    assert!(silent["meaning"].is_string() && silent["next"].is_string());
    let unknown = Facts { addresses: None, listeners: None, ..facts };
    let json = Report::of(Case { config: &config, facts: &unknown }).json();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(json["addresses"].is_null() && json["listeners"].is_null(), "unknown is not an empty list");
}
