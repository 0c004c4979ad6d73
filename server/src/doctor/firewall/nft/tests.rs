//! Rules as nft wrote them, and as it could: what becomes of a newcomer by each.

use std::net::IpAddr;

use super::*;

/// As nft 1.0.6 wrote them.
const JSON: &str = include_str!("../samples/nft.json");
const TEXT: &str = include_str!("../samples/nft.txt");

fn newcomer(port: u16) -> Newcomer {
    let address = Some(IpAddr::from([192, 0, 2, 1]));
    Newcomer { port, family: Family::V4, interface: Some("eth0".to_owned()), address }
}

fn recorded(newcomer: &Newcomer) -> Judgement {
    judgement(JSON, TEXT, newcomer, &[]).unwrap()
}

#[test]
fn a_recorded_set_of_rules_lets_in_what_it_says() {
    for port in [22, 79, 80, 443, 8000, 8070, 8082, 8084, 8086, 8091, 8093] {
        assert_eq!(recorded(&newcomer(port)).verdict, Verdict::LetsThrough, "{port}");
    }
}

#[test]
fn a_recorded_set_of_rules_drops_what_it_says_and_is_quoted() {
    let policy = "table inet filter chain input policy drop";
    for (port, quote) in [
        (8081, "tcp dport 8081 counter packets 0 bytes 0 log prefix \"evil\" reject with tcp reset"),
        (81, "tcp dport vmap { 23 : jump ssh, 81 : drop }"),
        (8088, "tcp dport 8087-8089 drop"),
        // Accepted for UDP only, jumps away and does not come back, jumps and comes back, nowhere named.
        (8085, policy),
        (8083, policy),
        (23, policy),
        (9999, policy),
    ] {
        let judgement = recorded(&newcomer(port));
        assert_eq!(judgement.verdict, Verdict::Drops(quote.to_owned()), "{port}");
        assert_eq!(judgement.place, Some(("inet filter".to_owned(), "input".to_owned())));
    }
}

#[test]
fn what_depends_on_the_sender_or_a_limit_is_not_decided_and_quoted() {
    for (port, quote) in [
        (8080, "ip saddr 10.0.0.0/8 tcp dport 8080 accept"),
        (8090, "ip saddr { 10.0.0.0/8, 192.168.0.0/16 } tcp dport 8090 accept"),
        (9050, "tcp dport 9000-9100 limit rate 10/minute accept"),
    ] {
        assert_eq!(recorded(&newcomer(port)).verdict, Verdict::CannotTell(quote.to_owned()), "{port}");
    }
    let dropped = recorded(&newcomer(8092)).verdict;
    assert_eq!(dropped, Verdict::Drops("tcp dport 8092 ct count over 20 drop".to_owned()), "either way");
}

#[test]
fn ipv6_is_not_let_in_by_rules_for_ipv4_addresses() {
    let by_six = |port| Newcomer {
        family: Family::V6,
        address: Some("2001:db8::1".parse().unwrap()),
        ..newcomer(port)
    };
    assert!(matches!(recorded(&by_six(8080)).verdict, Verdict::Drops(_)));
    assert!(matches!(recorded(&by_six(8091)).verdict, Verdict::Drops(_)));
    assert_eq!(recorded(&by_six(8093)).verdict, Verdict::LetsThrough);
}

#[test]
fn the_tables_of_iptables_are_not_decided_here_and_can_be_left_to_it() {
    let json = r#"{"nftables": [{"chain": {"family": "ip", "table": "filter", "name": "INPUT", "handle": 1,
        "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}}, {"rule": {"family": "ip", "table":
        "filter", "chain": "INPUT", "handle": 3, "expr": [{"match": {"op": "==", "left": {"meta": {"key":
        "l4proto"}}, "right": "tcp"}}, {"xt": {"type": "match", "name": "multiport"}}, {"counter": {"packets":
        0, "bytes": 0}}, {"xt": {"type": "target", "name": "REJECT"}}]}}]}"#;
    let judge = |skip: &[String]| judgement(json, "", &newcomer(8080), skip).unwrap().verdict;
    assert!(matches!(judge(&[]), Verdict::CannotTell(_)));
    assert_eq!(judge(&["ip filter".to_owned()]), Verdict::LetsThrough);
}

#[test]
fn a_table_that_is_switched_off_drops_nothing() {
    let with = |flags: &str| {
        let json = format!(
            r#"{{"nftables": [{{"table": {{"family": "ip", "name": "t", "handle": 1{flags}}}}}, {{"chain":
            {{"family": "ip", "table": "t", "name": "c", "type": "filter", "hook": "input", "prio": 0, "policy":
            "drop"}}}}]}}"#
        );
        move |text: &str| judgement(&json, text, &newcomer(8080), &[]).unwrap().verdict
    };
    assert!(matches!(with("")(""), Verdict::Drops(_)));
    for flags in [r#", "flags": "dormant""#, r#", "flags": ["owner", "dormant"]"#] {
        assert_eq!(with(flags)(""), Verdict::LetsThrough, "{flags}");
    }
    let text =
        |table: &str| format!("table ip x {{ # handle 2\n}}\ntable {table} {{ # handle 1\n\tflags dormant\n");
    assert_eq!(with("")(&text("ip t")), Verdict::LetsThrough);
    assert!(matches!(with("")(&text("ip u")), Verdict::Drops(_)));
}

#[test]
fn unknown_words_leave_it_undecided_and_no_rule_set_is_none() {
    let with = |expr: &str| {
        let json = format!(
            r#"{{"nftables": [{{"chain": {{"family": "ip", "table": "t", "name": "c", "type": "filter",
            "hook": "input", "policy": "accept"}}}}, {{"rule": {{"family": "ip", "table": "t", "chain": "c",
            "handle": 2, "expr": [{expr}]}}}}]}}"#
        );
        judgement(&json, "", &newcomer(8080), &[]).unwrap().verdict
    };
    for expr in [
        r#"{"match": {"op": "==", "left": {"osf": {"key": "name"}}, "right": "x"}}, {"drop": null}"#,
        r#"{"match": {"op": "<", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 9}}, {"drop": null}"#,
        r#"{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@gone"}}, {"drop": null}"#,
        r#"{"vmap": {"key": {"meta": {"key": "mark"}}, "data": "@marks"}}"#,
        r#"7, {"drop": null}"#,
        r#"{"set": {"op": "update", "set": "@s", "stmt": [{"limit": {"rate": 9}}]}}, {"drop": null}"#,
        r#"{"redirect": {"port": 80}}"#,
    ] {
        assert!(matches!(with(expr), Verdict::CannotTell(_)), "{expr}: {:?}", with(expr));
    }
    assert_eq!(with(""), Verdict::LetsThrough);
    assert_eq!(judgement("", "", &newcomer(1), &[]), None);
    assert_eq!(judgement("{}", "", &newcomer(1), &[]), None);
}
