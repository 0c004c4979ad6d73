//! Whether the local firewall lets a newcomer in: the one walk through chains of rules that nftables, iptables and
//! ufw are all read into.
//!
//! It answers for one packet: the first of a TCP connection to our port, from an address somewhere else that nobody
//! knows yet. A rule matches it, does not, or may ("from 10.0.0.0/8", "at most 10 a minute", whatever we cannot
//! read); both ways are then followed, and only what they agree on is said. So "drops" and "lets through" are never
//! guesses. It does not know how rules are written, nor where they were read.

use std::collections::HashMap;

pub mod decision;
pub mod iptables;
mod newcomer;
pub mod nft;
pub mod ufw;

pub use newcomer::{Family, Newcomer, Truth};

/// Jumps within jumps, as deep as nftables allows them; what is deeper is not decided.
const JUMPS_MAX: usize = 16;

/// What a rule does with a packet that it matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Counts, logs, marks: the next rule is asked.
    Continue,
    /// Lets it through this chain.
    Accept,
    /// Drops or rejects it.
    Drop,
    /// Back to the chain that jumped here, or the policy.
    Return,
    /// Through another chain and back.
    Jump(String),
    /// Through another chain and not back.
    Goto(String),
    /// Something that we cannot follow, such as a queue or another destination.
    Unsure,
}

/// One rule, as far as it concerns the newcomer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The rule as its tool shows it; from outside, so it is escaped before anybody reads it.
    pub text: String,
    /// Whether it matches the newcomer.
    pub matches: Truth,
    /// What it then does.
    pub action: Action,
}

/// The chains of one table by name.
pub type Chains = HashMap<String, Vec<Rule>>;

/// What happens to the newcomer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing drops it.
    LetsThrough,
    /// It is dropped, by this rule or policy.
    Drops(String),
    /// It hangs on this rule, which may or may not match, or which we cannot read.
    CannotTell(String),
}

/// What happens to the newcomer by all the chains of one tool, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What happens to it.
    pub verdict: Verdict,
    /// The table and the system's own chain in it that drop it, or that are in doubt.
    pub place: Option<(String, String)>,
}

impl Default for Judgement {
    fn default() -> Self {
        Self { verdict: Verdict::LetsThrough, place: None }
    }
}

impl Judgement {
    /// With the next chain on the packet's way: a drop is final, a doubt stays one.
    #[must_use]
    pub fn then(self, verdict: Verdict, table: &str, chain: &str) -> Self {
        let is_worse = match (&self.verdict, &verdict) {
            (Verdict::LetsThrough, _) => verdict != Verdict::LetsThrough,
            (Verdict::CannotTell(_), Verdict::Drops(_)) => true,
            _ => false,
        };
        if is_worse { Self { verdict, place: Some((table.to_owned(), chain.to_owned())) } } else { self }
    }
}

/// What becomes of the newcomer in a chain that the system asks by itself. `policy` is what happens to what no rule
/// decides, with the words to quote.
#[must_use]
pub fn judge(chains: &Chains, base: &str, policy: (&Action, &str)) -> Verdict {
    let mut outcome = Walk { chains, known: HashMap::new() }.through(base, 0);
    if outcome.falls_through {
        let (action, text) = policy;
        let kind = if *action == Action::Drop { &mut outcome.drops } else { &mut outcome.accepts };
        kind.get_or_insert_with(|| text.to_owned());
    }
    match outcome {
        Outcome { unsure: Some(rule), .. } => Verdict::CannotTell(rule),
        Outcome { accepts: Some(_), drops: Some(rule), doubt, .. } => {
            Verdict::CannotTell(doubt.unwrap_or(rule))
        }
        Outcome { drops: Some(rule), .. } => Verdict::Drops(rule),
        Outcome { .. } => Verdict::LetsThrough,
    }
}

