//! Seeded faults: what a faulty compiler might write is never proven.
//!
//! A fault is put into the tables of a sound bundle, or into the world that the hot tables are compiled from while the
//! statements stay as they were. Whatever still opens must fail `verify_full` or the proof. And whatever a forger
//! changes at random and gets past both, decides as before.
//!
//! `CAMSHAFT_PROVE` sets how many tables are forged (default 6,000).

use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;

use camshaft::decider::{PreparedSession, with_request};
use camshaft_bundle::schema::{
    ACCOUNT_WORDS, ROLE_WORDS, anchor, automaton, block, identity, operator, option, row, scalar,
};
use camshaft_bundle::{Bundle, NONE, Root, Section, Tables, verify_full, write};
use camshaft_compiler::{Budget, Config, compile, prove};
use camshaft_frontend::policy::{
    AccountPattern, ActionEntry, Effect, Pattern, Piece, PolicySet, PrincipalEntry, ResourceEntry, Statement,
    Values,
};
use camshaft_frontend::request::{self, Request};
use camshaft_runtime::{Engine, Explanation, PartReport};
use camshaft_tests::generate::{Features, Random, Requests, world};
use camshaft_tests::product::{Product, load_text};
use serde_json::json;

/// A sound bundle and its world.
struct Sample {
    name: String,
    set: PolicySet,
    config: Config,
    bytes: Vec<u8>,
    product: Product,
    requests: Vec<(Request, PreparedSession)>,
}

impl Sample {
    fn root(&self) -> Root {
        Bundle::open(&self.bytes).expect("opens").tables().to_root()
    }

    /// Whether another bundle gives the same answers and reasons, with its index and without.
    fn answers_alike(&self, other: Bundle, requests: usize) -> bool {
        self.answer_alike(other, self.requests.get(..requests).unwrap_or(&self.requests))
    }

    fn answer_alike(&self, other: Bundle, requests: &[(Request, PreparedSession)]) -> bool {
        let (sound, other) = (Engine::new(Bundle::open(&self.bytes).expect("opens")), Engine::new(other));
        let (mut a, mut b) = (sound.scratch(), other.scratch());
        requests.iter().all(|(request, session)| {
            let mut alike = false;
            with_request(request, session, |request| {
                let names = |engine: &Engine, statements: &[_]| {
                    statements
                        .iter()
                        .map(|statement| engine.statement_name(*statement))
                        .collect::<BTreeSet<_>>()
                };
                let matched = |explanation: &Explanation| {
                    let parts = explanation.resources.iter().flat_map(|resource| &resource.parts);
                    let of_part = |part: &PartReport| {
                        let matched = part.statements.iter().filter(|report| report.misses.is_empty());
                        matched
                            .map(|report| (part.part, report.name.clone(), report.denies))
                            .collect::<Vec<_>>()
                    };
                    parts.flat_map(of_part).collect::<BTreeSet<_>>()
                };
                let wanted = sound.explain(request, &mut a);
                let linear = other.explain(request, &mut b);
                let indexed = other.reasons(request, &mut b);
                let hot = other.decide(request, &mut b);
                let wanted_names = names(&sound, &wanted.reasons.statements);
                alike = discriminant(&wanted.reasons.decision) == discriminant(&indexed.decision)
                    && discriminant(&wanted.reasons.decision) == discriminant(&hot)
                    && wanted_names == names(&other, &indexed.statements)
                    && matched(&wanted) == matched(&linear);
            });
            alike
        })
    }
}

/// What random worlds seldom have: projects, scopes of CAM, variables in scopes, statements that depend on an account
/// that is not known.
fn odd() -> serde_json::Value {
    let policy = |statements: serde_json::Value| json!({ "version": "2.0", "statement": statements });
    let own = policy(json!([
        { "effect": "allow", "action": ["cvm:*", "cos:Get*"], "resource": ["qcs:id/7:cvm:ap-guangzhou::instance/a*"] },
        { "effect": "deny", "action": "cvm:Stop*Instances", "resource": ["qcs:id/0:cvm:gz::instance/*", "qcs::::*:b-125"] },
        { "effect": "allow", "action": "*", "resource": "*",
          "condition": { "ip_equal": { "qcs:ip": ["10.0.0.0/8", "2001:db8::/32"] },
                         "numeric_less_than_if_exist": { "x:n": ["-1.5", "2"] } } },
    ]));
    let general = policy(json!([
        { "effect": "deny", "action": "cvm:*", "resource": ["qcs::cvm::uin/${OwnerUin}:a/*", "qcs::cvm:::x/${OwnerUin}/y"],
          "condition": { "string_equal": { "x:s": ["${OwnerUin}", "s"] }, "numeric_equal": { "x:n": "${OwnerUin}" } } },
    ]));
    let bucket = policy(json!([
        { "effect": "deny", "principal": { "qcs": ["qcs::cam::anyone:anyone"] }, "action": "cos:*", "resource": "*" },
        { "effect": "allow", "principal": { "qcs": ["qcs::cam::uin/100000000001:root", "qcs::cam::uin/100000000002:root"] },
          "action": "cos:*", "resource": ["qcs:id/7:cos::uid/1250000000:b-1250000000/a*c", "qcs::::*:b-1250000000/x"] },
    ]));
    let vault = policy(json!([
        { "effect": "deny", "principal": "*", "action": "*", "resource": "qcs::cas:::vault/a${uin}*" },
        { "effect": "allow", "principal": "*", "action": "*", "resource": "qcs::cas:::vault/ab${owner_uin}" },
    ]));
    let roles = policy(json!([
        { "effect": "allow", "principal": "*", "action": "cam:*", "resource": ["qcs::cam:::roleName/*", "qcs::cam:::role/77"] },
    ]));
    let scoped =
        |resource: &str, policy: serde_json::Value| json!({ "resource": resource, "policy": policy });
    let (one, two) = ("uin/100000000001", "uin/100000000002");
    json!({
        "options": { "legacy_project": true, "resource_policy_services": ["cam", "cas", "cos"],
                     "cos_anyone_deny": "unsigned", "max_artifact_age_s": 60 },
        "accounts": [
            { "uin": "100000000001", "appid": "1250000000",
              "users": [{ "uin": "100000000011", "policies": ["own"] }, { "uin": "100000000012" }],
              "roles": [{ "name": "r", "id": "77", "policies": ["own"] }], "policies": { "own": own } },
            { "uin": "100000000002" },
        ],
        "general_policies": [general],
        "resource_policies": [
            scoped("qcs:id/7:cos:ap-guangzhou:uid/1250000000:b-1250000000/*", bucket),
            scoped(&format!("qcs::cas:ap-guangzhou:{one}:vault/a*"), vault.clone()),
            scoped(&format!("qcs::cas:ap-guangzhou:{two}:*"), vault),
            scoped(&format!("qcs::cam:ap-guangzhou:{one}:role/*"), roles),
        ],
    })
}

