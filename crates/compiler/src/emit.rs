//! Everything to flat tables, and the tables to bytes.

use camshaft_bundle::dictionary::{Filled, caller_text, pair_slots, text_slots};
use camshaft_bundle::schema::{ACCOUNT_WORDS, GROUP, option, scalar};
use camshaft_bundle::{Certificate, NONE, Root, Tables, slots};
use camshaft_frontend::normalize::{Writer, resource_text};
use camshaft_frontend::parallel::{self, Workers};
use camshaft_frontend::policy::{Options, Policy, PolicyId};
use camshaft_frontend::source::Position;
use rayon::prelude::*;

use crate::block::{self, Block, Context, Posting, Slot};
use crate::config::Config;
use crate::directory::{self, Directory};
use crate::draft::CHUNK;
use crate::error::{CompileError, CompileErrorKind};
use crate::group::Group;
use crate::intern::{Names, number};
use crate::lower::{Attachment, Lowered, Lowering};
use crate::stats::{Stats, Strategy};
use crate::trie::Trie;
use crate::{PolicySet, network, provenance};

/// Statements below which starting threads takes longer than they save.
const FEW: usize = 2_000;

/// A bundle and what went into it.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The file.
    pub bytes: Vec<u8>,
    /// Counts.
    pub stats: Stats,
}

/// Compiles a checked world.
pub fn compile(world: &PolicySet, config: &Config) -> Result<Compiled, CompileError> {
    let statements: usize = world.policies.iter().map(|policy| policy.statements.len()).sum();
    let workers = if statements < FEW { Workers::default() } else { Workers::new(config.get_threads()) };
    let mut lowering = Lowering::new(world, config, &workers);
    let directory = directory::build(world, &mut lowering, config);
    lowering.finish(&workers);
    let mut seeds = seeds(&lowering);
    let (mut emitter, seed, blocks) = loop {
        let (seed, is_last) = seeds.next();
        let blocks = blocks(&lowering, &directory, config, seed)?;
        let mut emitter = Emitter::default();
        emitter.dictionaries(&lowering, seed);
        emitter.directory(&lowering, &directory, seed);
        if is_last || emitter.is_short(&blocks, config.get_probes()) {
            break (emitter, seed, blocks);
        }
    };
    emitter.rows(&lowering);
    emitter.conditions(&lowering);
    for (block, set) in blocks.iter().zip(&directory.sets) {
        emitter.block(block, set);
    }
    emitter.names(world, &lowering, config.get_places(), &workers);
    let provenance = provenance::lines(world, &emitter.root, config, &workers);
    emitter.root.provenance = provenance.into_bytes();
    let certificate = certificate(&directory, &blocks);
    emitter.scalars(world, &lowering, &directory, seed, certificate);
    let bound = config.get_max_candidates();
    if certificate.usual() > bound {
        let policy = culprit(world, &lowering, &blocks);
        return Err(CompileErrorKind::Cost { certificate, bound, policy }.into());
    }
    emitter.count(world, &lowering, &directory, certificate);
    // What the tables were made from goes before there is a second copy of them.
    let Emitter { root, stats, .. } = emitter;
    let made_from = (lowering, directory, blocks);
    let ((), bytes) = workers.both(move || drop(made_from), move || camshaft_bundle::write(root));
    Ok(Compiled { bytes: bytes.map_err(CompileErrorKind::Write)?, stats })
}

/// Compiles the session policy of a request to a small bundle of its own: its statements stand as the
/// general policies of an otherwise empty world. Prepare it once and pass it with every request.
pub fn session(policy: Policy, options: &Options, config: &Config) -> Result<Compiled, CompileError> {
    let world = PolicySet {
        options: options.clone(),
        policies: vec![policy],
        general_unknown: vec![PolicyId(0)],
        ..PolicySet::default()
    };
    compile(&world, config)
}

/// Candidates for the seed of every hash: the stream of the content's digest, eight bytes each. Whoever steers texts into
/// one slot only slows the build.
struct Seeds {
    stream: blake3::OutputReader,
    left: u32,
}

/// Candidates that are tried. With two of them failing a text would have been chosen against a digest that it is part of.
const SEEDS: u32 = 64;

