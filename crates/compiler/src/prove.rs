//! Proof per bundle: what the hot tables answer is what the canonical statements say, for every request.
//!
//! Translation validation: nothing here asks the compiler what it did. Three proofs together say that a block is
//! its statements:
//!
//! 1. `policy`: the rows of each policy mean what its canonical statements mean. These are read again from the
//!    explain section (`read`) and taken apart by rules of their own (`entry`, `actions`, `condition`); the rows are
//!    decoded from the tables. Guards and variables are atoms, compared part by part.
//! 2. `index`: for every row and every request that it matches, the keys, tries and automata of the block give the
//!    row, and a block gives no row of other policies. Automata are proven by a product walk with the sets of
//!    positions of the rows' globs (`automaton`, `glob`).
//! 3. `attached`: with the world at hand, everyone holds the policies that the world attaches.
//!
//! A walk has a budget. A block with a walk over it is reported as not proven, never assumed.

mod actions;
mod attached;
mod automaton;
pub(crate) mod condition;
pub(crate) mod entry;
pub(crate) mod glob;
mod index;
pub(crate) mod policy;
pub(crate) mod read;

use std::collections::{BTreeMap, HashMap};

use camshaft_bundle::schema::{self, ACCOUNT_WORDS, ROLE_WORDS, block, identity, scalar};
use camshaft_bundle::{Bundle, NONE, Tables};
use camshaft_frontend::parallel::{self, Workers};
use camshaft_frontend::policy::PolicySet;

use actions::Compared;
use index::Covered;
use policy::{Outcome, Shared, policies_of};

/// Statements below which starting threads takes longer than they save.
const FEW: usize = 2_000;
/// Work of one thread at a time, in statements.
const CHUNK: usize = 2_048;
/// Faults that are kept.
const MOST_FAULTS: usize = 100;

/// How much work a proof may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// States of one product walk.
    pub states: usize,
    /// Network sets of all stretches of addresses.
    pub memberships: usize,
    /// Threads; 0 for one a core.
    pub threads: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { states: 1 << 20, memberships: 1 << 26, threads: 0 }
    }
}

/// What a proof came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Blocks of the bundle.
    pub blocks: u32,
    /// Blocks that are their statements, for every request.
    pub proven: u32,
    /// Statements that were read again.
    pub statements: u32,
    /// Blocks that may be their statements.
    pub not_proven: Vec<NotProven>,
    /// What differs, the first hundred.
    pub faults: Vec<Fault>,
    /// How many differences there are.
    pub fault_count: usize,
}

impl Proof {
    /// Whether every block is proven, and nothing differs.
    pub fn is_complete(&self) -> bool {
        self.fault_count == 0 && self.not_proven.is_empty() && self.proven == self.blocks
    }
}

/// A block over the budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotProven {
    /// Its number.
    pub block: u32,
    /// Names of its policies, the first ten.
    pub policies: Vec<String>,
    /// What was over the budget.
    pub what: String,
    /// The budget.
    pub budget: usize,
}

/// A difference between the hot tables and the statements, or between the directory and the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The block in which it shows, where it shows in one.
    pub block: Option<u32>,
    /// The policy.
    pub policy: Option<String>,
    /// The statement, `policy#index`.
    pub statement: Option<String>,
    /// What differs.
    pub difference: String,
    /// A request that shows it.
    pub request: Option<Counterexample>,
}

/// A request that the hot tables answer otherwise than the statements. Conditions of the statement hold with this
/// context as far as one value for each key can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterexample {
    /// The caller.
    pub principal: String,
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// Values by key.
    pub context: BTreeMap<String, Vec<String>>,
    /// The time, where a condition looks at it.
    pub time: Option<String>,
}

/// A request as far as it is known where a difference is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Asked {
    principal: Option<String>,
    action: String,
    resource: String,
    context: Vec<(String, Vec<String>)>,
}

/// A difference, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Found {
    block: Option<u32>,
    policy: Option<u32>,
    statement: Option<u32>,
    difference: String,
    asked: Option<Asked>,
}

impl Found {
    fn policy(policy: u32, difference: String) -> Self {
        Self { policy: Some(policy), difference, ..Self::default() }
    }

    fn statement(policy: u32, statement: u32, difference: String) -> Self {
        Self { statement: Some(statement), ..Self::policy(policy, difference) }
    }
}