fn samples() -> Vec<Sample> {
    let grouped = || Config::default().path_anchors(false).action_anchors(false).dense_rows(0);
    let networks = || Config::default().network_tries(false).dense_rows(1);
    // Each world has what its strategy is about: the seed stands with the strategy.
    let worlds = [
        (700, "lists off", Config::default().dense_rows(2).listed_keys(0)),
        (701, "groups", grouped()),
        (702, "literal filter", grouped().state_budget(1)),
        (703, "networks listed", networks()),
        (
            704,
            "one block an account",
            Config::default().merge_rows(0).light_rows(0).replication(0).fragments(0),
        ),
        (705, "default", Config::default().dense_rows(2)),
    ];
    let worlds = worlds
        .map(|(seed, name, config)| (format!("world {seed}, {name}"), world(seed, Features::all()), config));
    let odd = [("default", Config::default()), ("groups", grouped()), ("networks listed", networks())];
    let odd = odd.map(|(name, config)| (format!("odd world, {name}"), self::odd(), config));
    let mut samples = Vec::new();
    for (name, value, config) in worlds.into_iter().chain(odd) {
        let loaded = load_text(&value.to_string());
        let product = Product::new(&loaded, &config);
        let maker = Requests::new(&value, Features::all());
        let mut random = Random::new(7);
        let requests = (0..400).map(|_| maker.next(&mut random).to_string());
        let requests = requests.filter_map(|text| request::parse(&text).ok());
        let requests = requests.map(|request| {
            let session = product.decider().session(&request);
            (request, session)
        });
        let requests = requests.collect();
        let set = loaded.set.expect("accepted");
        let bytes = compile(&set, &config).expect("compiles").bytes;
        samples.push(Sample { name, set, config, bytes, product, requests });
    }
    samples
}

/// What became of a faulty bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Caught {
    /// It is not a bundle.
    Opening,
    /// Its index or certificate is wrong.
    Verifying,
    /// It is not proven. Whether a request of the report shows why.
    Proving { shown: bool },
    /// Nobody noticed, and no request does: the fault stands where nothing looks, or only adds candidates.
    Idle,
    /// Nobody noticed, but a request is answered otherwise.
    Never,
}

fn caught(sample: &Sample, root: Root) -> Caught {
    let Ok(bytes) = write(root) else { return Caught::Opening };
    let bundle = Bundle::open(&bytes).expect("the writer checked it");
    let proof = prove(&bundle, Some(&sample.set), &Budget::default());
    if !proof.is_complete() {
        let requests = proof.faults.iter().filter_map(|fault| fault.request.as_ref());
        let mut texts = requests.map(|asked| {
            let mut value = json!({
                "principal": asked.principal, "action": asked.action, "resource": asked.resource,
                "context": asked.context,
            });
            if let Some(time) = &asked.time {
                value["time"] = json!(time);
            }
            if asked.principal.ends_with("anonymous") {
                value["signed"] = json!(false);
            }
            value.to_string()
        });
        let requests = texts.by_ref().take(5).filter_map(|text| request::parse(&text).ok());
        let requests = requests.map(|request| {
            let session = sample.product.decider().session(&request);
            (request, session)
        });
        let requests: Vec<_> = requests.collect();
        return Caught::Proving { shown: !sample.answer_alike(bundle, &requests) };
    }
    if verify_full(&bundle).is_err() {
        return Caught::Verifying;
    }
    if sample.answers_alike(bundle, 400) { Caught::Idle } else { Caught::Never }
}

/// Puts one fault into the tables, at the given place of those it can stand at; `None` when there are no more.
type Fault = fn(&mut Root, usize) -> Option<()>;

/// The place of the `nth` record that fits.
fn nth<const N: usize>(table: &[u32], nth: usize, fits: impl Fn(&[u32; N]) -> bool) -> Option<usize> {
    let records = table.as_chunks::<N>().0.iter().enumerate();
    records.filter(|(_, record)| fits(record)).map(|(at, _)| at * N).nth(nth)
}

fn nth_row(root: &Root, at: usize, fits: impl Fn(&[u32; row::WORDS]) -> bool) -> Option<usize> {
    nth(&root.rows, at, fits)
}

const SEGMENTS: fn(&[u32; row::WORDS]) -> bool = |row| row[row::FLAGS] & row::flag::ALL == 0;

fn tail(row: &[u32; row::WORDS]) -> u32 {
    row[row::FLAGS] >> row::flag::TAIL_SHIFT & 7
}

