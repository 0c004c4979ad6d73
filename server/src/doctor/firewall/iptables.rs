//! Rules as `iptables-save` and `iptables -S` (and those of IPv6) write them.

use std::collections::HashMap;

use super::{Action, Chains, Judgement, Newcomer, Rule, Truth, Verdict, judge};

/// The places that a packet to this machine passes: table, chain.
const PLACES: [(&str, &str); 6] = [
    ("raw", "PREROUTING"),
    ("mangle", "PREROUTING"),
    ("nat", "PREROUTING"),
    ("mangle", "INPUT"),
    ("filter", "INPUT"),
    ("security", "INPUT"),
];
/// Targets after which the next rule is asked.
const CONTINUE: [&str; 18] = [
    "LOG",
    "NFLOG",
    "ULOG",
    "MARK",
    "CONNMARK",
    "CONNSECMARK",
    "SECMARK",
    "SET",
    "TRACE",
    "TOS",
    "DSCP",
    "TTL",
    "HL",
    "TCPMSS",
    "CHECKSUM",
    "CLASSIFY",
    "AUDIT",
    "LED",
];
/// Targets that send it elsewhere, ask a program, or take its state away.
const UNSURE: [&str; 13] = [
    "DNAT", "REDIRECT", "NETMAP", "TPROXY", "QUEUE", "NFQUEUE", "TARPIT", "SYNPROXY", "TEE", "BALANCE", "CT",
    "NOTRACK", "",
];
/// Modules that only prepare options of their own, which decide.
const MODULES: [&str; 9] =
    ["tcp", "multiport", "comment", "conntrack", "state", "addrtype", "pkttype", "set", "mark"];

/// What becomes of the newcomer by these rules, and the tables that they told about. `iptables -S` names none: it
/// shows `filter`.
#[must_use]
pub fn judgement(text: &str, newcomer: &Newcomer) -> (Judgement, Vec<String>) {
    let mut tables: HashMap<&str, Table> = HashMap::new();
    let mut order = Vec::new();
    let mut current = "filter";
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('*') {
            current = name;
        }
        if line.is_empty() || line.starts_with('#') || line == "COMMIT" {
            continue;
        }
        if !tables.contains_key(current) {
            order.push(current.to_owned());
        }
        tables.entry(current).or_default().read(line, newcomer);
    }
    let judgement = PLACES.iter().fold(Judgement::default(), |judgement, (table, chain)| {
        match tables.get(table).and_then(|table| table.verdict(chain)) {
            Some(verdict) => judgement.then(verdict, table, chain),
            None => judgement,
        }
    });
    (judgement, order)
}

#[derive(Debug, Default)]
struct Table {
    chains: Chains,
    policies: HashMap<String, String>,
}

impl Table {
    fn read(&mut self, line: &str, newcomer: &Newcomer) {
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            // `:INPUT DROP [0:0]`; a chain of the user's has `-` for a policy.
            [first, policy, ..] if first.starts_with(':') => self.chain(&first[1..], policy),
            ["-P", chain, policy, ..] => self.chain(chain, policy),
            ["-N", chain] => self.chain(chain, "-"),
            ["-A", chain, ref rule @ ..] => {
                let rule = read_rule(line, rule, newcomer);
                self.chains.entry(chain.to_owned()).or_default().push(rule);
            }
            _ => {}
        }
    }

    fn chain(&mut self, name: &str, policy: &str) {
        self.chains.entry(name.to_owned()).or_default();
        self.policies.insert(name.to_owned(), policy.to_owned());
    }

    fn verdict(&self, chain: &str) -> Option<Verdict> {
        let policy = self.policies.get(chain)?;
        let action = if policy == "DROP" { Action::Drop } else { Action::Accept };
        Some(judge(&self.chains, chain, (&action, &format!("-P {chain} {policy}"))))
    }
}

fn read_rule(line: &str, words: &[&str], newcomer: &Newcomer) -> Rule {
    let mut matches = Truth::Yes;
    let mut action = Action::Continue;
    let mut words = words.iter().copied().peekable();
    let mut negated = false;
    while let Some(word) = words.next() {
        if word == "!" {
            negated = true;
            continue;
        }
        if let "-j" | "--jump" | "-g" | "--goto" = word {
            action = target(words.next().unwrap_or_default(), matches!(word, "-g" | "--goto"));
            // What follows is the target's.
            break;
        }
        // Whatever a comment says, it is one.
        let takes_value =
            word == "--comment" || words.peek().is_some_and(|next| !next.starts_with('-') && *next != "!");
        let value = if takes_value { words.next().unwrap_or_default() } else { "" };
        let truth = condition(word, value, words.peek().copied(), newcomer);
        // The second value of the one option that has two.
        if word == "--tcp-flags" {
            words.next();
        }
        matches = matches.and(if negated { truth.not() } else { truth });
        negated = false;
    }
    Rule { text: line.to_owned(), matches, action }
}