impl Seeds {
    /// The next one, and whether it is the last.
    fn next(&mut self) -> (u64, bool) {
        let mut bytes = [0; 8];
        self.stream.fill(&mut bytes);
        self.left = self.left.saturating_sub(1);
        (u64::from_le_bytes(bytes), self.left == 0)
    }
}

fn seeds(lowering: &Lowering<'_>) -> Seeds {
    let mut hasher = blake3::Hasher::new();
    hasher.update(lowering.heap.text().as_bytes());
    let names = [&lowering.segments, &lowering.uins, &lowering.appids, &lowering.keys, &lowering.names];
    for text in names.into_iter().chain([&lowering.actions.exact]).flat_map(|names| names.texts()) {
        hasher.update(text.as_bytes());
        hasher.update(&[0]);
    }
    // PERF: the hasher is slow on four bytes and fast on kilobytes (org, 100,000 statements: 12 ms).
    let mut bytes = Vec::new();
    for rows in lowering.rows.chunks(256) {
        bytes.clear();
        bytes.extend(rows.iter().flat_map(|row| row.words).flat_map(u32::to_le_bytes));
        hasher.update(&bytes);
    }
    Seeds { stream: hasher.finalize_xof(), left: SEEDS }
}

fn blocks(
    lowering: &Lowering<'_>,
    directory: &Directory,
    config: &Config,
    seed: u64,
) -> Result<Vec<Block>, CompileError> {
    let context = Context {
        config,
        seed,
        rows: &lowering.rows,
        reaches: &lowering.actions.reaches,
        heap: &lowering.heap,
        patterns: &lowering.patterns,
        conditions: &lowering.conditions,
    };
    let build = |set: &Vec<u32>| {
        let policies = set.iter().filter_map(|policy| lowering.policies.get(*policy as usize));
        let rows: Vec<u32> = policies.flat_map(|policy| policy.rows.0..policy.rows.1).collect();
        block::build(&context, &rows)
    };
    if directory.sets.len() <= 1 || config.get_threads() == 1 {
        return Ok(directory.sets.iter().map(build).collect());
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(config.get_threads()).build();
    let pool = pool.map_err(|error| CompileErrorKind::Threads { why: error.to_string().into() })?;
    Ok(pool.install(|| directory.sets.par_iter().map(build).collect()))
}

/// Most rows that a decision may have to verify for one spelling of one resource: the worst caller with
/// its boundary and its account's organization, the worst trust policy, and the resource policies, which
/// are asked twice (CITE EVA-13). `verify_full` derives the same from the tables.
fn certificate(directory: &Directory, blocks: &[Block]) -> Certificate {
    let of =
        |block: u32| blocks.get(block as usize).map_or_else(Certificate::default, |block| block.certificate);
    let sum =
        |blocks: &mut dyn Iterator<Item = u32>| blocks.map(of).fold(Certificate::default(), Certificate::and);
    let worst =
        |all: &mut dyn Iterator<Item = Certificate>| all.fold(Certificate::default(), Certificate::or);
    let levels = |account: &[u32; ACCOUNT_WORDS]| {
        let levels = directory.levels.iter().skip(account[2] as usize);
        sum(&mut levels.take(account[3].saturating_sub(1) as usize).copied())
    };
    let mut identities = directory.identities.iter().map(|identity| {
        let holdings = directory.identity_blocks.iter().skip(identity[0] as usize);
        let own = sum(&mut holdings.take(identity[1] as usize).map(|[block, _]| *block));
        let above = directory.accounts.get(identity[3] as usize).map_or_else(Certificate::default, levels);
        own.and(of(identity[2])).and(above)
    });
    let mut strangers = directory.accounts.iter().map(|account| of(account[1]).and(levels(account)));
    let caller = worst(&mut identities).or(worst(&mut strangers)).or(of(directory.general_unknown));
    let trust = worst(&mut directory.roles.iter().map(|role| of(role[3])));
    let resource = worst(&mut directory.accounts.iter().map(|account| of(account[4])));
    caller.and(trust).and(resource).and(resource)
}

/// The policy with a row under the most crowded key.
fn culprit(world: &PolicySet, lowering: &Lowering<'_>, blocks: &[Block]) -> Box<str> {
    let worst = blocks.iter().max_by_key(|block| block.certificate.usual());
    let row = worst.and_then(|block| block.crowded).unwrap_or(0);
    let lowered = lowering.policies.iter().find(|policy| (policy.rows.0..policy.rows.1).contains(&row));
    let policy = lowered.and_then(|lowered| world.policies.get(lowered.policy.0 as usize));
    policy.map_or_else(|| "".into(), |policy| policy.name.clone())
}

/// The canonical statements of some policies one after the other, and the length of each.
fn texts<'p>(policies: impl Iterator<Item = &'p Policy>) -> (String, Vec<u32>) {
    let (mut text, mut lengths) = (String::new(), Vec::new());
    let mut writer = Writer::default();
    for statement in policies.flat_map(|policy| &policy.statements) {
        let before = text.len();
        writer.statement(&mut text, statement);
        lengths.push(number(text.len() - before));
    }
    (text, lengths)
}

