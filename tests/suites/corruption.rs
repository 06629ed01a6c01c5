//! Damaged bundles: refused, or as total as sound ones.
//!
//! Whatever the digest covers is refused when a byte changes. With the digest made anew, as whoever forges a
//! bundle would, `open` refuses what contradicts itself, and what it lets through decides every request: no
//! panic, no walk without end, no [`ErrorCode::Bundle`].
//!
//! `CAMSHAFT_CORRUPTION` sets how many edits are made (default 40,000).

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;

use camshaft::decider::{PreparedSession, with_request};
use camshaft_bundle::dictionary::text_slots;
use camshaft_bundle::schema::{key, operator, row, scalar};
use camshaft_bundle::{Bundle, NONE, OpenError, OpenErrorKind, Root, WriteError, hash, verify_full, write};
use camshaft_compiler::{Config, compile};
use camshaft_frontend::policy::PolicySet;
use camshaft_frontend::request::{self, Request};
use camshaft_runtime::{Decision, Engine, ErrorCode, Request as ApiRequest, Session, SessionPolicy};
use camshaft_tests::generate::{Features, Random, Requests, world};
use camshaft_tests::product::{Product, load_text};
use camshaft_value::operator::{Base, Operator, Qualifier, ValueType};
use serde_json::json;

const HEADER: usize = 64;
const DIGEST: core::ops::Range<usize> = 32..64;

/// A sound bundle, and requests that meet what is in it.
struct Sample {
    name: String,
    bytes: Vec<u8>,
    sound: Engine,
    requests: Vec<(Request, PreparedSession)>,
}

/// Small bundles which together hold something in every table.
fn samples() -> Vec<Sample> {
    let grouped = || Config::default().path_anchors(false).action_anchors(false).dense_rows(0);
    let configs = [
        ("default", Config::default()),
        ("groups", grouped()),
        ("literal filter", grouped().state_budget(1)),
        ("networks listed, keys not", Config::default().network_tries(false).dense_rows(1).listed_keys(0)),
        ("one block an account", Config::default().merge_rows(0).light_rows(0).replication(0).fragments(0)),
    ];
    let mut samples = Vec::new();
    for (at, (name, config)) in configs.into_iter().enumerate() {
        let seed = 11 + at as u64;
        let features = Features::all();
        let mut value = world(seed, features);
        let needs = json!([{"action": "cos:GetBucket", "resource": "*"}]);
        value["prerequisites"] = json!({"cos:GetObject": needs, "cvm:Get": needs});
        let loaded = load_text(&value.to_string());
        let product = Product::new(&loaded, &config);
        let bytes = compile(loaded.set.as_ref().expect("accepted"), &config).expect("compiles").bytes;
        let maker = Requests::new(&value, features);
        let mut random = Random::new(seed);
        let requests = (0..30).map(|_| maker.next(&mut random).to_string());
        let requests = requests.filter_map(|text| request::parse(&text).ok());
        let requests = requests.map(|request| {
            let session = product.decider().session(&request);
            (request, session)
        });
        let (name, requests) = (format!("world {seed}, {name}"), requests.collect());
        let sound = Engine::new(Bundle::open(&bytes).expect("opens"));
        samples.push(Sample { name, bytes, sound, requests });
    }
    samples
}

/// Puts the digest of the bytes into their header.
fn seal(file: &mut [u8]) {
    let mut hasher = blake3::Hasher::new();
    file[DIGEST].fill(0);
    hasher.update(file);
    file[DIGEST].copy_from_slice(hasher.finalize().as_bytes());
}

fn refusal(file: &[u8]) -> OpenErrorKind {
    Bundle::open(file).expect_err("a damaged bundle opened").kind().clone()
}

