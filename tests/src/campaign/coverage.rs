//! What a campaign met: counts by chapter and name.

use std::borrow::Cow;
use std::cmp::Ordering::{Equal, Greater, Less};
use std::collections::{BTreeMap, HashMap};

use camshaft_bundle::schema::{anchor, automaton, block, row, scalar};
use camshaft_bundle::{NONE, Tables};
use camshaft_runtime::{Engine, Explanation};
use serde_json::{Map, Value, json};

use crate::product::Answer;
use crate::reference::{Decision, Outcome};

type Name = Cow<'static, str>;

/// Counts of a campaign.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Decisions compared.
    pub requests: u64,
    /// Worlds compiled.
    pub worlds: u64,
    chapters: BTreeMap<Name, BTreeMap<Name, u64>>,
}

impl Counts {
    pub(super) fn add(&mut self, chapter: &'static str, name: impl Into<Name>, more: u64) {
        *self.chapters.entry(chapter.into()).or_default().entry(name.into()).or_default() += more;
    }

    /// Adds those of another part.
    pub fn merge(&mut self, other: Self) {
        self.requests += other.requests;
        self.worlds += other.worlds;
        for (chapter, counts) in other.chapters {
            let own = self.chapters.entry(chapter).or_default();
            for (name, count) in counts {
                *own.entry(name).or_default() += count;
            }
        }
    }

    /// As JSON, to be read again.
    pub fn to_json(&self) -> Value {
        let chapters = self.chapters.iter().map(|(chapter, counts)| {
            let counts = counts.iter().map(|(name, count)| (name.to_string(), json!(count)));
            (chapter.to_string(), Value::from(counts.collect::<Map<_, _>>()))
        });
        let chapters: Map<_, _> = chapters.collect();
        json!({ "requests": self.requests, "worlds": self.worlds, "chapters": chapters })
    }

    /// What [`Counts::to_json`] made; `None` for anything else.
    pub fn from_json(value: &Value) -> Option<Self> {
        let mut read = Self {
            requests: value["requests"].as_u64()?,
            worlds: value["worlds"].as_u64()?,
            chapters: BTreeMap::new(),
        };
        for (chapter, counts) in value["chapters"].as_object()? {
            let counts = counts.as_object()?.iter();
            let counts = counts.map(|(name, count)| Some((Cow::from(name.clone()), count.as_u64()?)));
            read.chapters.insert(chapter.clone().into(), counts.collect::<Option<_>>()?);
        }
        Some(read)
    }

    /// A table a chapter, in Markdown; where names end in a truth value, a column for each.
    pub fn table(&self) -> String {
        let mut text = String::new();
        for (chapter, counts) in &self.chapters {
            let mut rows: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
            for (name, count) in counts {
                if let Some((name, truth)) = name.rsplit_once(": ")
                    && let Some(column) = TRUTHS.iter().position(|one| *one == truth)
                {
                    rows.entry(name).or_default()[column] = *count;
                }
            }
            if rows.is_empty() {
                text.push_str(&format!("\n| {chapter} | count |\n|---|---:|\n"));
                let rows = counts.iter().map(|(name, count)| format!("| {name} | {} |\n", grouped(*count)));
                text.extend(rows);
            } else {
                text.push_str(&format!("\n| {chapter} | F | U | T |\n|---|---:|---:|---:|\n"));
                let rows = rows.iter().map(|(name, [f, u, t])| {
                    format!("| {name} | {} | {} | {} |\n", grouped(*f), grouped(*u), grouped(*t))
                });
                text.extend(rows);
            }
        }
        text
    }
}

/// The names of the truth values, ascending.
const TRUTHS: [&str; 3] = ["F", "U", "T"];

/// A number with its digits in threes.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let places = digits.char_indices().map(|(at, digit)| {
        let comma = at > 0 && (digits.len() - at).is_multiple_of(3);
        if comma { format!(",{digit}") } else { digit.to_string() }
    });
    places.collect()
}