fn account(row: &[u32; row::WORDS]) -> u32 {
    row[row::FLAGS] >> row::flag::ACCOUNT_SHIFT & 7
}

fn set_hulls(root: &mut Root) {
    let (mut start, mut hulls) = (0, Vec::new());
    for end in &root.action_set_ends {
        let words = root.action_set_words[start..*end as usize].iter().copied();
        hulls.extend(Tables::hull_of(words).unwrap_or_default());
        start = *end as usize;
    }
    root.action_hulls = hulls;
}

/// The posting lists of a bundle: where each begins.
fn lists(root: &Root) -> Vec<usize> {
    let (mut at, mut lists) = (0, Vec::new());
    while at < root.postings.len() {
        lists.push(at);
        at += root.postings[at] as usize + 1;
    }
    lists
}

/// The slots of blocks that are lists of keys: the integer of the tag, its bits, and the place of the posting.
fn listed(root: &Root) -> Vec<(usize, u32, usize)> {
    let mut all = Vec::new();
    for record in root.blocks.as_chunks::<{ block::WORDS }>().0 {
        let [_, kinds, first, slots, flags, ..] = *record;
        if flags & block::LIST == 0 || kinds == 0 {
            continue;
        }
        let (first, tags) = (first as usize, slots.div_ceil(8) as usize * 4);
        let slot = |slot: usize| (first + slot / 2, slot as u32 % 2 * 16, first + tags + slot);
        all.extend((0..slots as usize).map(slot));
    }
    all
}

