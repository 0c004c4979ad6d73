//! Rules as `nft -j list ruleset` writes them: libnftables' JSON, read as far as it concerns a newcomer. What is not
//! known here makes a rule a "may match", never a "does not". Chains of types other than `filter` count too, for
//! they can send the packet elsewhere; those of `netdev` and `bridge` are not on every packet's way and are left in
//! doubt if they drop anything at all.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{Action, Chains, Family, Judgement, Newcomer, Rule, Truth, Verdict, judge};

/// The hooks that a packet to this machine passes.
const HOOKS: [&str; 3] = ["ingress", "prerouting", "input"];
/// Statements after which the next one is asked, whatever they are about. Sets and meters are not among them: what
/// is added to one may be limited.
const CONTINUE: [&str; 8] = ["counter", "log", "comment", "mangle", "last", "ct helper", "secmark", "flow"];

/// What becomes of the newcomer by this rule set. `text` is what `nft -a list ruleset` shows, to quote from.
/// `skip` names tables (`ip filter`) that somebody else judged better. `None` if `json` is no rule set.
#[must_use]
pub fn judgement(json: &str, text: &str, newcomer: &Newcomer, skip: &[String]) -> Option<Judgement> {
    let root: Value = serde_json::from_str(json).ok()?;
    let items = root.get("nftables")?.as_array()?;
    let ruleset = Ruleset { items, quotes: quotes(text), dormant: dormant(text), newcomer };
    Some(ruleset.judgement(skip))
}

struct Ruleset<'a> {
    items: &'a [Value],
    quotes: HashMap<(String, u64), String>,
    dormant: HashSet<String>,
    newcomer: &'a Newcomer,
}

impl<'a> Ruleset<'a> {
    fn judgement(&self, skip: &[String]) -> Judgement {
        let mut tables: HashMap<String, Chains> = HashMap::new();
        for chain in self.all("chain") {
            tables.entry(table_of(chain)).or_default().entry(str_of(chain, "name").to_owned()).or_default();
        }
        for rule in self.all("rule") {
            let chains = tables.entry(table_of(rule)).or_default();
            let read = self.rule(rule);
            chains.entry(str_of(rule, "chain").to_owned()).or_default().extend(read);
        }
        let mut judgement = Judgement::default();
        for chain in self.all("chain").filter(|chain| HOOKS.contains(&str_of(chain, "hook"))) {
            let table = table_of(chain);
            let is_on_the_way = match str_of(chain, "family") {
                "ip" => self.newcomer.family == Family::V4,
                "ip6" => self.newcomer.family == Family::V6,
                "inet" | "netdev" | "bridge" => true,
                _ => false,
            };
            if !is_on_the_way || skip.contains(&table) || self.is_dormant(&table) {
                continue;
            }
            let name = str_of(chain, "name");
            let policy = str_of(chain, "policy");
            let action = if policy == "drop" { Action::Drop } else { Action::Accept };
            let quote = format!("table {table} chain {name} policy {policy}");
            let verdict = tables.get(&table).map(|chains| judge(chains, name, (&action, &quote)));
            let verdict = match (verdict, str_of(chain, "family")) {
                (Some(Verdict::Drops(rule)), "netdev" | "bridge") => Verdict::CannotTell(rule),
                (Some(verdict), _) => verdict,
                (None, _) => continue,
            };
            judgement = judgement.then(verdict, &table, name);
        }
        judgement
    }

    /// Whether a table is switched off, with all its chains. Older versions say so in their text alone.
    fn is_dormant(&self, table: &str) -> bool {
        let is_flag = |flags: &Value| {
            flags == "dormant" || flags.as_array().is_some_and(|all| all.iter().any(|flag| flag == "dormant"))
        };
        self.dormant.contains(table)
            || self.all("table").any(|it| table_of(it) == table && it.get("flags").is_some_and(is_flag))
    }