/// Who asks for what, and what it comes to.
pub(super) fn request(request: &Value, outcome: &Outcome, counts: &mut Counts) {
    let name = match outcome.decision {
        Decision::Allow if outcome.reasons.is_empty() => "allow, of the owner itself".into(),
        Decision::Allow => "allow".into(),
        Decision::ExplicitDeny => "explicit deny".into(),
        Decision::ImplicitDeny => Cow::from(format!("implicit deny, {}", outcome.blocked_by.unwrap_or("?"))),
        Decision::Error => Cow::from(format!("error, {}", outcome.code.unwrap_or("?"))),
    };
    counts.add("decisions", name, 1);
    let principal = request["principal"].as_str().unwrap_or("");
    let caller = match principal.rsplit(':').next().unwrap_or("") {
        "anonymous" => "unsigned",
        below if principal.starts_with("service/") || below.starts_with("service/") => "service",
        below if below.contains("-provider/") => "provider",
        below if below.starts_with("federated-user/") => "federated session",
        below if below.contains("role") => "role session",
        below if below == "root" || principal.contains(&format!("{below}:")) => "root account",
        _ => "sub-account",
    };
    counts.add("callers", caller, 1);
    let resources = match &request["resource"] {
        Value::Array(all) if all.len() > 1 => "several",
        Value::Array(all) if all.first().is_some_and(|one| one == "*") => "`*`",
        Value::String(one) if one == "*" => "`*`",
        _ => "one",
    };
    counts.add("resources of a request", resources, 1);
    if request.get("session_policy").is_some() {
        counts.add("resources of a request", "with a session policy", 1);
    }
}

/// What the documents of a world are made of.
pub(super) fn world(value: &Value, counts: &mut Counts) {
    match value {
        Value::Array(all) => all.iter().for_each(|value| world(value, counts)),
        Value::Object(members) => {
            for (name, value) in members {
                if name.eq_ignore_ascii_case("condition") {
                    for operator in value.as_object().into_iter().flatten().map(|(name, _)| name) {
                        let (_, base) = operator.split_once(':').unwrap_or(("", operator));
                        let base = base.strip_suffix("_if_exist").unwrap_or(base).to_owned();
                        counts.add("operators compiled", base, 1);
                    }
                } else {
                    world(value, counts);
                }
            }
        }
        _ => {}
    }
}

/// The kinds of tails and accounts of each statement's rows, by its name; counts what the bundle is made of.
pub(super) fn kinds(
    engine: &Engine,
    counts: &mut Counts,
) -> HashMap<String, Vec<(&'static str, &'static str)>> {
    let tables = engine.bundle().tables();
    structure(tables, counts);
    let name = |statement: u32| {
        let [policy, index] = tables.statements.record::<2>(statement)?;
        let [_, _, _, _, start, length, ..] = tables.policies.record::<8>(policy)?;
        Some(format!("{}#{index}", tables.policy_text.get(start, length)?))
    };
    let mut kinds: HashMap<String, Vec<_>> = HashMap::new();
    for words in tables.rows.iter_records::<{ row::WORDS }>() {
        let of_row = (tail_name(words[row::FLAGS]), account_name(words[row::FLAGS]));
        counts.add("rows compiled, by tail", of_row.0, 1);
        let of_statement = kinds.entry(name(words[row::STATEMENT]).unwrap_or_default()).or_default();
        if !of_statement.contains(&of_row) {
            of_statement.push(of_row);
        }
    }
    kinds
}

fn tail_name(flags: u32) -> &'static str {
    match flags >> row::flag::TAIL_SHIFT & 7 {
        _ if flags & row::flag::ALL != 0 => "entry `*`",
        row::tail::EXACT => "exact",
        row::tail::PREFIX => "prefix",
        row::tail::SUFFIX => "suffix",
        row::tail::PATTERN => "pattern",
        row::tail::VARIABLE => "variable",
        _ => "any",
    }
}

fn account_name(flags: u32) -> &'static str {
    match flags >> row::flag::ACCOUNT_SHIFT & 7 {
        row::account::OWN => "the caller's",
        row::account::UIN => "uin",
        row::account::APPID => "APPID",
        row::account::UNVALUED => "never known",
        _ => "any",
    }
}