const FAULTS: &[(&str, Fault)] = &[
    ("swapped effect", |root, at| {
        let row = nth_row(root, at, |_| true)?;
        root.rows[row + row::FLAGS] ^= row::flag::DENY;
        Some(())
    }),
    ("prefix off by one", |root, at| {
        let row = nth_row(root, at, |row| {
            SEGMENTS(row) && tail(row) == row::tail::PREFIX && row[row::TAIL_LENGTH] > 1
        })?;
        root.rows[row + row::TAIL_LENGTH] -= 1;
        Some(())
    }),
    ("exact taken for a prefix", |root, at| {
        let row = nth_row(root, at, |row| SEGMENTS(row) && tail(row) == row::tail::EXACT)?;
        root.rows[row] =
            root.rows[row] & !(7 << row::flag::TAIL_SHIFT) | row::tail::PREFIX << row::flag::TAIL_SHIFT;
        Some(())
    }),
    ("suffix taken for any path", |root, at| {
        let row = nth_row(root, at, |row| SEGMENTS(row) && tail(row) == row::tail::SUFFIX)?;
        root.rows[row] &= !(7 << row::flag::TAIL_SHIFT);
        (root.rows[row + row::TAIL], root.rows[row + row::TAIL_LENGTH]) = (0, 0);
        Some(())
    }),
    ("another pattern", |root, at| {
        let patterns = root.pattern_ends.len() as u32;
        let row = nth_row(root, at, |row| SEGMENTS(row) && tail(row) >= row::tail::PATTERN && patterns > 1)?;
        root.rows[row + row::TAIL] = (root.rows[row + row::TAIL] + 1) % patterns;
        Some(())
    }),
    ("variable taken for a pattern", |root, at| {
        let row = nth_row(root, at, |row| SEGMENTS(row) && tail(row) == row::tail::VARIABLE)?;
        root.rows[row] =
            root.rows[row] & !(7 << row::flag::TAIL_SHIFT) | row::tail::PATTERN << row::flag::TAIL_SHIFT;
        Some(())
    }),
    ("another variable", |root, at| {
        let piece = nth::<3>(&root.pieces, at, |piece| (2..5).contains(&piece[0]))?;
        root.pieces[piece] = if root.pieces[piece] == 2 { 3 } else { 2 };
        Some(())
    }),
    ("star lost from a pattern", |root, at| {
        let piece = nth::<3>(&root.pieces, at, |piece| piece[0] == 1)?;
        root.pieces[piece] = 0;
        Some(())
    }),
    ("merged guards", |root, at| {
        let guards = root.guard_ends.len() as u32;
        let row = nth_row(root, at, |row| row[row::GUARD] > 0 && guards > 1)?;
        root.rows[row + row::GUARD] = root.rows[row + row::GUARD] % guards + 1;
        Some(())
    }),
    ("dropped guard", |root, at| {
        let row = nth_row(root, at, |row| row[row::GUARD] > 0)?;
        root.rows[row + row::GUARD] = 0;
        Some(())
    }),
    ("region forgotten", |root, at| {
        let row = nth_row(root, at, |row| SEGMENTS(row) && row[row::REGION] != NONE)?;
        root.rows[row + row::REGION] = NONE;
        Some(())
    }),
    ("service of another", |root, at| {
        let segments = root.segment_ends.len() as u32;
        let row = nth_row(root, at, |row| SEGMENTS(row) && row[row::SERVICE] != NONE)?;
        root.rows[row + row::SERVICE] = (root.rows[row + row::SERVICE] + 1) % segments;
        Some(())
    }),
    ("owner forgotten", |root, at| {
        let row = nth_row(root, at, |row| SEGMENTS(row) && account(row) != row::account::ANY)?;
        root.rows[row] &= !(7 << row::flag::ACCOUNT_SHIFT);
        root.rows[row + row::ACCOUNT] = 0;
        Some(())
    }),
    ("another owner", |root, at| {
        let uins = root.uin_ends.len() as u32;
        let row = nth_row(root, at, |row| SEGMENTS(row) && account(row) == row::account::UIN)?;
        root.rows[row + row::ACCOUNT] = (root.rows[row + row::ACCOUNT] + 1) % uins;
        Some(())
    }),
    ("another action set", |root, at| {
        let sets = root.action_set_ends.len() as u32;
        let row = nth_row(root, at, |_| sets > 1)?;
        root.rows[row + row::ACTIONS] = (root.rows[row + row::ACTIONS] + 1) % sets;
        Some(())
    }),
    ("interval of actions off by one", |root, at| {
        let (set, end) = (0..).zip(root.action_set_ends.clone()).nth(at)?;
        let start = if set == 0 { 0 } else { root.action_set_ends[set - 1] as usize };
        let intervals = root.action_set_words[start] as usize;
        if intervals > 0 {
            let last = start + 2 * intervals;
            let wide = root.action_set_words[last] - root.action_set_words[last - 1] > 1;
            root.action_set_words[last] =
                root.action_set_words[last].wrapping_add_signed(if wide { -1 } else { 1 });
        } else {
            root.action_set_words[end as usize - 1] ^= 1;
        }
        set_hulls(root);
        Some(())
    }),
    ("scope forgotten", |root, at| {
        let extra = nth::<5>(&root.extras, at, |extra| extra[1] != NONE)?;
        root.extras[extra + 1] = NONE;
        Some(())
    }),
    ("project forgotten", |root, at| {
        let extra = nth::<5>(&root.extras, at, |extra| extra[2] != 0)?;
        root.extras[extra + 2] = 0;
        Some(())
    }),
    ("principals of another", |root, at| {
        let sets = root.principal_set_ends.len() as u32;
        let extra = nth::<5>(&root.extras, at, |extra| extra[0] != NONE && sets > 1)?;
        root.extras[extra] = (root.extras[extra] + 1) % sets;
        Some(())
    }),
    ("root taken for its account", |root, at| {
        let principal = nth::<3>(&root.principals, at, |principal| (2..4).contains(&principal[0]))?;
        root.principals[principal] ^= 1;
        Some(())
    }),
    ("anonymous taken for everyone", |root, at| {
        let principal = nth::<3>(&root.principals, at, |principal| principal[0] < 2)?;
        root.principals[principal] ^= 1;
        Some(())
    }),
    ("negated operator", |root, at| {
        let term = nth::<5>(&root.terms, at, |term| term[0] >> 3 < 8)?;
        root.terms[term] ^= 1 << 3;
        Some(())
    }),
    ("qualifier forgotten", |root, at| {
        let term = nth::<5>(&root.terms, at, |term| term[0] & 6 != 0)?;
        root.terms[term] &= !6;
        Some(())
    }),
    ("if_exist turned", |root, at| {
        let term =
            nth::<5>(&root.terms, at, |term| operator::values(term[0]) != Some(operator::Values::Null))?;
        root.terms[term] ^= 1;
        Some(())
    }),
    ("another key", |root, at| {
        let keys = root.key_ends.len() as u32;
        let term = nth::<5>(&root.terms, at, |_| true)?;
        root.terms[term + 1] = (root.terms[term + 1] + 1) % keys;
        Some(())
    }),
    ("unknown value taken for none", |root, at| {
        let term = nth::<5>(&root.terms, at, |_| true)?;
        root.terms[term + 4] ^= 1;
        Some(())
    }),
    ("bound off by one", |root, at| {
        let of = |term: &[u32; 5]| {
            use operator::Values::{Date, Number};
            matches!(operator::values(term[0]), Some(Number { .. } | Date { .. })) && term[3] > 0
        };
        let term = nth::<5>(&root.terms, at, of)?;
        let (first, length) = (root.terms[term + 2] as usize, root.terms[term + 3] as usize);
        // The lowest word of the integer part, or of the milliseconds, of the last value.
        let place =
            if length.is_multiple_of(9) && root.terms[term] >> 3 < 12 { length - 8 } else { length - 2 };
        root.values[first + place] ^= 1;
        Some(())
    }),
    ("another text", |root, at| {
        let of = |term: &[u32; 5]| matches!(operator::values(term[0]), Some(operator::Values::Text { .. }));
        let term = nth::<5>(&root.terms, at, of)?;
        let first = root.terms[term + 2] as usize;
        if root.values[first] > 0 && root.values[first + 3] > 0 {
            root.values[first + 3] -= 1;
        } else {
            let last = first + root.terms[term + 3] as usize - 1;
            root.values[last] = (root.values[last] + 1) % root.pattern_ends.len().max(1) as u32;
        }
        Some(())
    }),
    ("another network set", |root, at| {
        let of =
            |term: &[u32; 5]| operator::values(term[0]) == Some(operator::Values::Network) && term[3] == 1;
        let term = nth::<5>(&root.terms, at, of)?;
        root.values[root.terms[term + 2] as usize] ^= 1;
        Some(())
    }),
    ("network of another length", |root, at| {
        let of =
            |term: &[u32; 5]| operator::values(term[0]) == Some(operator::Values::Network) && term[3] > 5;
        let term = nth::<5>(&root.terms, at, of)?;
        root.values[root.terms[term + 2] as usize + 1] += 1;
        Some(())
    }),
    ("stretch of addresses in another class", |root, at| {
        let classes = root.network_class_ends.len() as u32;
        let entry = root.network_entries.iter().enumerate().filter(|(_, entry)| **entry < classes);
        let entry = entry.map(|(at, _)| at).nth(at)?;
        root.network_entries[entry] = (root.network_entries[entry] + 1) % classes;
        Some(())
    }),
    ("class without a set", |root, at| {
        let set = root.network_class_sets.get(at)?;
        let _ = set;
        root.network_class_sets.remove(at);
        root.network_class_ends.iter_mut().filter(|end| **end as usize > at).for_each(|end| *end -= 1);
        Some(())
    }),
    ("row lost from a list", |root, at| {
        let list = *lists(root).get(at)?;
        let count = root.postings[list] as usize;
        root.postings[list + count] = root.postings[list + 1];
        Some(())
    }),
    ("row of another policy in a list", |root, at| {
        let list = *lists(root).get(at)?;
        let rows = (root.rows.len() / row::WORDS) as u32;
        root.postings[list + 1] = (root.postings[list + 1] + rows / 2) % rows;
        Some(())
    }),
    ("slot with another tag", |root, at| {
        let slot = nth::<2>(&root.block_slots, at, |slot| slot[1] != NONE)?;
        root.block_slots[slot] ^= 0x10;
        Some(())
    }),
    ("listed slot with another tag", |root, at| {
        let (word, shift, _) = *listed(root).get(at)?;
        root.block_lists[word] ^= 0x10 << shift;
        Some(())
    }),
    ("listed slots exchanged", |root, at| {
        let slots = listed(root);
        let (one, other) = (slots.get(at)?.2, slots.get(at + 1)?.2);
        let is_group = |posting: u32| posting & (3 << 30) == 1 << 30;
        if is_group(root.block_lists[one]) || is_group(root.block_lists[other]) {
            return Some(());
        }
        root.block_lists.swap(one, other);
        Some(())
    }),
    ("kind with another kind's slots", |root, at| {
        let end = nth::<2>(&root.block_kinds, at, |kind| kind[1] > 1)?;
        root.block_kinds[end + 1] -= 1;
        Some(())
    }),
    ("slots exchanged", |root, at| {
        let slot = nth::<2>(&root.block_slots, at, |slot| slot[1] != NONE && slot[1] & (3 << 30) == 1 << 31)?;
        let other =
            nth::<2>(&root.block_slots, at + 1, |slot| slot[1] != NONE && slot[1] & (3 << 30) == 1 << 31)?;
        root.block_slots.swap(slot + 1, other + 1);
        Some(())
    }),
    ("kind of key without what a request may lack", |root, at| {
        let kind = root.block_kinds.get_mut(2 * at)?;
        *kind ^= anchor::REGION;
        Some(())
    }),
    ("kind of key for another subject", |root, at| {
        let kind = root.block_kinds.get_mut(2 * at)?;
        *kind ^= anchor::SEGMENTS | anchor::STAR;
        Some(())
    }),
    ("trie that forgets a prefix", |root, at| {
        let node = nth::<6>(&root.trie_nodes, at, |node| node[4] != NONE)?;
        root.trie_nodes[node + 4] = NONE;
        Some(())
    }),
    ("trie that takes a prefix for the whole", |root, at| {
        let node = nth::<6>(&root.trie_nodes, at, |node| node[4] != NONE && node[5] == NONE)?;
        root.trie_nodes.swap(node + 4, node + 5);
        Some(())
    }),
    ("trie with a longer label", |root, at| {
        let node = nth::<6>(&root.trie_nodes, at, |node| node[1] > 0)?;
        root.trie_nodes[node + 1] += 1;
        Some(())
    }),
    ("group that forgets what is always asked", |root, at| {
        let group = nth::<4>(&root.groups, at, |group| group[0] != NONE)?;
        root.groups[group] = NONE;
        Some(())
    }),
    ("wrong default edge", |root, at| {
        // Whatever an automaton has seen, it begins anew where it did not yet.
        let automaton = nth::<{ automaton::WORDS }>(&root.automata, at, |automaton| automaton[3] > 1)?;
        let [_, width, first, states, ..] = root.automata[automaton..automaton + 5] else { return None };
        for class in 0..width {
            let default = root.automaton_next[(first + class) as usize];
            for state in 1..states {
                root.automaton_next[(first + state * width + class) as usize] = default;
            }
        }
        Some(())
    }),
    ("edge that forgets what was seen", |root, at| {
        let edges = root.automaton_next.iter().enumerate().filter(|(_, state)| **state != 0);
        let edge = edges.map(|(edge, _)| edge).nth(at * 3)?;
        root.automaton_next[edge] = 0;
        Some(())
    }),
    ("edge to another state", |root, at| {
        let automaton = nth::<{ automaton::WORDS }>(&root.automata, at / 8, |automaton| automaton[3] > 1)?;
        let [_, width, first, states, ..] = root.automata[automaton..automaton + 5] else { return None };
        let edges = (width * states) as usize;
        let edge = first as usize + at % 8 * edges / 8;
        root.automaton_next[edge] = (root.automaton_next[edge] + 1) % states;
        Some(())
    }),
    ("state that accepts nothing", |root, at| {
        let states = root.automaton_accept.iter().enumerate().filter(|(_, posting)| **posting != NONE);
        let state = states.map(|(state, _)| state).nth(at)?;
        root.automaton_accept[state] = NONE;
        Some(())
    }),
    ("byte in the class of another", |root, at| {
        let automaton = nth::<{ automaton::WORDS }>(&root.automata, at, |automaton| automaton[1] > 1)?;
        let first = root.automata[automaton] as usize;
        let used = (0..64).flat_map(|word| (0..4).map(move |byte| (word, byte)));
        let of =
            |(word, byte): &(usize, usize)| root.automaton_classes[first + word] >> (8 * byte) & 0xff != 0;
        let (word, byte) = used.into_iter().find(of)?;
        root.automaton_classes[first + word] &= !(0xff << (8 * byte));
        Some(())
    }),
    ("block of another held", |root, at| {
        let blocks = (root.blocks.len() / block::WORDS) as u32;
        let holding = root.identity_blocks.get_mut(at * 2)?;
        *holding = (*holding + 1) % blocks;
        Some(())
    }),
    ("holding forgotten", |root, at| {
        let identity = nth::<{ identity::WORDS }>(&root.identities, at, |identity| identity[1] > 0)?;
        let last = (root.identities[identity] + root.identities[identity + 1] - 1) as usize;
        root.identities[identity + 1] -= 1;
        root.identity_blocks.drain(2 * last..2 * last + 2);
        for place in (identity + identity::WORDS..root.identities.len()).step_by(identity::WORDS) {
            root.identities[place] -= 1;
        }
        Some(())
    }),
    ("filter with another bit", |root, at| {
        let mut place = 0;
        for _ in 0..at {
            place += *root.filters.get(place + 1)? as usize + 2;
        }
        *root.filters.get_mut(place + 2)? ^= 2;
        Some(())
    }),
    ("boundary forgotten", |root, at| {
        let identity = nth::<{ identity::WORDS }>(&root.identities, at, |identity| identity[2] != NONE)?;
        root.identities[identity + 2] = NONE;
        Some(())
    }),
    ("level of an organization forgotten", |root, at| {
        let level = root.levels.get_mut(at).filter(|level| **level != NONE)?;
        *level = NONE;
        Some(())
    }),
    ("trust policy forgotten", |root, at| {
        let role = nth::<ROLE_WORDS>(&root.roles, at, |role| role[3] != NONE)?;
        root.roles[role + 3] = NONE;
        Some(())
    }),
    ("general policies forgotten", |root, at| {
        let account = nth::<ACCOUNT_WORDS>(&root.accounts, at, |account| account[1] != NONE)?;
        root.accounts[account + 1] = NONE;
        Some(())
    }),
    ("general policies of strangers forgotten", |root, at| {
        let block = &mut root.scalars[scalar::GENERAL_UNKNOWN as usize];
        (at == 0 && *block != NONE).then(|| *block = NONE)
    }),
    ("service-linked role taken for another", |root, at| {
        let identity = nth::<{ identity::WORDS }>(&root.identities, at, |identity| identity[4] == NONE)?;
        root.identities[identity + 7] ^= identity::SERVICE_LINKED;
        Some(())
    }),
    ("option turned", |root, at| {
        let flags = [option::LIST_DENY_CAM, option::ANYONE_DENY_UNSIGNED];
        root.scalars[scalar::OPTIONS as usize] ^= flags.get(at)?;
        Some(())
    }),
    ("service that takes no resource policies", |root, at| {
        let service = root.scalars.get_mut(scalar::CAPABLE_SERVICES as usize + at)?;
        *service = 0;
        Some(())
    }),
    ("statement shown otherwise", |root, at| {
        let quoted = root.statement_text.windows(3).enumerate().filter(|(_, text)| *text == b"den");
        let place = quoted.map(|(place, _)| place).nth(at)?;
        root.statement_text[place..place + 3].copy_from_slice(b"dEn");
        Some(())
    }),
    ("value shown otherwise", |root, at| {
        let digits = root.term_text.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit());
        let place = digits.map(|(place, _)| place).nth(at)?;
        root.term_text[place] = if root.term_text[place] == b'1' { b'2' } else { b'1' };
        Some(())
    }),
    ("scope shown otherwise", |root, at| {
        let scope = nth::<2>(&root.policy_scopes, at, |scope| scope[1] > 0)?;
        let last = (root.policy_scopes[scope] + root.policy_scopes[scope + 1] - 1) as usize;
        root.scope_text[last] = b'~';
        Some(())
    }),
];