/// Everything that can come of a chain, each with the first rule that brings it about.
#[derive(Debug, Clone, Default)]
struct Outcome {
    accepts: Option<String>,
    drops: Option<String>,
    unsure: Option<String>,
    /// The first rule on which it depends which of them it is.
    doubt: Option<String>,
    /// It can come to the end, or to a return.
    falls_through: bool,
}

impl Outcome {
    fn unsure(text: &str) -> Self {
        Self { unsure: Some(text.to_owned()), ..Self::default() }
    }

    fn add(&mut self, other: Self) {
        for (mine, others) in [
            (&mut self.accepts, other.accepts),
            (&mut self.drops, other.drops),
            (&mut self.unsure, other.unsure),
            (&mut self.doubt, other.doubt),
        ] {
            if mine.is_none() {
                *mine = others;
            }
        }
    }
}

struct Walk<'a> {
    chains: &'a Chains,
    /// Chains that were walked, so that many jumps to one chain cost one walk.
    known: HashMap<&'a str, Outcome>,
}

impl<'a> Walk<'a> {
    fn through(&mut self, chain: &str, depth: usize) -> Outcome {
        let Some((name, rules)) = self.chains.get_key_value(chain) else { return Outcome::unsure(chain) };
        if let Some(known) = self.known.get(name.as_str()) {
            return known.clone();
        }
        if depth > JUMPS_MAX {
            return Outcome::unsure(chain);
        }
        // Whoever comes back here while this is open goes round in circles.
        self.known.insert(name, Outcome::unsure(chain));
        let outcome = self.along(rules, depth);
        self.known.insert(name, outcome.clone());
        outcome
    }

    fn along(&mut self, rules: &'a [Rule], depth: usize) -> Outcome {
        let mut outcome = Outcome::default();
        for rule in rules {
            if rule.matches == Truth::No || rule.action == Action::Continue {
                continue;
            }
            let stays_here = self.carry_out(rule, depth, &mut outcome);
            if rule.matches == Truth::Maybe {
                outcome.doubt.get_or_insert_with(|| rule.text.clone());
            } else if !stays_here {
                return outcome;
            }
        }
        outcome.falls_through = true;
        outcome
    }

    /// Adds what the rule leads to; returns whether the next rule of the same chain can still be asked.
    fn carry_out(&mut self, rule: &Rule, depth: usize, outcome: &mut Outcome) -> bool {
        let text = || Some(rule.text.clone());
        let result = match &rule.action {
            Action::Accept => Outcome { accepts: text(), ..Outcome::default() },
            Action::Drop => Outcome { drops: text(), ..Outcome::default() },
            Action::Unsure => Outcome { unsure: text(), falls_through: true, ..Outcome::default() },
            Action::Return => {
                outcome.falls_through = true;
                return false;
            }
            Action::Continue => return true,
            Action::Jump(chain) => self.through(chain, depth + 1),
            Action::Goto(chain) => {
                let result = self.through(chain, depth + 1);
                outcome.falls_through |= result.falls_through;
                outcome.add(result);
                return false;
            }
        };
        let stays_here = result.falls_through;
        outcome.add(result);
        stays_here
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str, matches: Truth, action: Action) -> Rule {
        Rule { text: text.to_owned(), matches, action }
    }

    fn drop_policy(rules: Vec<Rule>) -> Verdict {
        judge(&Chains::from([("in".to_owned(), rules)]), "in", (&Action::Drop, "policy drop"))
    }

    #[test]
    fn the_first_rule_that_surely_matches_decides() {
        let rules = vec![
            rule("udp", Truth::No, Action::Drop),
            rule("log", Truth::Yes, Action::Continue),
            rule("ours", Truth::Yes, Action::Accept),
            rule("all", Truth::Yes, Action::Drop),
        ];
        assert_eq!(drop_policy(rules), Verdict::LetsThrough);
        assert_eq!(drop_policy(vec![]), Verdict::Drops("policy drop".to_owned()));
    }

