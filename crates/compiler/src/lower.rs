//! The policies of a world as the bundle numbers them: drafts, put together in the order of the directory.

use camshaft_frontend::parallel::{self, Workers};
use camshaft_frontend::policy::{PolicyId, PolicySet};
use hashbrown::HashMap;

use crate::actions::Actions;
use crate::condition::Conditions;
use crate::config::Config;
use crate::draft::{CHUNK, Draft, Maps, Mark};
use crate::intern::{Hashing, Heap, Interner, Names, number};
use crate::row::Row;
use crate::tail::Patterns;

/// Where a policy is attached, as far as its rows depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Attachment {
    /// Identities: the empty account is the caller's.
    Caller,
    /// A role of this account (its number).
    Account(u32),
    /// A scope: index of the resource policy.
    Scope(u32),
}

/// A policy as the bundle knows it.
#[derive(Clone, Debug)]
pub(crate) struct Lowered {
    pub(crate) policy: PolicyId,
    pub(crate) attachment: Attachment,
    pub(crate) rows: (u32, u32),
    pub(crate) statements: (u32, u32),
}

/// A policy at an attachment.
pub(crate) type Attached = (PolicyId, Attachment);

/// Everything that rows refer to.
pub(crate) struct Lowering<'w> {
    pub(crate) world: &'w PolicySet,
    pub(crate) heap: Heap,
    pub(crate) patterns: Patterns,
    pub(crate) segments: Names,
    pub(crate) uins: Names,
    pub(crate) appids: Names,
    pub(crate) keys: Names,
    pub(crate) names: Names,
    pub(crate) actions: Actions<'w>,
    pub(crate) conditions: Conditions<'w>,
    pub(crate) principal_sets: Interner<Vec<[u32; 3]>>,
    pub(crate) extras: Interner<[u32; 5]>,
    /// Filled by [`Lowering::finish`].
    pub(crate) rows: Vec<Row>,
    pub(crate) policies: Vec<Lowered>,
    hashing: Hashing,
    /// The number of a policy, whether or not it was asked for yet.
    numbers: HashMap<Attached, u32>,
    drafts: Vec<Part<'w>>,
    /// The first draft with a policy that was not asked for yet.
    next: usize,
}

/// A draft and how much of it is in use.
struct Part<'w> {
    draft: Draft<'w>,
    maps: Maps,
    policies: usize,
    first_statement: u32,
}

impl<'w> Lowering<'w> {
    /// Lowers every policy of a world that is attached.
    pub(crate) fn new(world: &'w PolicySet, config: &Config, workers: &Workers) -> Self {
        let hashing = Hashing::default();
        let names = || Names::new(&hashing);
        let (mut heap, mut segments) = (Heap::new(&hashing), names());
        // The empty segment is id 0: a request without a region.
        segments.id("");
        let actions = Actions::new(world, &mut heap, &mut segments, &hashing, workers);
        let mut lowering = Self {
            world,
            heap,
            patterns: Patterns::new(&hashing),
            segments,
            uins: names(),
            appids: names(),
            keys: names(),
            names: names(),
            actions,
            conditions: Conditions::new(&hashing, !config.get_network_tries()),
            principal_sets: Interner::new(&hashing),
            extras: Interner::new(&hashing),
            rows: Vec::new(),
            policies: Vec::new(),
            hashing,
            numbers: HashMap::new(),
            drafts: Vec::new(),
            next: 0,
        };
        for key in camshaft_bundle::schema::key::TEXTS {
            lowering.keys.id(key);
        }
        for account in &world.accounts {
            lowering.uins.id(&account.uin);
        }
        for appid in world.accounts.iter().filter_map(|account| account.appid.as_deref()) {
            lowering.appids.id(appid);
        }
        for service in &world.options.resource_policy_services {
            lowering.segments.id(service);
        }
        lowering.draft(workers);
        lowering
    }

    /// Makes the rows of every attached policy.
    fn draft(&mut self, workers: &Workers) {
        let mut order = Vec::with_capacity(self.world.policies.len());
        self.numbers.reserve(self.world.policies.len());
        for attached in attached(self.world) {
            self.numbers.entry(attached).or_insert_with(|| {
                order.push(attached);
                number(order.len() - 1)
            });
        }
        let statements = |(id, _): &Attached| {
            self.world.policies.get(id.0 as usize).map_or(0, |policy| policy.statements.len())
        };
        let chunks = parallel::chunks(&order, CHUNK, statements);
        let drafts = workers.map(chunks, |chunk| Draft::new(self, chunk, &self.hashing));
        // PERF: a table that grows moves all of its items; this is the work that no other thread can share.
        let texts = drafts.iter().map(|draft| draft.heap.size()).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        self.heap.reserve(texts.0, texts.1);
        self.actions.reserve(drafts.iter().map(|draft| draft.sets.len()).sum());
        self.policies.reserve(order.len());
        self.drafts = drafts.into_iter().map(Part::new).collect();
    }