/// A fault of the compiler: the hot tables are those of a world that differs by it, the statements are the true ones.
type Misread = fn(&mut PolicySet, usize) -> Option<()>;

fn statement(set: &mut PolicySet, at: usize, fits: impl Fn(&Statement) -> bool) -> Option<&mut Statement> {
    let statements = set.policies.iter_mut().flat_map(|policy| &mut policy.statements);
    statements.filter(|statement| fits(statement)).nth(at)
}

fn entry(set: &mut PolicySet, at: usize) -> Option<&mut camshaft_frontend::policy::ResourcePattern> {
    let statements = set.policies.iter_mut().flat_map(|policy| &mut policy.statements);
    let entries = statements.flat_map(|statement| &mut statement.resources);
    let segments = entries.filter_map(|entry| match entry {
        ResourceEntry::Segments(pattern) => Some(pattern),
        ResourceEntry::All => None,
    });
    segments.into_iter().nth(at)
}

const MISREADINGS: &[(&str, Misread)] = &[
    ("dropped statement", |set, at| {
        // An allow for an owner that is never known has no rows.
        let statement = statement(set, at, |_| true)?;
        statement.effect = Effect::Allow;
        let mut pattern = camshaft_frontend::policy::ResourcePattern {
            project: camshaft_frontend::policy::ProjectPattern::Any,
            service: None,
            region: None,
            account: AccountPattern::Unvalued,
            path: Pattern(vec![Piece::Star]),
        };
        if let Some(ResourceEntry::Segments(old)) = statement.resources.first() {
            pattern.path = old.path.clone();
        }
        statement.resources = vec![ResourceEntry::Segments(pattern)];
        Some(())
    }),
    ("dropped resource", |set, at| {
        statement(set, at, |statement| statement.resources.len() > 1)?.resources.pop();
        Some(())
    }),
    ("dropped action", |set, at| {
        statement(set, at, |statement| statement.actions.len() > 1)?.actions.remove(0);
        Some(())
    }),
    ("action taken for all of its service", |set, at| {
        let is_one = |action: &ActionEntry| match action {
            ActionEntry::Operation { operation, .. } => operation.0 != [Piece::Star],
            ActionEntry::All => false,
        };
        let statement = statement(set, at, |statement| statement.actions.iter().all(is_one))?;
        if let ActionEntry::Operation { operation, .. } = &mut statement.actions[0] {
            *operation = Pattern(vec![Piece::Star]);
        }
        Some(())
    }),
    ("service taken for all services", |set, at| {
        let entry = entry(set, at)?;
        entry.service = if entry.service.is_some() { None } else { Some("cvm".into()) };
        Some(())
    }),
    ("another path", |set, at| {
        let path = &mut entry(set, at)?.path;
        *path = match path.0.as_slice() {
            [Piece::Literal(text)] => Pattern(vec![Piece::Literal(format!("{text}x").into())]),
            [Piece::Star] => Pattern(vec![Piece::Literal("x".into()), Piece::Star]),
            _ => Pattern(vec![Piece::Star]),
        };
        Some(())
    }),
    ("own account taken for any", |set, at| {
        let entry = entry(set, at)?;
        entry.account =
            if entry.account == AccountPattern::Any { AccountPattern::Own } else { AccountPattern::Any };
        Some(())
    }),
    ("dropped condition", |set, at| {
        statement(set, at, |statement| !statement.condition.is_empty())?.condition.pop();
        Some(())
    }),
    ("dropped value", |set, at| {
        let of = |values: &Values| matches!(values, Values::Text(texts) if texts.len() > 1);
        let has = |statement: &Statement| statement.condition.iter().any(|term| of(&term.values));
        let statement = statement(set, at, has)?;
        let term = statement.condition.iter_mut().find(|term| of(&term.values))?;
        if let Values::Text(texts) = &mut term.values {
            texts.pop();
        }
        Some(())
    }),
    ("condition of another statement", |set, at| {
        let other = statement(set, at + 1, |statement| !statement.condition.is_empty())?.condition.clone();
        let own = statement(set, at, |statement| !statement.condition.is_empty())?;
        (own.condition != other).then(|| own.condition = other)
    }),
    ("dropped principal", |set, at| {
        let several = |statement: &Statement| statement.principals.as_ref().is_some_and(|all| all.len() > 1);
        statement(set, at, several)?.principals.as_mut()?.pop();
        Some(())
    }),
    ("everyone for some", |set, at| {
        let some = |statement: &Statement| {
            statement.principals.as_ref().is_some_and(|all| !all.contains(&PrincipalEntry::Everyone))
        };
        statement(set, at, some)?.principals.as_mut()?.push(PrincipalEntry::Everyone);
        Some(())
    }),
    ("wider scope", |set, at| {
        let narrow = set.resource_policies.iter_mut().filter(|policy| policy.scope.path.0 != [Piece::Star]);
        narrow.into_iter().nth(at)?.scope.path = Pattern(vec![Piece::Star]);
        Some(())
    }),
    ("scope without its region", |set, at| {
        let regional = set.resource_policies.iter_mut().filter(|policy| policy.scope.region.is_some());
        regional.into_iter().nth(at)?.scope.region = None;
        Some(())
    }),
];