    #[test]
    fn a_rule_that_may_match_is_followed_both_ways_and_only_agreement_counts() {
        let maybe = |action| rule("from 10.0.0.0/8", Truth::Maybe, action);
        let ours = rule("ours", Truth::Yes, Action::Accept);
        assert_eq!(
            drop_policy(vec![maybe(Action::Drop), ours.clone()]),
            Verdict::CannotTell("from 10.0.0.0/8".to_owned())
        );
        assert_eq!(drop_policy(vec![maybe(Action::Accept), ours]), Verdict::LetsThrough);
        assert_eq!(drop_policy(vec![maybe(Action::Drop)]), Verdict::Drops("from 10.0.0.0/8".to_owned()));
    }

    #[test]
    fn jumps_come_back_and_gotos_do_not() {
        let chains = |action| {
            Chains::from([
                (
                    "in".to_owned(),
                    vec![rule("go", Truth::Yes, action), rule("ours", Truth::Yes, Action::Accept)],
                ),
                ("other".to_owned(), vec![rule("back", Truth::Yes, Action::Return)]),
            ])
        };
        let policy = (&Action::Drop, "policy drop");
        assert_eq!(judge(&chains(Action::Jump("other".into())), "in", policy), Verdict::LetsThrough);
        assert_eq!(
            judge(&chains(Action::Goto("other".into())), "in", policy),
            Verdict::Drops("policy drop".to_owned())
        );
    }

    #[test]
    fn circles_missing_chains_and_chains_too_deep_are_not_decided() {
        let circle = Chains::from([
            ("in".to_owned(), vec![rule("a", Truth::Yes, Action::Jump("b".into()))]),
            ("b".to_owned(), vec![rule("b", Truth::Yes, Action::Jump("in".into()))]),
        ]);
        let policy = (&Action::Accept, "policy accept");
        assert_eq!(judge(&circle, "in", policy), Verdict::CannotTell("in".to_owned()));
        assert_eq!(
            drop_policy(vec![rule("a", Truth::Yes, Action::Jump("lost".into()))]),
            Verdict::CannotTell("lost".to_owned())
        );
        let ladder = |rungs: usize| {
            let mut chains: Chains = (0..rungs)
                .map(|n| (n.to_string(), vec![rule("down", Truth::Yes, Action::Jump((n + 1).to_string()))]))
                .collect();
            chains.insert(rungs.to_string(), vec![rule("end", Truth::Yes, Action::Drop)]);
            judge(&chains, "0", policy)
        };
        assert_eq!(ladder(JUMPS_MAX), Verdict::Drops("end".to_owned()));
        assert!(matches!(ladder(JUMPS_MAX + 1), Verdict::CannotTell(_)));
    }

    #[test]
    fn what_cannot_be_followed_is_not_decided_whatever_comes_after() {
        let rules = vec![rule("queue", Truth::Yes, Action::Unsure), rule("all", Truth::Yes, Action::Drop)];
        assert_eq!(drop_policy(rules), Verdict::CannotTell("queue".to_owned()));
    }

    #[test]
    fn a_drop_anywhere_is_final_and_a_doubt_stays() {
        let doubt = || Verdict::CannotTell("d".to_owned());
        let drops = || Verdict::Drops("x".to_owned());
        let all = |verdicts: [Verdict; 3]| {
            let numbered = verdicts.into_iter().zip(["1", "2", "3"]);
            numbered.fold(Judgement::default(), |all, (verdict, chain)| all.then(verdict, "t", chain))
        };
        let at = |chain: &str| Some(("t".to_owned(), chain.to_owned()));
        let judgement = all([doubt(), drops(), Verdict::LetsThrough]);
        assert_eq!(judgement, Judgement { verdict: drops(), place: at("2") });
        let judgement = all([Verdict::LetsThrough, doubt(), doubt()]);
        assert_eq!(judgement, Judgement { verdict: doubt(), place: at("2") });
    }
}
