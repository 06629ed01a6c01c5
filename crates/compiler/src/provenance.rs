//! What a bundle was made of and by what: the lines of the table `provenance`.
//!
//! Digests are of meaning, not of files: blanks, comments and the order of what is not ordered change none, as they change
//! no other byte of a bundle (FORMAT.md, *Provenance*).

use camshaft_bundle::Root;
use camshaft_frontend::normalize::resource_text;
use camshaft_frontend::parallel::{self, Workers};
use camshaft_frontend::policy::{Account, Policy, PolicyId};

use crate::PolicySet;
use crate::config::Config;
use crate::draft::CHUNK;

type Digest = [u8; 32];

/// The lines, from a world and the tables of its names and statements.
pub(crate) fn lines(world: &PolicySet, root: &Root, config: &Config, workers: &Workers) -> String {
    let inputs = inputs(root, workers);
    let mut options = config.influences();
    if world.options.cos_anyone_deny_unsigned {
        options.push("cos_anyone_deny=unsigned".into());
    }
    let options = if options.is_empty() { "default".into() } else { options.join(" ") };
    let mut text = format!(
        "compiler=camshaft {}\nsemantics=CAM policy syntax 2.0\noptions={options}\nstatements={}\ndirectory={}\n",
        env!("CARGO_PKG_VERSION"),
        hexadecimal(&statements(&inputs)),
        hexadecimal(&directory(world, workers)),
    );
    for (number, digest) in inputs.iter().enumerate() {
        text.push_str(&format!("input.{number}={}\n", hexadecimal(digest)));
    }
    text
}

/// Of all statements: the digests of the sources, sorted. Which source comes first hangs on who holds what.
fn statements(inputs: &[Digest]) -> Digest {
    let mut sorted = inputs.to_vec();
    sorted.sort_unstable();
    *blake3::hash(sorted.concat().as_slice()).as_bytes()
}