/// Opens; decides every request in every way if that works. Whether it did.
fn survives(sample: &Sample, file: &[u8], what: &dyn Fn() -> String) -> bool {
    let run = || {
        let Ok(bundle) = Bundle::open(file) else { return false };
        let _ = verify_full(&bundle);
        let engine = Engine::new(bundle);
        let mut scratch = engine.scratch();
        // The same bytes as the session policy of a request to a sound bundle.
        let policy = SessionPolicy::new(Bundle::open(file).expect("opens again"));
        let mut other = sample.sound.scratch();
        for (request, session) in &sample.requests {
            with_request(request, session, |request| {
                let limited = ApiRequest { session: Session::Policy(&policy), ..*request };
                let limited = sample.sound.decide(&limited, &mut other);
                assert_ne!(limited, Decision::Error { code: ErrorCode::Bundle }, "as a session policy");
                let hot = engine.decide(request, &mut scratch);
                let full = engine.reasons(request, &mut scratch);
                let explanation = engine.explain(request, &mut scratch);
                let inconsistent = Decision::Error { code: ErrorCode::Bundle };
                assert_ne!(hot, inconsistent, "decide");
                assert_ne!(full.decision, inconsistent, "reasons");
                assert_ne!(explanation.reasons.decision, inconsistent, "explain");
                for statement in full.statements {
                    assert!(!engine.statement_name(statement).is_empty(), "a statement without name");
                }
            });
        }
        true
    };
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(survived) => survived,
        Err(_) => panic!("{}: {}", sample.name, what()),
    }
}

/// Offset and length in bytes of every table, from the archive's root at the end of the file.
fn tables(sample: &Sample) -> Vec<(&'static str, usize, usize)> {
    let sizes = Bundle::open(&sample.bytes).expect("opens").sizes();
    let word = |at: usize| u32::from_le_bytes(sample.bytes[at..at + 4].try_into().expect("four bytes"));
    let root = sample.bytes.len() - 8 * sizes.len();
    let fields = sizes.iter().enumerate().map(|(at, (name, _, bytes))| {
        let field = root + 8 * at;
        (*name, field.wrapping_add_signed(word(field) as i32 as isize), *bytes)
    });
    fields.collect()
}

#[test]
fn sound_bundles_verify_in_full() {
    let configs = || core::iter::once(("default", Config::default())).chain(Config::variants());
    for seed in 100..130 {
        let loaded = load_text(&world(seed, Features::all()).to_string());
        let set = loaded.set.as_ref().expect("accepted");
        for (name, config) in configs() {
            let compiled = compile(set, &config).expect("compiles");
            let bundle = Bundle::open(&compiled.bytes).expect("opens");
            let report = verify_full(&bundle).unwrap_or_else(|error| panic!("world {seed}, {name}: {error}"));
            assert_eq!(report.certificate, compiled.stats.certificate, "world {seed}, {name}");
            assert_eq!(report.blocks as usize, compiled.stats.blocks, "world {seed}, {name}");
        }
    }
}

#[test]
fn samples_fill_every_table() {
    let samples = samples();
    let mut empty: Vec<&str> = tables(&samples[0]).iter().map(|(name, _, _)| *name).collect();
    for sample in &samples {
        let filled: Vec<_> = tables(sample).into_iter().filter(|(_, _, bytes)| *bytes > 0).collect();
        empty.retain(|name| !filled.iter().any(|(filled, _, _)| filled == name));
    }
    assert_eq!(empty, [""; 0], "tables without anything in any sample");
}

#[test]
fn every_damage_is_refused() {
    for sample in samples() {
        let mut file = sample.bytes.clone();
        for at in 0..file.len() {
            file[at] ^= 1 << (at % 8);
            let kind = refusal(&file);
            let expected = match at {
                0..8 => kind == OpenErrorKind::NotABundle,
                8..12 => matches!(kind, OpenErrorKind::Version { .. }),
                12..16 | 24..32 => matches!(kind, OpenErrorKind::Features { .. }),
                16..24 => matches!(kind, OpenErrorKind::Length { .. }),
                _ => kind == OpenErrorKind::Digest,
            };
            assert!(expected, "{}, byte {at}: {kind:?}", sample.name);
            file[at] = sample.bytes[at];
        }
        for length in 0..file.len() {
            let kind = refusal(&file[..length]);
            let expected = match length {
                0..HEADER => kind == OpenErrorKind::Truncated { length },
                _ => kind == OpenErrorKind::Length { expected: file.len() as u64, found: length as u64 },
            };
            assert!(expected, "{}, cut to {length}: {kind:?}", sample.name);
        }
        for more in 1..9 {
            let longer = [file.as_slice(), &[0; 8][..more]].concat();
            assert!(matches!(refusal(&longer), OpenErrorKind::Length { .. }), "{}, {more} more", sample.name);
        }
    }
}

