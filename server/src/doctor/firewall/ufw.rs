//! What `ufw status verbose` says, in English as `LC_ALL=C` asks for. The rules themselves are iptables' and are
//! judged there when they can be read; here it is about whether ufw is at work and lets the port in by its own list.

use super::{Action, Chains, Family, Newcomer, Rule, Truth, Verdict, judge};

/// What ufw says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It is switched off and concerns nobody.
    Inactive,
    /// It is at work, and this is what it does with the newcomer.
    Active(Verdict),
}

/// Reads it; `None` if this is no such text.
#[must_use]
pub fn status(text: &str, newcomer: &Newcomer) -> Option<Status> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    match field("Status:")? {
        "inactive" => return Some(Status::Inactive),
        "active" => {}
        _ => return None,
    }
    let rules = text.lines().skip_while(|line| !line.starts_with("--")).skip(1);
    let mut rules: Vec<Rule> = rules.filter_map(|line| rule(line, newcomer)).collect();
    let default = field("Default:").unwrap_or_default();
    let incoming = default.split(',').find_map(|part| part.trim().strip_suffix("(incoming)"));
    let quote = format!("Default: {default}");
    let action = match incoming.map(str::trim) {
        Some("allow") => Action::Accept,
        Some("deny" | "reject") => Action::Drop,
        _ => {
            rules.push(Rule { text: quote.clone(), matches: Truth::Yes, action: Action::Unsure });
            Action::Accept
        }
    };
    Some(Status::Active(judge(&Chains::from([(String::new(), rules)]), "", (&action, &quote))))
}

/// `8080/tcp (v6)    ALLOW IN    Anywhere (v6)    # comment`
fn rule(line: &str, newcomer: &Newcomer) -> Option<Rule> {
    let columns: Vec<&str> = line.split("  ").map(str::trim).filter(|column| !column.is_empty()).collect();
    let [to, action, from, ..] = columns[..] else { return None };
    let (action, direction) = action.split_once(' ').unwrap_or((action, "IN"));
    let action = match action {
        "ALLOW" | "LIMIT" => Action::Accept,
        "DENY" | "REJECT" => Action::Drop,
        _ => Action::Unsure,
    };
    let is_for_six = line.contains("(v6)") || line.contains("::");
    let matches = Truth::known(direction.starts_with("IN"))
        .and(Truth::known(is_for_six == (newcomer.family == Family::V6)))
        .and(destination(&to.replace("(v6)", ""), newcomer))
        .and(match from.trim_end_matches("(v6)").trim() {
            "Anywhere" => Truth::Yes,
            network => newcomer.comes_from(network),
        });
    Some(Rule { text: line.trim().to_owned(), matches, action })
}

/// `8080/tcp`, `8080`, `8000:8100/tcp`, `22,80/tcp`, `Anywhere`, `192.0.2.1 8080/tcp`, `8080 on eth0`, `OpenSSH`.
fn destination(to: &str, newcomer: &Newcomer) -> Truth {
    let (to, interface) = match to.split_once(" on ") {
        Some((to, name)) => (to, newcomer.comes_in_by(name.trim(), '+')),
        None => (to, Truth::Yes),
    };
    let place = to.split_whitespace().map(|word| destination_word(word, newcomer));
    place.fold(interface, Truth::and)
}

fn destination_word(word: &str, newcomer: &Newcomer) -> Truth {
    if word == "Anywhere" {
        return Truth::Yes;
    }
    let (ports, protocol) = match word.rsplit_once('/') {
        Some((ports, "tcp")) => (ports, Truth::Yes),
        Some((_, "udp" | "esp" | "ah" | "gre" | "ipv6" | "igmp")) => return Truth::No,
        _ => (word, Truth::Yes),
    };
    let mut found = Truth::No;
    for part in ports.split(',') {
        let (first, last) = part.split_once(':').unwrap_or((part, part));
        found = found.or(match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) => newcomer.goes_to_ports(first, last),
            // An address of ours, or an application's name that stands for ports.
            _ => newcomer.goes_to(word),
        });
    }
    found.and(protocol)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    /// As ufw 0.36.2 wrote it.
    const RECORDED: &str = include_str!("samples/ufw-status.txt");

    fn of(port: u16, family: Family) -> Verdict {
        let address = Some(IpAddr::from([192, 0, 2, 1]));
        let newcomer = Newcomer { port, family, interface: Some("eth0".to_owned()), address };
        match status(RECORDED, &newcomer) {
            Some(Status::Active(verdict)) => verdict,
            other => panic!("{other:?}"),
        }
    }

    const DEFAULT: &str = "Default: deny (incoming), allow (outgoing), disabled (routed)";

    #[test]
    fn the_list_lets_in_what_it_says() {
        for port in [22, 80, 443, 8005, 9002, 9005] {
            assert_eq!(of(port, Family::V4), Verdict::LetsThrough, "{port}");
        }
        for port in [22, 443, 8005, 9002] {
            assert_eq!(of(port, Family::V6), Verdict::LetsThrough, "{port}");
        }
    }

    #[test]
    fn a_denial_is_quoted_and_so_is_the_default() {
        let drops = |rule: &str| Verdict::Drops(rule.to_owned());
        assert_eq!(of(9004, Family::V4), drops("9004                       DENY IN     Anywhere"));
        for (port, family) in [
            (8080, Family::V4),
            (9001, Family::V4),
            (9006, Family::V4),
            (9005, Family::V6),
            (9000, Family::V6),
        ] {
            assert_eq!(of(port, family), drops(DEFAULT), "{port}");
        }
    }

    #[test]
    fn the_name_of_an_application_and_a_network_are_in_doubt() {
        assert!(matches!(of(9000, Family::V4), Verdict::CannotTell(rule) if rule.contains("10.0.0.0/8")));
        let text = RECORDED.replace("22/tcp ", "OpenSSH");
        let newcomer = Newcomer { port: 8080, family: Family::V4, interface: None, address: None };
        let status = status(&text, &newcomer);
        assert!(
            matches!(&status, Some(Status::Active(Verdict::CannotTell(rule))) if rule.contains("OpenSSH"))
        );
    }

    #[test]
    fn switched_off_is_told_from_not_understood() {
        let newcomer = Newcomer { port: 1, family: Family::V4, interface: None, address: None };
        assert_eq!(status("Status: inactive\n", &newcomer), Some(Status::Inactive));
        assert_eq!(status("ERROR: You need to be root to run this script\n", &newcomer), None);
        assert!(matches!(
            status("Status: active\n", &newcomer),
            Some(Status::Active(Verdict::CannotTell(_)))
        ));
    }
}