#[test]
fn every_misreading_is_caught() {
    let samples = samples();
    let mut never = Vec::new();
    for (name, misread) in MISREADINGS {
        let mut counts: BTreeMap<Caught, usize> = BTreeMap::new();
        for sample in &samples {
            let sound = sample.root();
            for at in 0..PLACES {
                let mut set = sample.set.clone();
                if misread(&mut set, at).is_none() {
                    break;
                }
                let bytes = compile(&set, &sample.config).expect("compiles").bytes;
                let mut root = Bundle::open(&bytes).expect("opens").tables().to_root();
                root.statement_places.clone_from(&sound.statement_places);
                root.statement_text.clone_from(&sound.statement_text);
                root.policy_scopes.clone_from(&sound.policy_scopes);
                root.scope_text.clone_from(&sound.scope_text);
                let how = caught(sample, root);
                *counts.entry(how).or_default() += 1;
                if how == Caught::Never {
                    never.push(format!("{name}, {} place {at}", sample.name));
                }
            }
        }
        println!("{name}: {counts:?}");
        if !counts.keys().any(|how| matches!(how, Caught::Proving { .. })) {
            never.push(format!("{name}: it is never put in"));
        }
    }
    assert!(never.is_empty(), "{never:#?}");
}

/// A bundle of another world than the one at hand: what is attached differs.
type Attach = fn(&mut PolicySet, usize) -> Option<()>;