#[test]
fn headers_are_refused_by_what_is_wrong() {
    let sample = &samples()[0];
    let with = |at: usize, bytes: &[u8]| {
        let mut file = sample.bytes.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        seal(&mut file);
        refusal(&file)
    };
    assert_eq!(with(0, b"\x89CAM\n\x1a\n\0"), OpenErrorKind::NotABundle);
    assert_eq!(with(8, &2u32.to_le_bytes()), OpenErrorKind::Version { found: 2 });
    assert_eq!(with(12, &5u32.to_le_bytes()), OpenErrorKind::Features { unknown: 5 });
    assert_eq!(with(28, &1u32.to_le_bytes()), OpenErrorKind::Features { unknown: 1 });
    let found = sample.bytes.len() as u64;
    assert_eq!(with(16, &7u64.to_le_bytes()), OpenErrorKind::Length { expected: 7, found });
    assert_eq!(refusal(b""), OpenErrorKind::Truncated { length: 0 });
    assert_eq!(refusal(b"{\"statement\":[]}"), OpenErrorKind::NotABundle);
    // A header in front of nothing, and in front of noise.
    for length in [0, 8, 600, 4096] {
        let mut file = sample.bytes[..HEADER].to_vec();
        let mut random = Random::new(length as u64);
        file.extend((0..length).map(|_| random.bits() as u8));
        let total = file.len() as u64;
        file[16..24].copy_from_slice(&total.to_le_bytes());
        seal(&mut file);
        let error = Bundle::open(&file).expect_err("noise");
        assert!(matches!(error.kind(), OpenErrorKind::Archive { .. }), "{length} bytes of noise: {error}");
        assert!(error.to_string().starts_with("the archive is malformed: "), "{error}");
    }
}

#[test]
fn every_forged_byte_is_refused_or_harmless() {
    let (mut opened, mut tried) = (0, 0);
    for sample in samples() {
        let mut file = sample.bytes.clone();
        let mut random = Random::new(1);
        // Text that only explanations show may say anything: one byte of it in sixteen.
        let tables = tables(&sample);
        let shown = |name: &str| ["statement_text", "term_text", "provenance"].contains(&name);
        let shown: Vec<_> = tables.into_iter().filter(|(name, _, _)| shown(name)).collect();
        let is_shown = |at| shown.iter().any(|(_, start, bytes)| (*start..start + bytes).contains(&at));
        for at in HEADER..file.len() {
            if is_shown(at) && at % 16 != 0 {
                continue;
            }
            file[at] ^= 1 << random.below(8);
            seal(&mut file);
            tried += 1;
            opened += usize::from(survives(&sample, &file, &|| format!("byte {at} is {:#x}", file[at])));
            file[at] = sample.bytes[at];
        }
    }
    println!("{opened} of {tried} forged bytes open");
    assert!(opened < tried / 2, "{opened} of {tried} forged bytes open");
}

#[test]
fn every_forged_table_is_refused_or_harmless() {
    let total = std::env::var("CAMSHAFT_CORRUPTION").map_or(40_000, |text| text.parse().expect("a number"));
    let samples = samples();
    let mut opened = 0;
    for sample in &samples {
        let tables = tables(sample);
        let mut random = Random::new(2);
        for _ in 0..total / samples.len() {
            let mut file = sample.bytes.clone();
            let mut edits = Vec::new();
            for _ in 0..=random.below(3) {
                edits.push(edit(&mut file, &tables, &mut random));
            }
            seal(&mut file);
            opened += usize::from(survives(sample, &file, &|| format!("{edits:?}")));
        }
    }
    println!("{opened} of {total} forged tables open");
    assert!(opened < total / 2, "{opened} of {total} forged tables open");
}

/// An index that leads past a row is the one damage that a decision does not show: a hidden deny. What
/// passes `verify_full` finds what looking at every row finds.
#[test]
fn every_forged_index_is_found() {
    const INDEX: [&str; 8] = [
        "blocks",
        "block_kinds",
        "block_slots",
        "block_lists",
        "postings",
        "groups",
        "trie_nodes",
        "trie_children",
    ];
    let (mut opened, mut passed, mut tried) = (0, 0, 0);
    for sample in samples() {
        let mut tables = tables(&sample);
        tables.retain(|(name, _, _)| INDEX.contains(name));
        let mut random = Random::new(3);
        for _ in 0..3_000 {
            tried += 1;
            let mut file = sample.bytes.clone();
            let edit = edit(&mut file, &tables, &mut random);
            seal(&mut file);
            let Ok(bundle) = Bundle::open(&file) else { continue };
            opened += 1;
            if file == sample.bytes || verify_full(&bundle).is_err() {
                continue;
            }
            passed += 1;
            let engine = Engine::new(bundle);
            let mut scratch = engine.scratch();
            for (request, session) in &sample.requests {
                with_request(request, session, |request| {
                    let indexed = engine.reasons(request, &mut scratch);
                    let linear = engine.explain(request, &mut scratch).reasons;
                    assert_eq!(indexed.statements, linear.statements, "{}: {edit:?}", sample.name);
                });
            }
        }
    }
    println!("{opened} of {tried} forged indexes open, {passed} verify in full");
}

