//! What is compared: a peer decides requests, a kind makes it from a world.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::time::{Duration, Instant};

use camshaft_benches::baseline::{Answer, Fold};
use camshaft_benches::subject::Subject;
use camshaft_benches::world::World;
use camshaft_runtime::Request;

use crate::peers::{automaton, casbin, cedar, iam, product, regex_set, rego, scan};

/// A hash map with the baseline's hash, so that finding the caller costs every peer the same.
pub type Map<V> = HashMap<String, V, BuildHasherDefault<Fold>>;

/// A decision as all can give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Allowed.
    Allow,
    /// A deny matched.
    Deny,
    /// Nothing granted.
    Nothing,
}

impl From<Answer> for Verdict {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Allow => Self::Allow,
            Answer::ExplicitDeny => Self::Deny,
            Answer::ImplicitDeny(_) => Self::Nothing,
        }
    }
}

/// Something that decides.
pub trait Peer {
    /// Decides a request.
    fn decide(&mut self, request: &Request<'_>) -> Verdict;

    /// Only makes the peer's own objects of a request, as every decision does first; `false` if it has none.
    fn translate(&mut self, _request: &Request<'_>) -> bool {
        false
    }
}

/// When loading must be over.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// In so much time from now.
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// Whether it is past. Only peers that are built piece by piece can ask.
    pub fn passed(self) -> bool {
        Instant::now() > self.0
    }
}

/// Loads a peer from its own form of the world's text, which was made before; an error says why it cannot be.
pub type Load<'w> = Box<dyn Fn(Deadline) -> Result<Box<dyn Peer + 'w>, String> + 'w>;

/// A way to decide.
#[derive(Clone, Copy)]
pub struct Kind {
    /// What it is called in tables, and asked for by.
    pub name: &'static str,
    /// What it is, for people.
    pub about: &'static str,
    /// Whether it tells a deny from nothing granted; otherwise only allow or not is compared.
    pub tells_deny: bool,
    /// Whether it knows that another account's resource takes that account's grant; otherwise host code looks.
    pub knows_owners: bool,
    /// Whether it holds on to the world's own text, which then counts as its memory.
    pub borrows: bool,
    /// Makes its form of the world's text.
    pub source: for<'w> fn(&'w Subject) -> Load<'w>,
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The engine; every other is measured beside it.
pub const CAMSHAFT: Kind = Kind {
    name: "camshaft",
    about: "camshaft",
    tells_deny: true,
    knows_owners: true,
    borrows: false,
    source: product::source,
};

/// The thirty-line baseline; every other is measured beside it.
pub const INDEXED: Kind = Kind {
    name: "indexed",
    about: "thirty lines: scan behind a hash of the action's service",
    tells_deny: true,
    knows_owners: true,
    borrows: true,
    source: scan::indexed,
};

/// All kinds, in the order of the tables.
pub const KINDS: [Kind; 10] = [
    CAMSHAFT,
    INDEXED,
    Kind {
        name: "naive",
        about: "linear scan of the principal's statements",
        source: scan::naive,
        ..INDEXED
    },
    Kind {
        name: "dfa",
        about: "regex-automata, one dense multi-pattern DFA a principal",
        source: automaton::source,
        ..MATCHER
    },
    Kind {
        name: "regex-set",
        about: "regex, one RegexSet a principal",
        source: regex_set::source,
        ..MATCHER
    },
    Kind { name: "iam-rs", about: "iam-rs, one evaluator a principal", source: iam::source, ..MATCHER },
    Kind {
        name: "regorus",
        about: "regorus, compiled policy over data indexed by principal and service",
        source: rego::source,
        ..MATCHER
    },
    Kind {
        name: "cedar-sliced",
        about: "cedar-policy, one policy set a principal",
        source: cedar::sliced,
        ..MATCHER
    },
    Kind {
        name: "cedar-all",
        about: "cedar-policy, everything in one policy set",
        source: cedar::all,
        ..MATCHER
    },
    Kind {
        name: "casbin",
        about: "casbin, everything in one enforcer",
        tells_deny: false,
        source: casbin::source,
        ..MATCHER
    },
];

/// What general tools have in common.
const MATCHER: Kind = Kind {
    name: "",
    about: "",
    tells_deny: true,
    knows_owners: false,
    borrows: false,
    source: scan::indexed,
};

/// Looks at the owner of a resource in host code, as a service would that leaves only policies to a library: an
/// allow on another account's resource needs that account's grant, which none of the workloads here has.
pub struct Owned<'p> {
    peer: Box<dyn Peer + 'p>,
    /// APPID of each uin.
    appids: Map<String>,
}

impl<'p> Owned<'p> {
    /// Puts the look before a peer's answer.
    pub fn new(peer: Box<dyn Peer + 'p>, world: &World) -> Self {
        let accounts = world.accounts.iter();
        Self { peer, appids: accounts.map(|known| (known.uin.clone(), known.appid.clone())).collect() }
    }

    fn is_own(&self, request: &Request<'_>) -> bool {
        let [resource] = request.resources else { return false };
        let Some(owner) = resource.split(':').nth(4) else { return *resource == "*" };
        let root = request.principal.split(':').nth(4).and_then(|segment| segment.strip_prefix("uin/"));
        let Some(root) = root else { return false };
        match owner.split_once('/') {
            Some(("uin", uin)) => uin == root,
            Some(("uid", appid)) => self.appids.get(root).is_some_and(|own| own == appid),
            _ => false,
        }
    }
}

impl Peer for Owned<'_> {
    fn decide(&mut self, request: &Request<'_>) -> Verdict {
        match self.peer.decide(request) {
            Verdict::Allow if !self.is_own(request) => Verdict::Nothing,
            verdict => verdict,
        }
    }

    fn translate(&mut self, request: &Request<'_>) -> bool {
        self.peer.translate(request)
    }
}
