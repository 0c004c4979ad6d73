//! What all the tools' rules together do with a newcomer, and the command that would let it in. "Lets through" needs
//! every tool's rules on the table; one that could not be read makes it "cannot tell", unless another one drops.

use super::{Judgement, Newcomer, Verdict, iptables, nft, ufw};
use crate::doctor::facts::{Firewall, Listing};
use crate::doctor::firewall::Family;

/// What is known of the local firewall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// All rules were read, and none drops.
    LetsThrough,
    /// A rule drops.
    Drops {
        /// Whose rule it is.
        tool: &'static str,
        /// The rule.
        rule: String,
        /// What lets the port in again; none if the names in the rules are too strange to be typed.
        remedy: Option<String>,
    },
    /// Neither can be said, for these reasons.
    CannotTell(Vec<Doubt>),
}

/// Why it cannot be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// It hangs on this rule.
    Rule(&'static str, String),
    /// The tool did not list its rules, with its own words.
    Unreadable(&'static str, String),
    /// The tool lists its rules for root only.
    NeedsRoot(&'static str),
    /// There is no such tool to list rules with.
    NotInstalled(&'static str),
}

impl Doubt {
    /// A tool that did not list its rules, with its complaint.
    fn unreadable(tool: &'static str, complaint: &str) -> Self {
        let words = ["permission denied", "not permitted", "be root", "as root"];
        let is_denial = words.iter().any(|words| complaint.to_lowercase().contains(words));
        if is_denial { Self::NeedsRoot(tool) } else { Self::Unreadable(tool, complaint.to_owned()) }
    }
}

const NFT: &str = "nftables";
/// Of both families: whoever may not read the rules of one may not read the other's.
const IPTABLES: &str = "iptables";
const UFW: &str = "ufw";

/// Decides.
#[must_use]
pub fn decide(firewall: &Firewall, newcomer: &Newcomer) -> Decision {
    let (iptables_name, listings) = match newcomer.family {
        Family::V4 => (IPTABLES, &firewall.iptables),
        Family::V6 => ("ip6tables", &firewall.ip6tables),
    };
    let mut judgements: Vec<(&'static str, Judgement)> = Vec::new();
    let mut doubts = Vec::new();
    // Tables that iptables manages within nftables: it reads its own modules, which nft cannot.
    let mut skip = Vec::new();
    for listing in listings {
        match listing {
            Listing::Text(text) => {
                let (judgement, tables) = iptables::judgement(text, newcomer);
                judgements.push((iptables_name, judgement));
                if text.contains("(nf_tables)") {
                    let family = if newcomer.family == Family::V4 { "ip" } else { "ip6" };
                    skip.extend(tables.into_iter().map(|table| format!("{family} {table}")));
                }
            }
            Listing::Refused(reason) => doubts.push(Doubt::unreadable(IPTABLES, reason)),
            // Whoever never installed it has no rules by it; those that others left show up in nft.
            Listing::Absent => {}
        }
    }
    let has_iptables = !judgements.is_empty();
    let text = firewall.nft_text.text().unwrap_or_default();
    match &firewall.nft_json {
        Listing::Text(json) => match nft::judgement(json, text, newcomer, &skip) {
            Some(judgement) => judgements.push((NFT, judgement)),
            None => doubts.push(Doubt::unreadable(NFT, json.lines().next().unwrap_or_default())),
        },
        Listing::Refused(reason) => doubts.push(Doubt::unreadable(NFT, reason)),
        Listing::Absent => doubts.push(Doubt::NotInstalled(NFT)),
    }
    let ufw = firewall.ufw.text().and_then(|text| ufw::status(text, newcomer));
    if let (Some(ufw::Status::Active(verdict)), false) = (&ufw, has_iptables) {
        judgements.push((UFW, Judgement { verdict: verdict.clone(), place: None }));
    }
    let is_ufw_active = matches!(ufw, Some(ufw::Status::Active(_)));
    conclude(judgements, doubts, |tool, place| remedy(tool, place, newcomer, is_ufw_active))
}

fn conclude(
    judgements: Vec<(&'static str, Judgement)>,
    mut doubts: Vec<Doubt>,
    remedy: impl Fn(&'static str, Option<&(String, String)>) -> Option<String>,
) -> Decision {
    for (tool, Judgement { verdict, place }) in judgements {
        match verdict {
            Verdict::LetsThrough => {}
            Verdict::CannotTell(rule) => doubts.push(Doubt::Rule(tool, rule)),
            Verdict::Drops(rule) => {
                return Decision::Drops { tool, rule, remedy: remedy(tool, place.as_ref()) };
            }
        }
    }
    if doubts.is_empty() { Decision::LetsThrough } else { Decision::CannotTell(doubts) }
}

/// The command that lets the port in, where it belongs: ufw and firewalld write rules of their own, and forget ours.
fn remedy(
    tool: &'static str,
    place: Option<&(String, String)>,
    newcomer: &Newcomer,
    is_ufw_active: bool,
) -> Option<String> {
    let port = newcomer.port;
    if is_ufw_active || tool == UFW {
        return Some(format!("sudo ufw allow {port}/tcp"));
    }
    let (table, chain) = place?;
    let can_be_typed = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || " _-.".contains(c));
    if !can_be_typed(table) || !can_be_typed(chain) {
        return None;
    }
    Some(match (tool, table.as_str()) {
        (NFT, "inet firewalld") => {
            format!("sudo firewall-cmd --add-port={port}/tcp && sudo firewall-cmd --runtime-to-permanent")
        }
        (NFT, _) => format!("sudo nft insert rule {table} {chain} tcp dport {port} accept"),
        (_, "filter") => format!("sudo {tool} -I {chain} -p tcp --dport {port} -j ACCEPT"),
        _ => format!("sudo {tool} -t {table} -I {chain} -p tcp --dport {port} -j ACCEPT"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_RULES: &str = r#"{"nftables": []}"#;
    const NFT_DROPS: &str = r#"{"nftables": [{"chain": {"family": "inet", "table": "own", "name": "in",
        "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}]}"#;
    const IPTABLES_DROPS: &str =
        "# Generated by iptables-save v1.8.9 (nf_tables)\n*filter\n:INPUT DROP [0:0]\n";

    fn text(text: &str) -> Listing {
        Listing::Text(text.to_owned())
    }

    fn refused() -> Listing {
        Listing::Refused("must be root".to_owned())
    }

    fn nothing() -> Firewall {
        let iptables = vec![text("# (nf_tables)\n*filter\n:INPUT ACCEPT [0:0]\n")];
        Firewall {
            nft_json: text(NO_RULES),
            nft_text: text(""),
            ip6tables: iptables.clone(),
            iptables,
            ufw: Listing::Absent,
        }
    }

    fn decided(firewall: &Firewall) -> Decision {
        decide(firewall, &Newcomer { port: 8080, family: Family::V4, interface: None, address: None })
    }

    #[track_caller]
    fn assert_drops(firewall: &Firewall, expected: &'static str, command: &str) {
        match decided(firewall) {
            Decision::Drops { tool, remedy, .. } => {
                assert_eq!((tool, remedy.as_deref()), (expected, Some(command)));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_drops_only_if_everything_was_read() {
        assert_eq!(decided(&nothing()), Decision::LetsThrough);
        let without_iptables = Firewall { iptables: vec![Listing::Absent], ..nothing() };
        assert_eq!(decided(&without_iptables), Decision::LetsThrough);
        for (firewall, doubt) in [
            (Firewall { nft_json: refused(), ..nothing() }, Doubt::NeedsRoot(NFT)),
            (Firewall { nft_json: Listing::Absent, ..nothing() }, Doubt::NotInstalled(NFT)),
            (Firewall { nft_json: text("?"), ..nothing() }, Doubt::Unreadable(NFT, "?".into())),
            (Firewall { iptables: vec![refused()], ..nothing() }, Doubt::NeedsRoot(IPTABLES)),
            (
                Firewall { iptables: vec![Listing::Refused("odd".to_owned())], ..nothing() },
                Doubt::Unreadable(IPTABLES, "odd".into()),
            ),
        ] {
            assert_eq!(decided(&firewall), Decision::CannotTell(vec![doubt]));
        }
    }

    #[test]
    fn a_drop_counts_whatever_else_cannot_be_read_and_comes_with_its_remedy() {
        let nft = Firewall { nft_json: text(NFT_DROPS), iptables: vec![refused()], ..nothing() };
        assert_drops(&nft, NFT, "sudo nft insert rule inet own in tcp dport 8080 accept");
        let iptables =
            Firewall { iptables: vec![text(IPTABLES_DROPS)], nft_json: Listing::Absent, ..nothing() };
        assert_drops(&iptables, "iptables", "sudo iptables -I INPUT -p tcp --dport 8080 -j ACCEPT");
        let raw = text("*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -j DROP\n");
        assert_drops(
            &Firewall { iptables: vec![raw], ..nothing() },
            "iptables",
            "sudo iptables -t raw -I PREROUTING -p tcp --dport 8080 -j ACCEPT",
        );
        let active = text("Status: active\nDefault: deny (incoming)\n");
        assert_drops(&Firewall { ufw: active.clone(), ..iptables }, "iptables", "sudo ufw allow 8080/tcp");
        let ufw_alone =
            Firewall { ufw: active, iptables: vec![Listing::Absent], nft_json: refused(), ..nothing() };
        assert_drops(&ufw_alone, UFW, "sudo ufw allow 8080/tcp");
        let firewalld = NFT_DROPS.replace("own", "firewalld");
        assert_drops(
            &Firewall { nft_json: text(&firewalld), ..nothing() },
            NFT,
            "sudo firewall-cmd --add-port=8080/tcp && sudo firewall-cmd --runtime-to-permanent",
        );
    }

    #[test]
    fn a_name_that_a_shell_could_take_for_something_else_is_not_put_into_a_command() {
        let strange = Firewall { nft_json: text(&NFT_DROPS.replace("own", "$(reboot)")), ..nothing() };
        assert!(matches!(decided(&strange), Decision::Drops { remedy: None, .. }));
    }

    #[test]
    fn the_tables_of_iptables_are_judged_once_by_what_it_says_itself() {
        let json = r#"{"nftables": [{"chain": {"family": "ip", "table": "filter", "name": "INPUT", "type": "filter",
            "hook": "input", "policy": "accept"}}, {"rule": {"family": "ip", "table": "filter", "chain": "INPUT",
            "handle": 3, "expr": [{"xt": {"type": "match", "name": "u"}}, {"drop": null}]}}]}"#;
        let firewall = Firewall { nft_json: text(json), ..nothing() };
        assert_eq!(decided(&firewall), Decision::LetsThrough);
        let older = vec![text("*filter\n:INPUT ACCEPT [0:0]\n")];
        let legacy = Firewall { iptables: older, ..firewall };
        assert!(
            matches!(decided(&legacy), Decision::CannotTell(doubts) if matches!(doubts[0], Doubt::Rule(..)))
        );
    }
}