const ATTACHMENTS: &[(&str, Attach)] = &[
    ("policy not attached", |set, at| {
        let users = set.accounts.iter_mut().flat_map(|account| &mut account.users);
        users.filter(|user| !user.policies.is_empty()).nth(at)?.policies.pop().map(drop)
    }),
    ("boundary not attached", |set, at| {
        let users = set.accounts.iter_mut().flat_map(|account| &mut account.users);
        users.filter(|user| user.boundary.is_some()).nth(at)?.boundary.take().map(drop)
    }),
    ("user not in a group", |set, at| {
        let users = set.accounts.iter_mut().flat_map(|account| &mut account.users);
        users.filter(|user| !user.groups.is_empty()).nth(at)?.groups.pop().map(drop)
    }),
    ("level not there", |set, at| {
        let levels = set.accounts.iter_mut().filter_map(|account| account.levels.as_mut());
        levels.filter(|levels| !levels.is_empty()).nth(at)?.pop().map(drop)
    }),
    ("role not trusted", |set, at| {
        let roles = set.accounts.iter_mut().flat_map(|account| &mut account.roles);
        roles.filter(|role| role.trust.is_some()).nth(at)?.trust.take().map(drop)
    }),
    ("resource policy not attached", |set, at| {
        (at < set.resource_policies.len()).then(|| set.resource_policies.remove(at)).map(drop)
    }),
    ("user not there", |set, at| {
        let mut accounts = set.accounts.iter_mut().filter(|account| !account.users.is_empty());
        accounts.nth(at)?.users.pop().map(drop)
    }),
    ("another statement", |set, at| {
        let policy = set.policies.iter_mut().filter(|policy| policy.statements.len() > 1).nth(at)?;
        policy.statements.swap(0, 1);
        Some(())
    }),
];