    fn all(&self, kind: &'static str) -> impl Iterator<Item = &'a Value> {
        self.items.iter().filter_map(move |item| item.get(kind))
    }

    /// One rule; several if it chooses its verdict from a map.
    fn rule(&self, rule: &Value) -> Vec<Rule> {
        let table = table_of(rule);
        let quote = rule.get("handle").and_then(Value::as_u64);
        let quote = quote.and_then(|handle| self.quotes.get(&(table.clone(), handle)).cloned());
        let text = quote.unwrap_or_else(|| rule["expr"].to_string());
        let mut matches = Truth::Yes;
        let mut rules = Vec::new();
        for statement in rule["expr"].as_array().into_iter().flatten() {
            let Some((name, value)) = statement.as_object().and_then(|object| object.iter().next()) else {
                matches = matches.and(Truth::Maybe);
                continue;
            };
            match name.as_str() {
                "match" => matches = matches.and(self.matches(value, &table)),
                "vmap" => {
                    for (truth, action) in self.verdict_map(value, &table) {
                        rules.push(Rule { text: text.clone(), matches: matches.and(truth), action });
                    }
                }
                name if CONTINUE.contains(&name) => {}
                name => match action(name, value) {
                    Some(action) => rules.push(Rule { text: text.clone(), matches, action }),
                    // A limit, a count of connections, something of iptables': sometimes so, sometimes not.
                    None => matches = matches.and(Truth::Maybe),
                },
            }
        }
        // A module of iptables' ends a rule without a word about its verdict.
        if rule["expr"].as_array().and_then(|all| all.last()).is_some_and(|last| last.get("xt").is_some()) {
            rules.push(Rule { text, matches, action: Action::Unsure });
        }
        rules
    }

    fn verdict_map(&self, value: &Value, table: &str) -> Vec<(Truth, Action)> {
        let Some(pairs) = value["data"]["set"].as_array() else {
            return vec![(Truth::Maybe, Action::Unsure)];
        };
        let pair = |pair: &Value| {
            let (name, verdict) = pair.get(1)?.as_object()?.iter().next()?;
            Some((self.is_one_of(&value["key"], pair.get(0)?, table), action(name, verdict)?))
        };
        pairs.iter().map(|value| pair(value).unwrap_or((Truth::Maybe, Action::Unsure))).collect()
    }

    fn matches(&self, value: &Value, table: &str) -> Truth {
        let truth = self.is_one_of(&value["left"], &value["right"], table);
        match str_of(value, "op") {
            "==" | "in" => truth,
            "!=" => truth.not(),
            _ => Truth::Maybe,
        }
    }

    /// Whether what `left` names has the value `right`, or one of those in it.
    fn is_one_of(&self, left: &Value, right: &Value, table: &str) -> Truth {
        let any = |values: &[Value]| {
            values.iter().fold(Truth::No, |found, value| found.or(self.is_one_of(left, value, table)))
        };
        if let Some(values) = right.get("set").and_then(Value::as_array) {
            return any(values);
        }
        if let Some(name) = right.as_str().and_then(|name| name.strip_prefix('@')) {
            let mut sets =
                self.all("set").filter(|set| table_of(set) == table && str_of(set, "name") == name);
            // One that programs add to while it is looked at has elements as well as one that stays.
            let set = sets.next().and_then(|set| set["elem"].as_array());
            return set.map_or(Truth::Maybe, |values| any(values));
        }
        if let (Value::Array(values), None) = (right, left.get("&")) {
            return any(values);
        }
        if let Some(element) = right.get("elem").and_then(|elem| elem.get("val")) {
            return self.is_one_of(left, element, table);
        }
        self.is(left, right)
    }

    fn is(&self, left: &Value, right: &Value) -> Truth {
        let newcomer = self.newcomer;
        let word = right.as_str();
        let is_word = |known: &str| word.map_or(Truth::Maybe, |word| Truth::known(word == known));
        if let Some(parts) = left.get("&").and_then(Value::as_array) {
            return flags(parts, right);
        }
        let payload = left.get("payload").map(|it| (str_of(it, "protocol"), str_of(it, "field")));
        let key = |of: &str| left.get(of).map(|it| str_of(it, "key"));
        match (payload, key("meta"), key("ct")) {
            (Some(("tcp" | "th", "dport")), ..) => ports(right, newcomer),
            (Some(("tcp", "flags")), ..) => is_word("syn"),
            (
                Some(("udp" | "icmp" | "icmpv6" | "sctp" | "dccp" | "udplite" | "igmp" | "esp" | "ah", _)),
                ..,
            ) => Truth::No,
            (Some(("ip", _)), ..) if newcomer.family == Family::V6 => Truth::No,
            (Some(("ip6", _)), ..) if newcomer.family == Family::V4 => Truth::No,
            (Some(("ip", "protocol") | ("ip6", "nexthdr")), ..) | (_, Some("l4proto"), _) => {
                if right.as_u64().is_some() { Truth::known(right == 6) } else { is_word("tcp") }
            }
            (Some(("ip" | "ip6", "saddr")), ..) => {
                network(right).map_or(Truth::Maybe, |n| newcomer.comes_from(&n))
            }
            (Some(("ip" | "ip6", "daddr")), ..) => {
                network(right).map_or(Truth::Maybe, |n| newcomer.goes_to(&n))
            }
            (_, Some("iif" | "iifname"), _) => {
                word.map_or(Truth::Maybe, |name| newcomer.comes_in_by(name, '*'))
            }
            (_, Some("nfproto"), _) => is_word(if newcomer.family == Family::V4 { "ipv4" } else { "ipv6" }),
            (_, Some("protocol"), _) => is_word(if newcomer.family == Family::V4 { "ip" } else { "ip6" }),
            (_, Some("pkttype"), _) => match word {
                Some("host" | "unicast") => Truth::Yes,
                Some("broadcast" | "multicast") => Truth::No,
                _ => Truth::Maybe,
            },
            (.., Some("state")) => is_word("new"),
            _ if left["fib"]["result"] == "type" && left["fib"]["flags"] == serde_json::json!(["daddr"]) => {
                is_word("local")
            }
            _ => Truth::Maybe,
        }
    }
}

/// What a verdict's name does; `None` if it is none.
fn action(name: &str, value: &Value) -> Option<Action> {
    let target = || str_of(value, "target").to_owned();
    Some(match name {
        "accept" => Action::Accept,
        "drop" | "reject" => Action::Drop,
        "return" => Action::Return,
        "continue" => Action::Continue,
        "jump" => Action::Jump(target()),
        "goto" => Action::Goto(target()),
        "queue" | "dnat" | "redirect" | "tproxy" | "synproxy" | "notrack" | "fwd" | "dup" => Action::Unsure,
        _ => return None,
    })
}

fn ports(right: &Value, newcomer: &Newcomer) -> Truth {
    match (right.as_u64(), &right["range"][0].as_u64(), &right["range"][1].as_u64()) {
        (Some(port), ..) => newcomer.goes_to_ports(port, port),
        (None, Some(first), Some(last)) => newcomer.goes_to_ports(*first, *last),
        _ => Truth::Maybe,
    }
}

/// A first packet has SYN and no other flag: what remains of it under the mask must be what is asked for.
fn flags(parts: &[Value], right: &Value) -> Truth {
    let [left, mask] = parts else { return Truth::Maybe };
    if left["payload"]["field"] != "flags" || left["payload"]["protocol"] != "tcp" {
        return Truth::Maybe;
    }
    let names = |value: &Value| -> Option<Vec<String>> {
        let all = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        all.iter().map(|name| name.as_str().map(str::to_owned)).collect()
    };
    let remains = |mask: Vec<String>| mask.iter().any(|flag| flag == "syn");
    match (names(mask).map(remains), names(right), right.as_u64()) {
        (Some(syn), _, Some(number)) => Truth::known(number == if syn { 2 } else { 0 }),
        (Some(syn), Some(wanted), None) => Truth::known(syn && wanted == ["syn"]),
        _ => Truth::Maybe,
    }
}

/// A network in the usual notation.
fn network(right: &Value) -> Option<String> {
    let prefix = &right["prefix"];
    match (right.as_str(), prefix["addr"].as_str(), prefix["len"].as_u64()) {
        (Some(address), ..) => Some(address.to_owned()),
        (None, Some(address), Some(length)) => Some(format!("{address}/{length}")),
        _ => None,
    }
}

fn str_of<'v>(value: &'v Value, field: &str) -> &'v str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn table_of(value: &Value) -> String {
    let name = if value.get("table").is_some() { "table" } else { "name" };
    format!("{} {}", str_of(value, "family"), str_of(value, name))
}

/// The rules of `nft -a list ruleset` by table and handle.
fn quotes(text: &str) -> HashMap<(String, u64), String> {
    let mut quotes = HashMap::new();
    let mut table = String::new();
    for line in text.lines() {
        let Some((rule, handle)) = line.rsplit_once(" # handle ") else { continue };
        if let Some(name) = rule.strip_prefix("table ").and_then(|name| name.strip_suffix(" {")) {
            name.clone_into(&mut table);
        } else if let Ok(handle) = handle.trim().parse()
            && !rule.ends_with('{')
        {
            quotes.insert((table.clone(), handle), rule.trim().to_owned());
        }
    }
    quotes
}

/// The tables that `nft list ruleset` shows as switched off.
fn dormant(text: &str) -> HashSet<String> {
    let mut dormant = HashSet::new();
    let mut table = "";
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("table ") {
            table = rest.split(" {").next().unwrap_or_default();
        } else if line.trim().strip_prefix("flags ").is_some_and(|flags| flags.contains("dormant")) {
            dormant.insert(table.to_owned());
        }
    }
    dormant
}

#[cfg(test)]
mod tests;