/// The slots of a table; what its lookups pass is noted.
fn counted(filled: Filled, probes: &mut Vec<(u64, u64)>) -> Vec<u32> {
    probes.push((filled.passed, filled.slots));
    filled.words
}

#[derive(Default)]
struct Emitter {
    root: Root,
    stats: Stats,
    /// Of each hash table but those of blocks: slots that lookups pass together, and slots.
    probes: Vec<(u64, u64)>,
}

impl Emitter {
    /// Whether the lookups of each hash table pass few slots, at most so many for each slot that there is.
    fn is_short(&self, blocks: &[Block], most: u64) -> bool {
        let of_blocks = blocks.iter().map(|block| (block.passed(), block.slots.len() as u64));
        self.probes
            .iter()
            .copied()
            .chain(of_blocks)
            .all(|(passed, slots)| passed <= most.saturating_mul(slots))
    }

    fn dictionaries(&mut self, lowering: &Lowering<'_>, seed: u64) {
        let (root, probes) = (&mut self.root, &mut self.probes);
        let mut fill = |names: &Names, slots: &mut Vec<u32>, ends: &mut Vec<u32>, text: &mut Vec<u8>| {
            *slots = counted(text_slots(seed, names.texts().iter().map(|text| &**text)), probes);
            for name in names.texts() {
                text.extend_from_slice(name.as_bytes());
                ends.push(number(text.len()));
            }
        };
        fill(&lowering.segments, &mut root.segment_slots, &mut root.segment_ends, &mut root.segment_text);
        fill(&lowering.uins, &mut root.uin_slots, &mut root.uin_ends, &mut root.uin_text);
        fill(&lowering.appids, &mut root.appid_slots, &mut root.appid_ends, &mut root.appid_text);
        fill(&lowering.actions.exact, &mut root.action_slots, &mut root.action_ends, &mut root.action_text);
        fill(&lowering.keys, &mut root.key_slots, &mut root.key_ends, &mut root.key_text);
        fill(&lowering.names, &mut root.name_slots, &mut root.name_ends, &mut root.name_text);
        root.text = lowering.heap.text().as_bytes().to_vec();
        root.appid_accounts = vec![NONE; lowering.appids.texts().len()];
        for (account_number, account) in (0u32..).zip(&lowering.world.accounts) {
            let appid = account.appid.as_deref().and_then(|appid| lowering.appids.find(appid));
            if let Some(slot) = appid.and_then(|appid| root.appid_accounts.get_mut(appid as usize)) {
                *slot = account_number;
            }
        }
        let actions = &lowering.actions;
        root.action_ranks = actions.ranks.clone();
        root.action_services = actions.services.clone();
        root.action_prefixes = actions.prefixes.concat();
        root.action_globs = actions.globs.iter().flat_map(|(start, length)| [*start, *length]).collect();
        for set in actions.sets.items() {
            root.action_hulls.extend(Tables::hull_of(set.iter().copied()).unwrap_or_default());
            root.action_set_words.extend(set);
            root.action_set_ends.push(number(root.action_set_words.len()));
        }
    }