/// Proves that a bundle answers as its statements say, and with the world that it was built from, that everyone
/// holds what the world attaches. Takes time and memory in proportion to the bundle and the budget.
pub fn prove(bundle: &Bundle, world: Option<&PolicySet>, budget: &Budget) -> Proof {
    let tables = bundle.tables();
    let blocks = tables.blocks.records::<{ block::WORDS }>();
    let statements = tables.statements.records::<2>();
    let mut proof = Proof { blocks, statements, ..Proof::default() };
    let Some(results) = results(tables, world, budget) else {
        // Opening checks what everything here relies on.
        let difference = "the tables of the bundle contradict themselves".to_owned();
        proof.take(tables, vec![Found { difference, ..Found::default() }]);
        return proof;
    };
    let Results { policies, blocks, attached } = results;
    let mut found = Vec::new();
    let mut spoiled: HashMap<u32, Option<(String, usize)>> = HashMap::new();
    for (number, outcome) in (0u32..).zip(policies) {
        if !outcome.found.is_empty() {
            spoiled.insert(number, None);
        } else if let Some(exhausted) = outcome.exhausted {
            spoiled.insert(number, Some(exhausted));
        }
        found.extend(outcome.found);
    }
    for (number, covered) in (0u32..).zip(blocks) {
        let members = policies_of(tables, number);
        let mut of_policies =
            members.into_iter().flat_map(|members| members.iter()).filter_map(|policy| spoiled.get(&policy));
        let exhausted = match covered {
            Covered::Missed { row, probe, action, difference } => {
                found.push(missed(tables, number, row, probe, action, difference));
                continue;
            }
            Covered::Foreign { row } => {
                let difference =
                    format!("the index gives row {row}, which is of none of the block's policies");
                found.push(missed(tables, number, row, None, None, difference));
                continue;
            }
            Covered::Exhausted(what) => Some((what, budget.states)),
            Covered::Proven => None,
        };
        let of_policy = of_policies.clone().flatten().next().cloned();
        if of_policies.any(Option::is_none) {
            continue;
        }
        match exhausted.or(of_policy) {
            None => proof.proven += 1,
            Some((what, budget)) => {
                let policies = names(tables, number);
                proof.not_proven.push(NotProven { block: number, policies, what, budget });
            }
        }
    }
    found.extend(attached);
    proof.take(tables, found);
    proof
}

/// What the parts of the proof came to, by number.
struct Results {
    policies: Vec<Outcome>,
    blocks: Vec<Covered>,
    attached: Vec<Found>,
}

fn results(tables: &Tables<'_>, world: Option<&PolicySet>, budget: &Budget) -> Option<Results> {
    let statements = tables.statements.records::<2>() as usize;
    let workers = if statements < FEW { Workers::none() } else { Workers::new(budget.threads) };
    let shared = Shared::new(tables, budget.states, budget.memberships)?;
    let records: Vec<[u32; schema::policy::WORDS]> = tables.policies.iter_records().collect();
    let weights: Vec<(u32, usize)> =
        (0u32..).zip(&records).map(|(number, record)| (number, record[3] as usize + 1)).collect();
    let policies = workers.map(parallel::chunks(&weights, CHUNK, |(_, weight)| *weight), |chunk| {
        let mut compared = Compared::default();
        chunk.iter().map(|(number, _)| shared.policy(*number, &mut compared)).collect::<Option<Vec<_>>>()
    });
    let policies = policies.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
    let rows_of = |number: u32| {
        let of = policies_of(tables, number);
        of.into_iter()
            .flat_map(|of| of.iter())
            .filter_map(|policy| records.get(policy as usize))
            .map(|record| record[1] as usize)
            .sum::<usize>()
    };
    let weights: Vec<(u32, usize)> = (0..tables.blocks.records::<{ block::WORDS }>())
        .map(|number| (number, rows_of(number) + 1))
        .collect();
    let blocks = workers.map(parallel::chunks(&weights, CHUNK, |(_, weight)| *weight), |chunk| {
        let mut reaches = HashMap::new();
        let each = chunk
            .iter()
            .map(|(number, _)| index::block(tables, &shared.ranks, *number, &mut reaches, budget.states));
        each.collect::<Option<Vec<_>>>()
    });
    let blocks = blocks.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
    let attached = match world {
        Some(world) => attached::compare(tables, world)?,
        None => Vec::new(),
    };
    Some(Results { policies, blocks, attached })
}

/// A row that its block does not give to a request.
fn missed(
    tables: &Tables<'_>,
    block: u32,
    number: u32,
    probe: Option<entry::Probe>,
    action: Option<String>,
    difference: String,
) -> Found {
    let statement = policy::statement_of(tables, number);
    let policy =
        statement.and_then(|statement| tables.statements.record::<2>(statement)).map(|[policy, _]| policy);
    let said = statement.zip(policy).and_then(|(statement, policy)| {
        let [.., kind, _] = tables.policies.record::<{ schema::policy::WORDS }>(policy)?;
        let one = camshaft_bundle::Range { start: statement, end: statement.checked_add(1)? };
        read::statements(tables, one, read::kind(kind)).ok()?.pop()
    });
    let asked = probe.zip(said).map(|(probe, said)| {
        let about = policy::about(&said);
        // One that the statement names of the service, rather than any of it.
        let named = action.as_ref().and_then(|action| {
            let (service, operation) = action.split_once(':')?;
            let mut of_service = said.actions.iter().map(actions::witness);
            of_service.find(|action| operation == "X" && action.split(':').next() == Some(service))
        });
        Asked { action: named.or(action).unwrap_or(about.action), resource: probe.text(), ..about }
    });
    Found { block: Some(block), policy, statement, difference, asked }
}

