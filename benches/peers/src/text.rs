//! The statements of a world as text that general tools match.

use camshaft_benches::world::{Action, Resource, Statement, Term, UserId, World};
use camshaft_value::date::Instant;

/// What a resource entry covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry<'w> {
    /// Everything, also the request for `*`.
    All,
    /// Six segments; stars only in the last.
    Segments {
        /// The service.
        service: &'w str,
        /// The region, `None` for any.
        region: Option<&'w str>,
        /// The owner's segment, as `uin/…`.
        account: String,
        /// The sixth segment.
        path: &'w str,
    },
}

impl Entry<'_> {
    /// The resource as a pattern of one piece, with a star for any region.
    pub fn glob(&self) -> String {
        match self {
            Self::All => "*".into(),
            Self::Segments { service, region, account, path } => {
                format!("qcs::{service}:{}:{account}:{path}", region.unwrap_or("*"))
            }
        }
    }
}

/// The entries of a statement's resources.
pub fn entries<'w>(world: &World, statement: &'w Statement) -> Vec<Entry<'w>> {
    let entry = |resource: &'w Resource| match resource {
        Resource::All => Entry::All,
        Resource::Segments { service, region, account, path } => Entry::Segments {
            service: &service.name,
            region: *region,
            account: world.account_segment(&service.name, *account),
            path,
        },
    };
    statement.resources.iter().map(entry).collect()
}

/// An action entry as `service:operation`, with its star.
pub fn action(action: &Action) -> String {
    format!("{}:{}", action.service.name, action.operation)
}

/// The caller's name in requests.
pub fn principal(world: &World, id: UserId) -> String {
    let account = &world.accounts[id.account];
    format!("qcs::cam::uin/{}:uin/{}", account.uin, account.users[id.user].uin)
}

/// A group's name.
pub fn group(world: &World, account: usize, group: usize) -> String {
    let account = &world.accounts[account];
    format!("qcs::cam::uin/{}:group/{}", account.uin, account.groups[group].name)
}

/// The sub-accounts of a world.
pub fn users(world: &World) -> impl Iterator<Item = UserId> {
    let accounts = world.accounts.iter().enumerate();
    accounts.flat_map(|(account, known)| (0..known.users.len()).map(move |user| UserId { account, user }))
}

/// Whoever holds a document: a sub-account or a group, by name, with the statements of its documents.
pub fn holders(world: &World) -> impl Iterator<Item = (Holder, Vec<&Statement>)> {
    let statements = |policies: &[usize]| -> Vec<&Statement> {
        policies.iter().flat_map(|policy| &world.policies[*policy].statements).collect()
    };
    let mut all = Vec::new();
    for (number, account) in world.accounts.iter().enumerate() {
        for (at, held) in account.groups.iter().enumerate() {
            all.push((Holder::Group(group(world, number, at)), statements(&held.policies)));
        }
        for (user, held) in account.users.iter().enumerate() {
            let name = principal(world, UserId { account: number, user });
            all.push((Holder::User(name), statements(&held.policies)));
        }
    }
    all.into_iter()
}

/// The name of a holder.
#[derive(Clone, Debug)]
pub enum Holder {
    /// A sub-account.
    User(String),
    /// A group.
    Group(String),
}

/// Escapes for a quoted string of JSON, Cedar or Rego; the worlds' text is plain, so quoting is all it takes.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Quoted, divided by commas.
pub fn list(texts: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    texts.into_iter().map(|text| quoted(text.as_ref())).collect::<Vec<_>>().join(",")
}

/// The value of a request's key.
pub fn value<'r>(request: &camshaft_runtime::Request<'r>, key: &str) -> Option<&'r str> {
    let found = request.context.iter().find(|(name, _)| *name == key);
    found.and_then(|(_, values)| values.first().copied())
}

/// Milliseconds since 1970 of a date and time.
pub fn milliseconds(text: &str) -> Option<i64> {
    Instant::parse(text).map(|instant| instant.0)
}

/// Milliseconds since 1970 of a year's beginning.
pub fn new_year(term: &Term) -> i64 {
    term.values().first().and_then(|text| milliseconds(text)).unwrap_or(i64::MAX)
}