/// Whether one option of a rule holds for the newcomer.
fn condition(option: &str, value: &str, second: Option<&str>, newcomer: &Newcomer) -> Truth {
    match option {
        "--comment" => Truth::Yes,
        "-m" | "--match" if MODULES.contains(&value) => Truth::Yes,
        "-m" | "--match" if matches!(value, "udp" | "icmp" | "icmp6" | "sctp") => Truth::No,
        "-p" | "--protocol" => Truth::known(matches!(value, "tcp" | "all" | "0" | "6")),
        "-i" | "--in-interface" => newcomer.comes_in_by(value, '+'),
        "-s" | "--source" => newcomer.comes_from(value),
        "-d" | "--destination" => newcomer.goes_to(value),
        "--dport" | "--dports" | "--destination-port" | "--ports" => ports(value, newcomer),
        "--ctstate" | "--state" => Truth::known(value.split(',').any(|state| state == "NEW")),
        "--syn" => Truth::Yes,
        "--tcp-flags" => second.map_or(Truth::Maybe, |set| flags(value, set)),
        "--dst-type" => match value {
            "LOCAL" => Truth::Yes,
            "BROADCAST" | "MULTICAST" | "ANYCAST" => Truth::No,
            _ => Truth::Maybe,
        },
        "--pkt-type" if matches!(value, "broadcast" | "multicast") => Truth::No,
        _ => Truth::Maybe,
    }
}

fn ports(value: &str, newcomer: &Newcomer) -> Truth {
    value.split(',').fold(Truth::No, |found, part| {
        let (first, last) = part.split_once(':').unwrap_or((part, part));
        let number = |text: &str, missing| if text.is_empty() { Some(missing) } else { text.parse().ok() };
        found.or(match (number(first, 0), number(last, 65_535)) {
            (Some(first), Some(last)) => newcomer.goes_to_ports(first, last),
            _ => Truth::Maybe,
        })
    })
}

/// A first packet has SYN set and nothing else: of the flags looked at, exactly SYN must be asked for if it is one.
fn flags(looked_at: &str, set: &str) -> Truth {
    let looks_at_syn = looked_at.split(',').any(|flag| flag == "SYN" || flag == "ALL");
    Truth::known(if looks_at_syn { set == "SYN" } else { set == "NONE" })
}

fn target(name: &str, is_goto: bool) -> Action {
    match name {
        "ACCEPT" => Action::Accept,
        "DROP" | "REJECT" => Action::Drop,
        "RETURN" => Action::Return,
        name if CONTINUE.contains(&name) => Action::Continue,
        name if UNSURE.contains(&name) => Action::Unsure,
        name if is_goto => Action::Goto(name.to_owned()),
        // A target that we do not know names no chain, and that leaves it undecided.
        name => Action::Jump(name.to_owned()),
    }
}