    /// The bundle's number of a policy at an attachment.
    ///
    /// What its rows refer to is numbered when it is first asked for, after that of all before it: the numbers are
    /// those that lowering one policy after the other would give.
    pub(crate) fn policy(&mut self, id: PolicyId, attachment: Attachment) -> u32 {
        let attached = (id, attachment);
        let policy = match self.numbers.get(&attached) {
            Some(policy) => *policy,
            None => {
                let policy = number(self.numbers.len());
                let draft = Draft::new(self, &[attached], &self.hashing);
                self.drafts.push(Part::new(draft));
                self.numbers.insert(attached, policy);
                policy
            }
        };
        while self.policies.len() <= policy as usize && self.next < self.drafts.len() {
            self.take();
        }
        policy
    }

    /// Numbers what the next policy refers to.
    fn take(&mut self) {
        let mut drafts = core::mem::take(&mut self.drafts);
        if let Some(part) = drafts.get_mut(self.next) {
            if part.policies < part.draft.ends.len() {
                self.take_from(part);
            }
            if part.policies == part.draft.ends.len() {
                self.next += 1;
            }
        }
        self.drafts = drafts;
    }

    fn take_from(&mut self, part: &mut Part<'w>) {
        let (row, statement) = self.policies.last().map_or((0, 0), |last| (last.rows.1, last.statements.1));
        let begin = part.end().map_or((0, 0), |end| (end.rows, end.statements));
        if part.policies == 0 {
            part.first_statement = statement;
        }
        part.policies += 1;
        let Some(end) = part.end() else { return };
        part.maps.advance(&mut part.draft, &end, self);
        self.policies.push(Lowered {
            policy: end.policy,
            attachment: end.attachment,
            rows: (row, row + end.rows - begin.0),
            statements: (statement, statement + end.statements - begin.1),
        });
    }

    /// Puts the rows together, those of policies that nobody asked for left out.
    pub(crate) fn finish(&mut self, workers: &Workers) {
        let parts = core::mem::take(&mut self.drafts);
        let rows = workers.map(parts, Part::into_rows);
        self.rows.reserve_exact(rows.iter().map(Vec::len).sum());
        rows.into_iter().for_each(|rows| self.rows.extend(rows));
    }
}

impl<'w> Part<'w> {
    fn new(draft: Draft<'w>) -> Self {
        Self { draft, maps: Maps::default(), policies: 0, first_statement: 0 }
    }

    /// Where the policies end that are in use.
    fn end(&self) -> Option<Mark> {
        self.policies.checked_sub(1).and_then(|at| self.draft.ends.get(at)).copied()
    }

    fn into_rows(self) -> Vec<Row> {
        let used = self.end().map_or(0, |end| end.rows);
        let mut rows = self.draft.rows;
        rows.truncate(used as usize);
        rows.iter_mut().for_each(|row| self.maps.translate(row, self.first_statement));
        rows
    }
}

/// Every policy with its attachment, in the order in which the directory comes to them; several times where it
/// is held by several.
fn attached(world: &PolicySet) -> impl Iterator<Item = Attached> {
    let caller = |id: &PolicyId| (*id, Attachment::Caller);
    let accounts = (0u32..).zip(&world.accounts).flat_map(move |(number, account)| {
        let groups = account.groups.iter().flat_map(|group| &group.policies);
        let users = account.users.iter().flat_map(|user| user.policies.iter().chain(&user.boundary));
        let roles = account.roles.iter().flat_map(move |role| {
            let own = role.policies.iter().chain(&role.boundary).map(caller);
            own.chain(role.trust.map(|trust| (trust, Attachment::Account(number))))
        });
        let levels = account.levels.iter().flatten().flatten();
        let own = account.general.iter().chain(groups).chain(users).map(caller);
        own.chain(roles).chain(levels.map(caller))
    });
    let scoped = (0u32..).zip(&world.resource_policies);
    let scoped = scoped.map(|(index, policy)| (policy.policy, Attachment::Scope(index)));
    world.general_unknown.iter().map(caller).chain(accounts).chain(scoped)
}