/// What `verify_full` says of an index that leads off its table. `open` has refused every such bundle before.
const NEVER_SAID: &str = "the block cannot be read";

/// Whoever forges a bundle hears every sentence that the checks have.
#[test]
fn every_sentence_of_the_checks_is_said() {
    let mut said: BTreeSet<&'static str> = BTreeSet::new();
    let mut hear = |file: &[u8]| {
        let refused = match Bundle::open(file) {
            Ok(bundle) => verify_full(&bundle).err(),
            Err(error) => Some(error),
        };
        if let Some(OpenErrorKind::Table { problem, .. }) = refused.as_ref().map(OpenError::kind) {
            said.insert(*problem);
        }
    };
    for sample in samples() {
        let tables = tables(&sample);
        let mut random = Random::new(4);
        for _ in 0..20_000 {
            let mut file = sample.bytes.clone();
            edit(&mut file, &tables, &mut random);
            seal(&mut file);
            hear(&file);
        }
        for file in aimed(&sample) {
            hear(&file);
        }
    }
    for root in incomplete() {
        let refused = write(root).expect_err("the bundle lacks tables");
        let WriteError::Refused(error) = refused else { panic!("{refused}") };
        if let OpenErrorKind::Table { problem, .. } = error.kind() {
            said.insert(*problem);
        }
    }
    let mut missing = sentences();
    missing.retain(|sentence| !said.contains(sentence.as_str()));
    assert_eq!(missing, BTreeSet::from([NEVER_SAID.into()]), "no forgery is refused with these words");
}

/// What the checks say, from their source: the texts of more than one word.
fn sentences() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/bundle/src");
    let mut files = vec![folder.join("verify.rs"), folder.join("open.rs")];
    let mut folders = vec![folder.join("verify")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    let mut sentences = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(file).expect("a source");
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            let texts = line.split('"').skip(1).step_by(2);
            sentences.extend(texts.filter(|text| text.contains(' ')).map(str::to_owned));
        }
    }
    sentences
}

/// Forgeries that chance hardly meets.
fn aimed(sample: &Sample) -> Vec<Vec<u8>> {
    let tables = tables(sample);
    let find = |name: &str| {
        let at = tables.iter().position(|(own, _, _)| *own == name).expect("the table");
        (at, tables[at].1, tables[at].2)
    };
    let put = |file: &mut [u8], at: usize, word: u32| file[at..at + 4].copy_from_slice(&word.to_le_bytes());
    let word = |at: usize| u32::from_le_bytes(sample.bytes[at..at + 4].try_into().expect("four bytes"));
    let mut forged = Vec::new();
    // A trie behind the last node, in the place of each that is missing.
    let (_, start, bytes) = find("groups");
    let nodes = (find("trie_nodes").2 / 24) as u32;
    for group in 0..bytes / 16 {
        for root in [start + 16 * group + 4, start + 16 * group + 8] {
            if word(root) == NONE {
                let mut file = sample.bytes.clone();
                put(&mut file, root, nodes);
                forged.push(file);
            }
        }
    }
    // Two brothers in a trie that have changed places, labels and all.
    let ((_, all_nodes, bytes), (_, all_children, _)) = (find("trie_nodes"), find("trie_children"));
    for node in (0..bytes / 24).map(|node| all_nodes + 24 * node).filter(|node| word(node + 12) > 1) {
        let mut file = sample.bytes.clone();
        let [one, two] = [0, 1].map(|at| all_children + 8 * (word(node + 8) as usize + at));
        file.copy_within(one..one + 4, two);
        put(&mut file, one, word(two));
        let [one, two] = [one, two].map(|child| all_nodes + 24 * word(child + 4) as usize);
        file.copy_within(one..one + 8, two);
        file[one..one + 8].copy_from_slice(&sample.bytes[two..two + 8]);
        forged.push(file);
    }
    // A row with a kind of tail that does not exist.
    let (_, rows, _) = find("rows");
    let mut file = sample.bytes.clone();
    put(&mut file, rows, (word(rows) | 7 << row::flag::TAIL_SHIFT) & !row::flag::ALL);
    forged.push(file);
    // The last node of the network tries without its last entry.
    let (_, nodes, bytes) = find("network_nodes");
    let last = (nodes..nodes + bytes).step_by(4).rfind(|at| (at - nodes) / 4 % 9 < 8 && word(*at) != 0);
    if let Some(last) = last {
        let mut file = sample.bytes.clone();
        put(&mut file, last, word(last) & !(1 << (31 - word(last).leading_zeros())));
        forged.push(file);
    }
    // Every table shorter by one word; prerequisites, of three texts each, by one text.
    let root = sample.bytes.len() - 8 * tables.len();
    let length = |at: usize| root + 8 * at + 4;
    for (at, (_, _, bytes)) in tables.iter().enumerate() {
        if *bytes > 0 {
            let mut file = sample.bytes.clone();
            put(&mut file, length(at), word(length(at)) - 1);
            forged.push(file);
        }
    }
    let ((of, start, bytes), (texts, ..)) = (find("prerequisites"), find("prerequisite_text"));
    let mut file = sample.bytes.clone();
    put(&mut file, length(of), word(length(of)) - 2);
    put(&mut file, length(texts), word(length(texts)) - word(start + bytes - 4));
    forged.push(file);
    forged.iter_mut().for_each(|file| seal(file));
    forged
}