#[test]
fn every_other_attachment_is_caught() {
    let samples = samples();
    let mut never = Vec::new();
    for (name, attach) in ATTACHMENTS {
        let mut tried = 0;
        for sample in &samples {
            for at in 0..PLACES {
                let mut set = sample.set.clone();
                if attach(&mut set, at).is_none() {
                    break;
                }
                tried += 1;
                let bytes = compile(&set, &sample.config).expect("compiles").bytes;
                let bundle = Bundle::open(&bytes).expect("opens");
                // The bundle is sound, but it is another one's.
                assert!(prove(&bundle, None, &Budget::default()).is_complete(), "{name}, {}", sample.name);
                let proof = prove(&bundle, Some(&sample.set), &Budget::default());
                if proof.is_complete() && !sample.answers_alike(bundle, 400) {
                    never.push(format!("{name}, {} place {at}", sample.name));
                }
            }
        }
        println!("{name}: {tried}");
        assert!(tried > 0, "{name}: there is no place for it");
    }
    assert!(never.is_empty(), "{never:#?}");
}

/// Tables of the hot section and their places in a file.
fn hot_tables(bytes: &[u8]) -> Vec<(&'static str, usize, usize)> {
    let sizes = Bundle::open(bytes).expect("opens").sizes();
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let root = bytes.len() - 8 * sizes.len();
    let fields = sizes.iter().enumerate().map(|(at, (name, section, bytes))| {
        let field = root + 8 * at;
        (*section, (*name, field.wrapping_add_signed(word(field) as i32 as isize), *bytes))
    });
    let hot = fields.filter(|(section, (_, _, bytes))| *section == Section::Hot && *bytes >= 4);
    hot.map(|(_, table)| table).collect()
}

/// What a forger changes in the hot section and gets past the proof, decides as before.
#[test]
fn every_forged_table_is_refused_or_the_same() {
    let total = std::env::var("CAMSHAFT_PROVE").map_or(6_000, |text| text.parse().expect("a number"));
    let samples = samples();
    let (mut opened, mut passed) = (0, 0);
    for sample in &samples {
        let tables = hot_tables(&sample.bytes);
        let mut random = Random::new(5);
        for _ in 0..total / samples.len() {
            let mut file = sample.bytes.clone();
            let (name, start, bytes) = *random.pick(&tables);
            let at = start + random.below(bytes / 4) * 4;
            let other = start + random.below(bytes / 4) * 4;
            match random.below(4) {
                0 => file[at] = file[at].wrapping_add(1),
                1 => file[at] = file[at].wrapping_sub(1),
                2 => file[at + random.below(4)] ^= 1 << random.below(8),
                _ => file.copy_within(other..other + 4, at),
            }
            if file == sample.bytes {
                continue;
            }
            file[32..64].fill(0);
            let digest = blake3::hash(&file);
            file[32..64].copy_from_slice(digest.as_bytes());
            let Ok(bundle) = Bundle::open(&file) else { continue };
            opened += 1;
            if !prove(&bundle, Some(&sample.set), &Budget::default()).is_complete()
                || verify_full(&bundle).is_err()
            {
                continue;
            }
            passed += 1;
            assert!(sample.answers_alike(bundle, 60), "{}: {name} at {}", sample.name, (at - start) / 4);
        }
    }
    println!("{opened} of {total} forged tables open, {passed} are proven");
}

/// Faults of which some report holds a request that the faulty bundle answers otherwise.
const SHOWN: [&str; 13] = [
    "swapped effect",
    "prefix off by one",
    "merged guards",
    "dropped guard",
    "region forgotten",
    "another action set",
    "row lost from a list",
    "slot with another tag",
    "listed slot with another tag",
    "kind of key without what a request may lack",
    "trie that forgets a prefix",
    "wrong default edge",
    "block of another held",
];

/// Places at which each fault is tried in each sample.
const PLACES: usize = 40;

#[test]
fn every_fault_in_the_tables_is_caught() {
    let samples = samples();
    for sample in &samples {
        let bundle = Bundle::open(&sample.bytes).expect("opens");
        let proof = prove(&bundle, Some(&sample.set), &Budget::default());
        assert!(proof.is_complete(), "{}: {proof:#?}", sample.name);
    }
    let mut never = Vec::new();
    for (name, fault) in FAULTS {
        let mut counts: BTreeMap<Caught, usize> = BTreeMap::new();
        for sample in &samples {
            let sound = sample.root();
            for at in 0..PLACES {
                let mut root = sound.clone();
                if fault(&mut root, at).is_none() {
                    break;
                }
                let how = caught(sample, root);
                *counts.entry(how).or_default() += 1;
                if how == Caught::Never {
                    never.push(format!("{name}, {} place {at}", sample.name));
                }
            }
        }
        println!("{name}: {counts:?}");
        if counts.keys().all(|how| *how == Caught::Idle) {
            never.push(format!("{name}: there is no place for it"));
        }
        if SHOWN.contains(name) && !counts.contains_key(&Caught::Proving { shown: true }) {
            never.push(format!("{name}: no request shows it"));
        }
    }
    assert!(never.is_empty(), "{never:#?}");
}