/// The words of a line; what stands in double quotes is one, with `\` before what is meant as it stands.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut in_quotes, mut was_quoted) = (false, false);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if in_quotes => word.extend(chars.next()),
            '"' => {
                in_quotes = !in_quotes;
                was_quoted = true;
            }
            c if c.is_whitespace() && !in_quotes => {
                if !word.is_empty() || was_quoted {
                    words.push(std::mem::take(&mut word));
                }
                was_quoted = false;
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() || was_quoted {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::super::Family;
    use super::*;

    fn newcomer(port: u16) -> Newcomer {
        let address = Some(IpAddr::from([192, 0, 2, 1]));
        Newcomer { port, family: Family::V4, interface: Some("eth0".to_owned()), address }
    }

    fn filter(rules: &str, port: u16) -> Verdict {
        judgement(rules, &newcomer(port)).0.verdict
    }

    fn drops(rule: &str) -> Verdict {
        Verdict::Drops(rule.to_owned())
    }

    /// As iptables 1.8.9 wrote it.
    const RECORDED: &str = r#"# Generated by iptables-save v1.8.9 (nf_tables) on Wed Nov 25 13:23:26 2026
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p tcp -m tcp --dport 8080 -m comment --comment "no \"way\" x" -j DROP
-A INPUT -p tcp -m multiport --dports 1,2:5 -m recent --rcheck --name x --mask 255.255.255.255 --rsource -j REJECT --reject-with icmp-port-unreachable
COMMIT
# Completed on Wed Nov 25 13:23:26 2026
"#;

    #[test]
    fn a_recorded_set_of_rules_drops_what_it_says_and_no_more() {
        let (judgement, tables) = judgement(RECORDED, &newcomer(8080));
        let rule = r#"-A INPUT -p tcp -m tcp --dport 8080 -m comment --comment "no \"way\" x" -j DROP"#;
        assert_eq!(judgement.verdict, drops(rule));
        assert_eq!(judgement.place, Some(("filter".to_owned(), "INPUT".to_owned())));
        assert_eq!(tables, ["filter"]);
        assert_eq!(filter(RECORDED, 8081), Verdict::LetsThrough);
        // Who was there recently, we do not know.
        assert!(matches!(filter(RECORDED, 3), Verdict::CannotTell(_)));
    }

    #[test]
    fn a_policy_of_dropping_counts_unless_a_rule_lets_the_port_in() {
        let rules = "-P INPUT DROP\n-A INPUT -i lo -j ACCEPT\n\
            -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
            -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -p icmp -j ACCEPT\n";
        assert_eq!(filter(rules, 22), Verdict::LetsThrough);
        assert_eq!(filter(rules, 8080), drops("-P INPUT DROP"));
    }

    #[test]
    fn chains_of_ones_own_are_walked_in_every_table_on_the_way() {
        let rules = "*raw\n:PREROUTING ACCEPT [0:0]\n:early - [0:0]\n-A PREROUTING -j early\n\
            -A early -p tcp -m tcp --dport 8080 -j DROP\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n";
        let (judgement, tables) = judgement(rules, &newcomer(8080));
        assert_eq!(judgement.verdict, drops("-A early -p tcp -m tcp --dport 8080 -j DROP"));
        assert_eq!(judgement.place, Some(("raw".to_owned(), "PREROUTING".to_owned())));
        assert_eq!(tables, ["raw", "filter"]);
    }

    #[test]
    fn what_ufw_makes_of_its_list_is_judged_as_the_list_is() {
        // As ufw 0.36.2 made them of the list in samples/ufw-status.txt.
        let rules = include_str!("samples/ufw-iptables-save.txt");
        for port in [22, 80, 443, 9002, 9005] {
            assert_eq!(filter(rules, port), Verdict::LetsThrough, "{port}");
        }
        assert_eq!(filter(rules, 9004), drops("-A ufw-user-input -p tcp -m tcp --dport 9004 -j DROP"));
        for port in [8080, 9001, 9006] {
            assert_eq!(filter(rules, port), drops("-P INPUT DROP"), "{port}");
        }
        for port in [8005, 9000] {
            assert!(matches!(filter(rules, port), Verdict::CannotTell(_)), "{port}");
        }
    }

    #[test]
    fn conditions_are_read_as_iptables_means_them() {
        for (conditions, dropped) in [
            ("-p tcp -m tcp --dport 8000:8099", Some(true)),
            ("-p tcp -m tcp ! --dport 8080", Some(false)),
            ("-p tcp -m tcp ! --dport 22", Some(true)),
            ("! -i lo -p tcp", Some(true)),
            ("-i eth+ -p tcp", Some(true)),
            ("-i wlan0", Some(false)),
            ("-p udp -m udp --dport 8080", Some(false)),
            ("-s 127.0.0.0/8", Some(false)),
            ("-s 10.0.0.0/8", None),
            ("-d 192.0.2.0/24", Some(true)),
            ("-d 198.51.100.1/32", Some(false)),
            ("-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", Some(true)),
            ("-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW", Some(false)),
            ("-p tcp -m tcp --tcp-flags FIN,SYN FIN,SYN", Some(false)),
            ("-m addrtype --dst-type BROADCAST", Some(false)),
            ("-m state --state NEW", Some(true)),
            ("-m conntrack --ctstate INVALID", Some(false)),
            ("-m limit --limit 5/min", None),
            ("-m set --match-set banned src", None),
            ("-m rpfilter", None),
            ("-m comment --comment -j", Some(true)),
            ("-m comment --comment \"! -j ACCEPT\"", Some(true)),
        ] {
            let verdict = filter(&format!("-P INPUT ACCEPT\n-A INPUT {conditions} -j DROP\n"), 8080);
            let is_right = match dropped {
                Some(true) => matches!(verdict, Verdict::Drops(_)),
                Some(false) => verdict == Verdict::LetsThrough,
                None => matches!(verdict, Verdict::CannotTell(_)),
            };
            assert!(is_right, "{conditions}: {verdict:?}");
        }
    }

    #[test]
    fn another_destination_or_a_target_that_nobody_knows_is_not_decided() {
        for target in ["REDIRECT --to-ports 80", "NFQUEUE --queue-num 0", "XYZZY", "CT --notrack"] {
            let verdict =
                filter(&format!("-P INPUT ACCEPT\n-A INPUT -p tcp --dport 8080 -j {target}\n"), 8080);
            assert!(matches!(verdict, Verdict::CannotTell(_)), "{target}: {verdict:?}");
        }
    }

    #[test]
    fn what_is_no_rule_is_read_without_harm() {
        assert_eq!(filter("", 1), Verdict::LetsThrough);
        for junk in ["-A", "-A INPUT", ":", "*", "-P", "\"", "-A INPUT !", "-A INPUT --tcp-flags", "\\\"\\"] {
            filter(&format!("-P INPUT ACCEPT\n{junk}\n"), 1);
        }
    }
}