/// Names of the policies of a block, the first ten.
fn names(tables: &Tables<'_>, number: u32) -> Vec<String> {
    let of = policies_of(tables, number);
    of.into_iter().flat_map(|of| of.iter()).take(10).filter_map(|policy| name(tables, policy)).collect()
}

fn name(tables: &Tables<'_>, policy: u32) -> Option<String> {
    let [_, _, _, _, start, length, ..] = tables.policies.record::<{ schema::policy::WORDS }>(policy)?;
    tables.policy_text.get(start, length).map(str::to_owned)
}

impl Proof {
    /// Names what was found.
    fn take(&mut self, tables: &Tables<'_>, found: Vec<Found>) {
        self.fault_count = found.len();
        for found in found.into_iter().take(MOST_FAULTS) {
            let block = found.block.or_else(|| found.policy.and_then(|policy| block_of(tables, policy)));
            let request =
                found.asked.map(|asked| asked.request(|| block.and_then(|block| holder(tables, block))));
            let statement = found.statement.zip(found.policy).and_then(|(statement, policy)| {
                let [_, index] = tables.statements.record::<2>(statement)?;
                Some(format!("{}#{index}", name(tables, policy)?))
            });
            let policy = found.policy.and_then(|policy| name(tables, policy));
            self.faults.push(Fault { block, policy, statement, difference: found.difference, request });
        }
    }
}

impl Asked {
    fn request(self, holder: impl FnOnce() -> Option<String>) -> Counterexample {
        use schema::key::{CURRENT_TIME, TEXTS};
        let mut context: BTreeMap<String, Vec<String>> = self.context.into_iter().collect();
        let [_, derived @ ..] = TEXTS;
        let time = context.get(TEXTS[CURRENT_TIME as usize]).and_then(|values| values.first().cloned());
        context.retain(|key, _| !derived.contains(&key.as_str()));
        let anyone = || "qcs::cam::uin/100000000001:uin/100000000011".to_owned();
        let principal = self.principal.or_else(holder).unwrap_or_else(anyone);
        Counterexample {
            resource: owned(self.resource, &principal),
            principal,
            action: self.action,
            context,
            time,
        }
    }
}

/// A resource with its owner, the caller's root account where none is written: some services ask for it.
fn owned(resource: String, principal: &str) -> String {
    let root = principal.strip_prefix("qcs::cam::uin/").or_else(|| principal.strip_prefix("qcs::sts:"));
    let root = root.and_then(|rest| rest.split(':').next());
    let segments: Vec<&str> = resource.splitn(6, ':').collect();
    match (segments.as_slice(), root) {
        ([qcs, project, service, region, "", path], Some(root)) => {
            format!("{qcs}:{project}:{service}:{region}:uin/{root}:{path}")
        }
        _ => resource,
    }
}

/// A block with the policy.
fn block_of(tables: &Tables<'_>, policy: u32) -> Option<u32> {
    let mut all = 0..tables.blocks.records::<{ block::WORDS }>();
    all.find(|number| policies_of(tables, *number).is_some_and(|policies| policies.holds(policy)))
}

/// A caller whom a block answers for.
fn holder(tables: &Tables<'_>, number: u32) -> Option<String> {
    let mut identities = (0u32..).zip(tables.identities.iter_records::<{ identity::WORDS }>());
    let holds = |[first, count, boundary, account, ..]: &[u32; identity::WORDS]| {
        let holdings =
            (*first..first.saturating_add(*count)).filter_map(|at| tables.identity_blocks.record::<2>(at));
        let levels =
            tables.accounts.record::<ACCOUNT_WORDS>(*account).map(|[_, general, first, levels, _]| {
                let mut levels = (first..first.saturating_add(levels.saturating_sub(1)))
                    .filter_map(|at| tables.levels.get(at));
                general == number || levels.any(|level| level == number)
            });
        *boundary == number || levels == Some(true) || holdings.into_iter().any(|[block, _]| block == number)
    };
    let Some((identity, [_, _, _, account, uin, ..])) = identities.find(|(_, record)| holds(record)) else {
        let stranger = tables.scalar(scalar::GENERAL_UNKNOWN) == number;
        return stranger.then(|| "qcs::cam::uin/999999999999:uin/999999999998".to_owned());
    };
    let root = tables.uins().get(account)?;
    if uin != NONE {
        return Some(format!("qcs::cam::uin/{root}:uin/{}", tables.uins().get(uin)?));
    }
    let mut roles = tables.roles.iter_records::<ROLE_WORDS>();
    let [_, name, ..] = roles.find(|[own, ..]| *own == identity)?;
    Some(format!("qcs::cam::uin/{root}:roleName/{}", tables.names().get(name)?))
}