/// Of every source, by number: its policies in the order of their names.
fn inputs(root: &Root, workers: &Workers) -> Vec<Digest> {
    let mut policies: Vec<Stored<'_>> =
        root.policies.chunks_exact(8).map(|words| stored(root, words)).collect();
    policies.sort_unstable();
    let sources: Vec<&[Stored<'_>]> = policies.chunk_by(|a, b| a.source == b.source).collect();
    let digests =
        |sources: &[&[Stored<'_>]]| sources.iter().map(|policies| source(policies)).collect::<Vec<_>>();
    let policies = |source: &&[Stored<'_>]| source.len();
    let digests = workers.map(parallel::chunks(&sources, CHUNK, policies), digests).concat();
    // Every source has a policy: it is numbered when the first is written.
    debug_assert_eq!(digests.len(), root.sources.len() / 2);
    digests
}

/// A policy as the tables hold it, in the order of what it is hashed in.
#[derive(Default, PartialEq, Eq, PartialOrd, Ord)]
struct Stored<'r> {
    source: u32,
    name: &'r [u8],
    kind: u32,
    /// The canonical statements one after the other.
    text: &'r [u8],
    /// `text start, length, line, column` of each.
    places: &'r [u32],
}

fn stored<'r>(root: &'r Root, words: &[u32]) -> Stored<'r> {
    let &[_, _, first, statements, start, length, kind, source] = words else { return Stored::default() };
    let of = |first: u32, items: u32, size: usize| {
        let first = first as usize * size;
        first..first + items as usize * size
    };
    let name = root.policy_text.get(of(start, length, 1)).unwrap_or_default();
    let places = root.statement_places.get(of(first, statements, 4)).unwrap_or_default();
    let begin = places.first().map_or(0, |start| *start as usize);
    let bytes: u32 = places.chunks_exact(4).filter_map(|place| place.get(1)).sum();
    let text = root.statement_text.get(begin..begin + bytes as usize).unwrap_or_default();
    Stored { source, name, kind, text, places }
}

/// The digest of the policies of one source.
///
/// PERF: the hasher is slow on a policy and fast on kilobytes. With a digest for each policy a build took 2.4 µs of processor
/// time a statement, so 2.2, as without any (`building --workloads org --sizes 100000 --parts set`).
fn source(policies: &[Stored<'_>]) -> Digest {
    const FULL: usize = 1 << 16;
    let (mut hasher, mut text) = (blake3::Hasher::new(), Framed::default());
    for policy in policies {
        text.bytes(policy.name);
        text.count(policy.kind as usize);
        text.count(policy.places.len() / 4);
        for length in policy.places.chunks_exact(4).filter_map(|place| place.get(1)) {
            text.count(*length as usize);
        }
        text.0.extend_from_slice(policy.text);
        if text.0.len() >= FULL {
            hasher.update(&text.0);
            text.0.clear();
        }
    }
    hasher.update(&text.0);
    *hasher.finalize().as_bytes()
}

/// Of the accounts with everyone in them, and of what is attached to whom, policies by name.
fn directory(world: &PolicySet, workers: &Workers) -> Digest {
    let account = |account: &Account| {
        let mut text = Framed::default();
        text.account(world, account);
        *blake3::hash(&text.0).as_bytes()
    };
    let chunks =
        parallel::chunks(&world.accounts, CHUNK, |account| account.users.len() + account.roles.len());
    let accounts = workers.map(chunks, |chunk| chunk.iter().map(account).collect::<Vec<_>>());
    let mut text = Framed::default();
    for digest in accounts.concat() {
        text.0.extend(digest);
    }
    text.list(world, &world.general_unknown);
    for resource in &world.resource_policies {
        text.list(world, &[resource.policy]);
        text.count(resource.account as usize);
        text.text(&resource_text(&resource.scope));
    }
    *blake3::hash(&text.0).as_bytes()
}

/// Texts and lists with their lengths in front, so that no two directories have the same bytes.
#[derive(Default)]
struct Framed(Vec<u8>);

impl Framed {
    fn account(&mut self, world: &PolicySet, account: &Account) {
        self.text(&account.uin);
        self.optional(account.appid.as_deref());
        self.count(account.groups.len());
        for group in &account.groups {
            self.text(&group.name);
            self.optional(group.id.as_deref());
            self.list(world, &group.policies);
        }
        self.count(account.users.len());
        for user in &account.users {
            self.text(&user.uin);
            self.count(user.collaborator.into());
            self.count(user.groups.len());
            for group in &user.groups {
                self.count(*group as usize);
            }
            self.list(world, &user.policies);
            self.list(world, user.boundary.as_slice());
        }
        self.count(account.roles.len());
        for role in &account.roles {
            self.text(&role.name);
            self.optional(role.id.as_deref());
            self.count(role.service_linked.into());
            self.list(world, &role.policies);
            self.list(world, role.boundary.as_slice());
            self.list(world, role.trust.as_slice());
        }
        self.list(world, &account.general);
        self.count(account.levels.as_ref().map_or(0, |levels| levels.len() + 1));
        for level in account.levels.iter().flatten() {
            self.list(world, level);
        }
    }

    /// Names of policies, sorted: the order of attachment means nothing.
    fn list(&mut self, world: &PolicySet, policies: &[PolicyId]) {
        let policies = policies.iter().filter_map(|policy| world.policies.get(policy.0 as usize));
        let mut names: Vec<&str> = policies.map(|policy: &Policy| &*policy.name).collect();
        names.sort_unstable();
        self.count(names.len());
        for name in names {
            self.text(name);
        }
    }

    fn optional(&mut self, text: Option<&str>) {
        self.count(text.is_some().into());
        self.text(text.unwrap_or_default());
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn count(&mut self, count: usize) {
        self.0.extend((count as u64).to_le_bytes());
    }
}

fn hexadecimal(digest: &Digest) -> String {
    blake3::Hash::from(*digest).to_hex().to_string()
}