/// Bundles of ever more tables, sound as far as they go.
fn incomplete() -> Vec<Root> {
    // Of these texts all have one slot: each is looked for behind all before it.
    let mut crowd = (0..).map(|n: u32| n.to_string()).filter(|text| hash::text(0, text) as u32 & 511 == 7);
    let crowd: Vec<String> = crowd.by_ref().take(250).collect();
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    let mut scalars = vec![0; scalar::CAPABLE_SERVICES as usize];
    for none in [scalar::GENERAL_UNKNOWN, scalar::V4_ROOT, scalar::V6_ROOT] {
        scalars[none as usize] = NONE;
    }
    let bare = Root::default();
    let mut empty = Root { scalars, ..Root::default() };
    for slots in [
        &mut empty.segment_slots,
        &mut empty.uin_slots,
        &mut empty.appid_slots,
        &mut empty.action_slots,
        &mut empty.key_slots,
        &mut empty.name_slots,
        &mut empty.caller_slots,
    ] {
        *slots = text_slots(0, [].into_iter()).words;
    }
    let ends = |texts: &[&str]| {
        texts
            .iter()
            .scan(0, |end, text| {
                *end += text.len() as u32;
                Some(*end)
            })
            .collect::<Vec<u32>>()
    };
    let crowded = Root {
        name_slots: text_slots(0, crowd.iter().copied()).words,
        name_ends: ends(&crowd),
        name_text: crowd.concat().into_bytes(),
        ..empty.clone()
    };
    let with_keys = Root {
        key_slots: text_slots(0, key::TEXTS.into_iter()).words,
        key_ends: ends(&key::TEXTS),
        key_text: key::TEXTS.concat().into_bytes(),
        ..empty.clone()
    };
    let with_segments = Root {
        segment_slots: text_slots(0, [""].into_iter()).words,
        segment_ends: vec![0],
        ..with_keys.clone()
    };
    // One prefix, the empty one, at a rank that nothing stands in front of.
    let with_prefix = Root { action_prefixes: vec![0, 0, 0, 1], ..with_segments.clone() };
    // The bundle of an empty world, and then a record too many.
    let sound = compile(&PolicySet::default(), &Config::default()).expect("compiles").bytes;
    let sound = Bundle::open(&sound).expect("opens").tables().to_root();
    let with_scope = Root { policy_scopes: vec![0, 0], ..sound.clone() };
    let with_group = Root { groups: vec![NONE; 4], ..sound };
    let not_text = Root { source_text: vec![0xff], ..bare.clone() };
    vec![bare, not_text, empty, crowded, with_keys, with_segments, with_prefix, with_scope, with_group]
}