    fn rows(&mut self, lowering: &Lowering<'_>) {
        let root = &mut self.root;
        root.rows = lowering.rows.iter().flat_map(|row| row.words).collect();
        root.extras = lowering.extras.items().concat();
        let mut entries = 0;
        for set in lowering.principal_sets.items() {
            root.principals.extend(set.iter().flatten());
            entries += number(set.len());
            root.principal_set_ends.push(entries);
        }
        let mut pieces = 0;
        for pattern in lowering.patterns.items() {
            root.pieces.extend(pattern.iter().flatten());
            pieces += number(pattern.len());
            root.pattern_ends.push(pieces);
        }
        for row in &lowering.rows {
            if let Some(at) = Strategy::ALL.iter().position(|strategy| *strategy == row.tail.strategy) {
                self.stats.tails[at] += 1;
            }
        }
    }

    fn conditions(&mut self, lowering: &Lowering<'_>) {
        let root = &mut self.root;
        let conditions = &lowering.conditions;
        for guard in conditions.guards.items() {
            root.guard_terms.extend(guard);
            root.guard_ends.push(number(root.guard_terms.len()));
        }
        root.terms = conditions.terms.concat();
        root.values = conditions.values.clone();
        for text in &conditions.texts {
            root.term_places.extend([number(root.term_text.len()), number(text.len())]);
            root.term_text.extend_from_slice(text.as_bytes());
        }
        let tries: network::Tries = conditions.networks.tries();
        root.network_nodes = tries.nodes.concat();
        root.network_entries = tries.entries;
        for sets in tries.classes.items() {
            root.network_class_sets.extend(sets);
            root.network_class_ends.push(number(root.network_class_sets.len()));
        }
        root.scalars.resize(scalar::CAPABLE_SERVICES as usize, 0);
        root.scalars[scalar::V4_ROOT as usize] = tries.roots[0];
        root.scalars[scalar::V6_ROOT as usize] = tries.roots[1];
    }

    fn directory(&mut self, lowering: &Lowering<'_>, directory: &Directory, seed: u64) {
        let (root, probes) = (&mut self.root, &mut self.probes);
        root.accounts = directory.accounts.concat();
        root.levels = directory.levels.clone();
        root.identities = directory.identities.concat();
        root.identity_blocks = directory.identity_blocks.concat();
        root.filters = directory.filters.clone();
        root.identity_groups = directory.identity_groups.clone();
        root.user_index = counted(pair_slots(seed, directory.users.iter().copied()), probes);
        let uin = |id: u32| lowering.uins.texts().get(id as usize).map_or("", |text| text);
        let callers: Vec<String> =
            directory.users.iter().map(|(account, own, _)| caller_text(uin(*account), uin(*own))).collect();
        root.caller_slots = counted(text_slots(seed, callers.iter().map(String::as_str)), probes);
        for (text, (_, _, identity)) in callers.iter().zip(&directory.users) {
            root.caller_text.extend_from_slice(text.as_bytes());
            root.caller_ends.push(number(root.caller_text.len()));
            root.caller_identities.push(*identity);
        }
        root.roles = directory.roles.concat();
        root.role_names = counted(pair_slots(seed, directory.role_names.iter().copied()), probes);
        root.role_ids = counted(pair_slots(seed, directory.role_ids.iter().copied()), probes);
    }

    fn block(&mut self, block: &Block, set: &[u32]) {
        let first_kind = number(self.root.block_kinds.len() / 2);
        let first_policy = number(self.root.block_policies.len());
        self.root.block_kinds.extend(block.kinds.iter().flatten());
        self.root.block_policies.extend(set);
        let list = block.flags & camshaft_bundle::schema::block::LIST != 0;
        let first_slot =
            number(if list { self.root.block_lists.len() } else { self.root.block_slots.len() / 2 });
        let mut listed = Vec::new();
        for slot in &block.slots {
            let (kind, key, posting) = match slot {
                None => (0, 0, NONE),
                Some(Slot { kind, key, posting, .. }) => match posting {
                    Posting::Rows(rows) => (*kind, *key, self.posting(rows)),
                    Posting::Group(group) => (*kind, *key, self.group(group)),
                },
            };
            if list {
                listed.push((key, posting));
            } else {
                self.root.block_slots.extend([slots::table_tag(kind, key), posting]);
            }
        }
        self.root.block_lists.extend(slots::list(&listed));
        self.root.blocks.extend([
            first_kind,
            number(block.kinds.len()),
            first_slot,
            number(block.slots.len()),
            block.flags,
            first_policy,
            number(set.len()),
            block.certificate.rows,
            block.certificate.of_value,
            block.certificate.of_empty,
        ]);
    }