fn structure(tables: &Tables<'_>, counts: &mut Counts) {
    let mut add = |name: &'static str, more: usize| counts.add("index compiled", name, more as u64);
    for [_, kinds, _, slots, flags, ..] in tables.blocks.iter_records::<{ block::WORDS }>() {
        let name = match (kinds, flags & block::LIST) {
            (0, _) if slots == 0 => "blocks without rows",
            (0, _) => "blocks without keys",
            (_, 0) => "blocks with a hash table",
            _ => "blocks with lists",
        };
        add(name, 1);
    }
    for [always, forward, backward, filter] in tables.groups.iter_records::<4>() {
        let parts = [
            ("groups with rows that are always asked", always),
            ("groups with a trie", forward),
            ("groups with a reversed trie", backward),
            ("groups with an automaton", filter),
        ];
        parts.iter().filter(|(_, part)| *part != NONE).for_each(|(name, _)| add(name, 1));
    }
    for [.., mode] in tables.automata.iter_records::<{ automaton::WORDS }>() {
        add(if mode == 0 { "automata over patterns" } else { "automata over literals" }, 1);
    }
    let filtered = tables.identity_blocks.iter_records::<2>().filter(|[_, filter]| *filter != NONE);
    add("holdings with a filter", filtered.count());
    add("holdings", tables.identity_blocks.records::<2>() as usize);
    let tries = [scalar::V4_ROOT, scalar::V6_ROOT].iter().filter(|root| tables.scalar(**root) != NONE);
    add("tries of networks", tries.count());
    for [kind, _] in tables.block_kinds.iter_records::<2>() {
        for (_, part) in KEY_PARTS.iter().filter(|(bit, _)| kind & bit != 0) {
            counts.add("kinds of keys, by part", *part, 1);
        }
    }
}

/// What a key can be made of.
const KEY_PARTS: [(u32, &str); 15] = [
    (anchor::ALL, "entry `*`"),
    (anchor::SEGMENTS, "resource"),
    (anchor::STAR, "deny met by `*`"),
    (anchor::SERVICE, "service"),
    (anchor::REGION, "region"),
    (anchor::OWN, "own account"),
    (anchor::UIN, "uin"),
    (anchor::APPID, "APPID"),
    (anchor::PATH_1, "path to `/`"),
    (anchor::PATH_2, "path to the second `/`"),
    (anchor::PATH, "whole path"),
    (anchor::ACTION_SERVICE, "service of the action"),
    (anchor::ACTION, "action"),
    (anchor::VALUE, "value of the context"),
    (anchor::EMPTY, "key without values"),
];

/// What decided.
pub(super) fn reasons(
    answer: &Answer,
    kinds: &HashMap<String, Vec<(&'static str, &'static str)>>,
    counts: &mut Counts,
) {
    for name in &answer.reasons {
        match kinds.get(name) {
            Some(kinds) => {
                for (tail, account) in kinds {
                    counts.add("deciding rows, by tail", *tail, 1);
                    counts.add("deciding rows, by account", *account, 1);
                }
            }
            None => counts.add("deciding rows, by tail", "not of the world", 1),
        }
    }
}

/// What a sampled request asked of whom.
pub(super) fn explained(explanation: &Explanation, counts: &mut Counts) {
    for part in explanation.resources.iter().flat_map(|resource| &resource.parts) {
        for statement in &part.statements {
            let how = match statement.misses.len() {
                0 if statement.denies => "deny matches",
                0 => "allow matches",
                1 => "misses by one dimension",
                _ => "misses by more",
            };
            counts.add("statements of sampled requests, by layer", format!("{}, {how}", part.part.name()), 1);
            if let [miss] = statement.misses.as_slice() {
                counts.add("sole misses of sampled requests", miss.dimension.name(), 1);
            }
        }
    }
}

/// What the conditions of a sampled request came to.
pub(super) fn conditions(conditions: &[(&str, &str, core::cmp::Ordering)], counts: &mut Counts) {
    for (operator, key, truth) in conditions {
        let truth = match truth {
            Less => TRUTHS[0],
            Equal => TRUTHS[1],
            Greater => TRUTHS[2],
        };
        let (qualifier, rest) = operator.split_once(':').unwrap_or(("no qualifier", operator));
        let base = rest.strip_suffix("_if_exist").unwrap_or(rest);
        let suffix = if base == rest { "" } else { ", if_exist" };
        counts.add("operators of sampled requests", format!("{base}: {truth}"), 1);
        counts.add("qualifiers of sampled requests", format!("{qualifier}{suffix}: {truth}"), 1);
        counts.add("keys of sampled requests", format!("{key}: {truth}"), 1);
    }
}