/// Changes an integer or a stretch of a table, each table as likely as the next; says what.
fn edit(
    file: &mut [u8],
    tables: &[(&'static str, usize, usize)],
    random: &mut Random,
) -> (&'static str, usize, &'static str) {
    let filled: Vec<_> = tables.iter().filter(|(_, _, bytes)| *bytes > 0).collect();
    let (name, start, bytes) = **random.pick(&filled);
    if bytes < 4 {
        file[start] ^= 1 << random.below(8);
        return (name, 0, "bit");
    }
    let index = random.below(bytes / 4);
    let at = start + 4 * index;
    let old = u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes"));
    let (new, how) = match random.below(9) {
        0 => (old.wrapping_add(1), "one more"),
        1 => (old.wrapping_sub(1), "one less"),
        2 => (u32::MAX, "none"),
        3 => (*random.pick(&[0, 1, u32::MAX - 1, 1 << 31, 1 << 30, i32::MAX as u32]), "an edge"),
        4 => (random.below(1 + bytes / 4) as u32, "an index"),
        5 => (old ^ 1 << random.below(32), "a bit"),
        6 => {
            // The integer of another place of the same table.
            let other = start + 4 * random.below(bytes / 4);
            let other = u32::from_le_bytes(file[other..other + 4].try_into().expect("four bytes"));
            (other, "a neighbour")
        }
        7 => {
            // A stretch of another place.
            let length = (4 * (1 + random.below(10))).min(bytes);
            let from = start + (4 * random.below(bytes / 4)).min(bytes - length);
            let to = start + (4 * index).min(bytes - length);
            file.copy_within(from..from + length, to);
            return (name, index, "a stretch");
        }
        _ => (random.bits() as u32, "noise"),
    };
    file[at..at + 4].copy_from_slice(&new.to_le_bytes());
    (name, index, how)
}

#[test]
fn a_reader_in_another_language_sees_the_same_tables() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/data/read_bundle.py");
    for (at, sample) in samples().iter().enumerate() {
        let file = std::env::temp_dir().join(format!("camshaft-{}-{at}.bundle", std::process::id()));
        std::fs::write(&file, &sample.bytes).expect("the temporary directory takes a file");
        let output = Command::new("python3").arg(script).arg(&file).output();
        std::fs::remove_file(&file).expect("the file is still there");
        let Ok(output) = output else {
            eprintln!("there is no python3 here");
            return;
        };
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let bundle = Bundle::open(&sample.bytes).expect("opens");
        let expected =
            bundle.sizes().iter().map(|(name, _, bytes)| format!("{name} {bytes}\n")).collect::<String>();
        let keys = bundle.tables().keys();
        let keys: Vec<&str> = (0..keys.len()).filter_map(|id| keys.get(id)).collect();
        assert_eq!(text, format!("{expected}keys {}\n", keys.join(" ")), "{}", sample.name);
    }
}

#[test]
fn the_document_numbers_every_table() {
    let document = include_str!("../../crates/bundle/FORMAT.md");
    let sample = &samples()[0];
    let mut expected = Vec::new();
    for (number, (name, _, _)) in tables(sample).iter().enumerate() {
        let alone = format!("| {number} | `{name}` | ");
        let together = document.lines().any(|line| {
            let numbers =
                line.trim_start_matches("| ").split_once(" | ").and_then(|(range, _)| range.split_once('–'));
            let numbers =
                numbers.and_then(|(first, last)| Some(first.parse().ok()?..=last.parse::<usize>().ok()?));
            numbers.is_some_and(|numbers| numbers.contains(&number)) && line.contains(&format!("`{name}`"))
        });
        if !together && !document.contains(&alone) {
            expected.push(alone);
        }
    }
    assert_eq!(expected, [""; 0], "tables that FORMAT.md does not number so");
}

#[test]
fn operator_codes_are_those_of_the_grammar() {
    for code in 0..256 {
        let stored = operator::values(code);
        let Some(Operator { qualifier, base, if_exist }) = Operator::from_code(code) else {
            assert_eq!(stored, None, "code {code}");
            continue;
        };
        let bound = base.name().contains("_than");
        let expected = match base.value_type() {
            ValueType::String => {
                Some(operator::Values::Text { fold: base.positive() == Base::StringEqualIgnoreCase })
            }
            ValueType::Number => Some(operator::Values::Number { bound }),
            ValueType::Date => Some(operator::Values::Date { bound }),
            ValueType::Bool => Some(operator::Values::Bool),
            ValueType::Address => Some(operator::Values::Network),
            ValueType::Null => (qualifier == Qualifier::None && !if_exist).then_some(operator::Values::Null),
        };
        assert_eq!(stored, expected, "code {code}");
    }
}