    /// Writes a posting: `NONE`, a single row, or the place of a list.
    fn posting(&mut self, rows: &[u32]) -> u32 {
        if rows.is_empty() {
            return NONE;
        }
        if let Some(single) = block::single(rows) {
            return single;
        }
        let place = number(self.root.postings.len());
        self.root.postings.push(number(rows.len()));
        self.root.postings.extend(rows);
        place
    }

    fn group(&mut self, group: &Group) -> u32 {
        self.stats.groups += 1;
        let always = self.posting(&group.always);
        let forward = group.forward.as_ref().map_or(NONE, |trie| self.trie(trie));
        let backward = group.backward.as_ref().map_or(NONE, |trie| self.trie(trie));
        let automaton = match &group.automaton {
            None => NONE,
            Some((automaton, rows)) => {
                let first_class = number(self.root.automaton_classes.len());
                let words = automaton.classes.chunks_exact(4);
                self.root
                    .automaton_classes
                    .extend(words.map(|four| {
                        u32::from_le_bytes(four.first_chunk::<4>().copied().unwrap_or_default())
                    }));
                let (first_next, first_accept) =
                    (number(self.root.automaton_next.len()), number(self.root.automaton_accept.len()));
                self.root.automaton_next.extend(&automaton.next);
                for patterns in &automaton.accept {
                    let rows = patterns.iter().filter_map(|pattern| rows.get(*pattern as usize));
                    let rows: Vec<u32> = rows.flatten().copied().collect();
                    let posting = self.posting(&rows);
                    self.root.automaton_accept.push(posting);
                }
                match automaton.mode {
                    camshaft_bundle::schema::automaton::AT_END => self.stats.automata += 1,
                    _ => self.stats.literal_filters += 1,
                }
                let number_of = number(self.root.automata.len() / camshaft_bundle::schema::automaton::WORDS);
                self.root.automata.extend([
                    first_class,
                    number(automaton.width),
                    first_next,
                    number(automaton.accept.len()),
                    first_accept,
                    automaton.mode,
                ]);
                number_of
            }
        };
        let place = number(self.root.groups.len() / 4);
        self.root.groups.extend([always, forward, backward, automaton]);
        place | GROUP
    }

    /// Writes a trie with every child behind its parent, and returns its root.
    fn trie(&mut self, trie: &Trie) -> u32 {
        let root = number(self.root.trie_nodes.len() / 6);
        let mut order = vec![0usize];
        let mut at = 0;
        while let Some(node) = order.get(at).and_then(|node| trie.nodes.get(*node)) {
            let first_child = number(self.root.trie_children.len() / 2);
            for (byte, child) in &node.children {
                self.root.trie_children.extend([u32::from(*byte), root + number(order.len())]);
                order.push(*child);
            }
            let (prefix, exact) = (self.posting(&node.prefix), self.posting(&node.exact));
            let children = number(node.children.len());
            self.root.trie_nodes.extend([node.label.0, node.label.1, first_child, children, prefix, exact]);
            at += 1;
        }
        root
    }

    fn names(&mut self, world: &PolicySet, lowering: &Lowering<'_>, places: bool, workers: &Workers) {
        let root = &mut self.root;
        let mut sources = Names::default();
        let policy = |lowered: &Lowered| world.policies.get(lowered.policy.0 as usize);
        let chunks = parallel::chunks(&lowering.policies, CHUNK, |lowered| {
            (lowered.statements.1 - lowered.statements.0) as usize
        });
        let statements = |chunk: &[Lowered]| texts(chunk.iter().filter_map(policy));
        let texts = workers.map(chunks, statements);
        root.statement_text.reserve_exact(texts.iter().map(|(text, _)| text.len()).sum());
        let mut lengths = Vec::with_capacity(texts.iter().map(|(_, lengths)| lengths.len()).sum());
        for (text, of_text) in texts {
            root.statement_text.extend_from_slice(text.as_bytes());
            lengths.extend(of_text);
        }
        let (mut lengths, mut start) = (lengths.into_iter(), 0);
        for (policy_number, lowered) in (0u32..).zip(&lowering.policies) {
            let Some(policy) = policy(lowered) else { continue };
            let source = sources.id(&policy.source);
            root.policies.extend([
                lowered.rows.0,
                lowered.rows.1 - lowered.rows.0,
                lowered.statements.0,
                lowered.statements.1 - lowered.statements.0,
                number(root.policy_text.len()),
                number(policy.name.len()),
                policy.kind as u32,
                source,
            ]);
            root.policy_text.extend_from_slice(policy.name.as_bytes());
            let scope = match lowered.attachment {
                Attachment::Scope(index) => world.resource_policies.get(index as usize),
                Attachment::Caller | Attachment::Account(_) => None,
            };
            let scope = scope.map_or_else(String::new, |policy| resource_text(&policy.scope));
            root.policy_scopes.extend([number(root.scope_text.len()), number(scope.len())]);
            root.scope_text.extend_from_slice(scope.as_bytes());
            for (statement, length) in policy.statements.iter().zip(&mut lengths) {
                root.statements.extend([policy_number, statement.index]);
                let position = if places { statement.position } else { Position { line: 0, column: 0 } };
                root.statement_places.extend([start, length, position.line, position.column]);
                start = start.saturating_add(length);
            }
        }
        for source in sources.texts() {
            root.sources.extend([number(root.source_text.len()), number(source.len())]);
            root.source_text.extend_from_slice(source.as_bytes());
        }
        for prerequisite in &world.prerequisites {
            for (action, resource) in &prerequisite.needs {
                for text in [&prerequisite.action, action, resource] {
                    root.prerequisites.extend([number(root.prerequisite_text.len()), number(text.len())]);
                    root.prerequisite_text.extend_from_slice(text.as_bytes());
                }
            }
        }
    }

    fn scalars(
        &mut self,
        world: &PolicySet,
        lowering: &Lowering<'_>,
        directory: &Directory,
        seed: u64,
        certificate: Certificate,
    ) {
        let scalars = &mut self.root.scalars;
        let options = &world.options;
        let mut flags = 0;
        if options.list_deny_cam {
            flags |= option::LIST_DENY_CAM;
        }
        if options.max_artifact_age_s.is_some() {
            flags |= option::MAX_AGE;
        }
        if options.cos_anyone_deny_unsigned {
            flags |= option::ANYONE_DENY_UNSIGNED;
        }
        let age = options.max_artifact_age_s.unwrap_or(0);
        for (at, value) in [
            (scalar::SEED_LOW, seed as u32),
            (scalar::SEED_HIGH, (seed >> 32) as u32),
            (scalar::ACCOUNTS, number(world.accounts.len())),
            (scalar::GENERAL_UNKNOWN, directory.general_unknown),
            (scalar::OPTIONS, flags),
            (scalar::MAX_AGE_LOW, age as u32),
            (scalar::MAX_AGE_HIGH, (age >> 32) as u32),
            (scalar::MAX_CANDIDATES, certificate.rows),
            (scalar::MAX_VALUE_CANDIDATES, certificate.of_value),
            (scalar::MAX_EMPTY_CANDIDATES, certificate.of_empty),
        ] {
            scalars[at as usize] = value;
        }
        scalars.extend(
            options.resource_policy_services.iter().filter_map(|service| lowering.segments.find(service)),
        );
    }

    fn count(
        &mut self,
        world: &PolicySet,
        lowering: &Lowering<'_>,
        directory: &Directory,
        certificate: Certificate,
    ) {
        let stats = &mut self.stats;
        stats.accounts = world.accounts.len();
        stats.identities = directory.identities.len();
        stats.policies = lowering.policies.len();
        stats.statements = self.root.statements.len() / 2;
        stats.rows = lowering.rows.len();
        stats.blocks = directory.sets.len();
        stats.guards = lowering.conditions.guards.items().len();
        stats.terms = lowering.conditions.terms.len();
        stats.network_sets = lowering.conditions.networks.len();
        stats.certificate = certificate;
    }
}
