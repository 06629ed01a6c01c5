//! Which blocks answer for an identity.
//!
//! An identity holds the policies of several sets: its own, its groups', the general ones. One block over
//! all of them is the fastest to ask, and a block of its own for every identity may cost more index than there
//! are policies. So what few identities hold, and what is small, goes into one block an identity; what is large
//! and widely held is shared: as blocks of whole sets while these repeat, as blocks of single policies while
//! they are few, else as one block an account with a filter that says which of its policies count.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::config::Config;

/// A block that answers for an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holding {
    /// The policies of the block, sorted.
    pub(crate) set: Vec<u32>,
    /// `[first policy, words, bits …]`; `None` where all count.
    pub(crate) filter: Option<Vec<u32>>,
}

impl Holding {
    fn whole(set: Vec<u32>) -> Self {
        Self { set, filter: None }
    }
}

/// Longest run of policy numbers without a member that one filter spans.
const GAP: u32 = 2_048;

/// The holdings of every identity, given what it holds set by set, its account, and the rows of each policy.
pub(crate) fn plan(
    held: &[Vec<Vec<u32>>],
    accounts: &[u32],
    rows: &[usize],
    config: &Config,
) -> Vec<Vec<Holding>> {
    if !config.get_merging() {
        let whole = |sets: &Vec<Vec<u32>>| {
            sets.iter().filter(|set| !set.is_empty()).map(|set| Holding::whole(set.clone())).collect()
        };
        return held.iter().map(whole).collect();
    }
    let all: Vec<Vec<u32>> = held.iter().map(|sets| sorted(sets.concat())).collect();
    let planner = Planner { rows, holders: holders(&all, rows.len()), config };
    let mut plan = Vec::with_capacity(all.len());
    let mut of_account = all.iter().zip(accounts).peekable();
    // Identities stand account by account.
    while let Some((_, account)) = of_account.peek().copied() {
        let mut members = Vec::new();
        while let Some((set, _)) = of_account.next_if(|(_, of)| *of == account) {
            members.push(set);
        }
        plan.extend(planner.account(&members));
    }
    plan
}

fn sorted(mut set: Vec<u32>) -> Vec<u32> {
    set.sort_unstable();
    set.dedup();
    set
}

/// How many different sets hold each policy.
fn holders(all: &[Vec<u32>], policies: usize) -> Vec<usize> {
    let distinct: HashSet<&Vec<u32>> = all.iter().collect();
    let mut holders = vec![0; policies];
    for policy in distinct.into_iter().flatten() {
        if let Some(count) = holders.get_mut(*policy as usize) {
            *count += 1;
        }
    }
    holders
}

struct Planner<'p> {
    rows: &'p [usize],
    holders: Vec<usize>,
    config: &'p Config,
}

impl Planner<'_> {
    fn rows(&self, set: &[u32]) -> usize {
        set.iter().filter_map(|policy| self.rows.get(*policy as usize)).sum()
    }

    /// Whether a policy may stand in the block of every set that holds it.
    fn is_light(&self, policy: u32) -> bool {
        let of = |counts: &[usize]| counts.get(policy as usize).copied().unwrap_or(0);
        of(self.rows) <= self.config.get_light_rows() || of(&self.holders) <= self.config.get_replication()
    }

    /// The holdings of the identities of one account.
    fn account(&self, members: &[&Vec<u32>]) -> Vec<Vec<Holding>> {
        let parts: Vec<(Vec<u32>, Vec<u32>)> = members
            .iter()
            .map(|set| {
                if self.rows(set) <= self.config.get_merge_rows() {
                    return ((*set).clone(), Vec::new());
                }
                set.iter().partition(|policy| self.is_light(**policy))
            })
            .collect();
        let heavy: HashSet<&Vec<u32>> = parts.iter().map(|(_, heavy)| heavy).collect();
        let union = sorted(heavy.iter().flat_map(|set| set.iter().copied()).collect());
        let replicated: usize = heavy.iter().map(|set| self.rows(set)).sum();
        let repeats = replicated <= self.config.get_replication().saturating_mul(self.rows(&union));
        let runs = runs(&union);
        let mut shared: HashMap<&Vec<u32>, Vec<Holding>> = HashMap::new();
        parts
            .iter()
            .map(|(light, heavy)| {
                let shared = shared.entry(heavy).or_insert_with(|| {
                    if heavy.is_empty() {
                        Vec::new()
                    } else if repeats {
                        vec![Holding::whole(heavy.clone())]
                    } else if heavy.len() <= self.config.get_fragments() {
                        heavy.iter().map(|policy| Holding::whole(vec![*policy])).collect()
                    } else {
                        filtered(&runs, heavy)
                    }
                });
                let light = (!light.is_empty()).then(|| Holding::whole(light.clone()));
                light.into_iter().chain(shared.iter().cloned()).collect()
            })
            .collect()
    }
}

/// The policies of an account, cut where their numbers lie far apart, by first number.
fn runs(union: &[u32]) -> BTreeMap<u32, Vec<u32>> {
    union.chunk_by(|a, b| b - a <= GAP).filter_map(|run| Some((*run.first()?, run.to_vec()))).collect()
}

/// Blocks over whole runs, with filters for the set.
fn filtered(runs: &BTreeMap<u32, Vec<u32>>, set: &[u32]) -> Vec<Holding> {
    let run_of = |policy: &u32| runs.range(..=*policy).next_back();
    let same = |a: &u32, b: &u32| run_of(a).map(|run| run.0) == run_of(b).map(|run| run.0);
    let mut parts = Vec::new();
    for part in set.chunk_by(same) {
        let (Some((_, run)), Some(first), Some(last)) =
            (part.first().and_then(run_of), part.first(), part.last())
        else {
            continue;
        };
        let mut filter = vec![0u32; ((last - first) / 32 + 3) as usize];
        filter[0] = *first;
        filter[1] = (last - first) / 32 + 1;
        for policy in part {
            filter[((policy - first) / 32 + 2) as usize] |= 1 << ((policy - first) % 32);
        }
        let filter = (run.as_slice() != part).then_some(filter);
        parts.push(Holding { set: run.clone(), filter });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan_of(held: &[&[u32]], rows: &[usize], config: &Config) -> Vec<Vec<Holding>> {
        let held: Vec<Vec<Vec<u32>>> = held.iter().map(|set| vec![set.to_vec()]).collect();
        plan(&held, &vec![0; held.len()], rows, config)
    }

    /// Every identity is answered for by exactly what it holds.
    fn assert_complete(held: &[&[u32]], plan: &[Vec<Holding>]) {
        for (set, parts) in held.iter().zip(plan) {
            let mut found: Vec<u32> = Vec::new();
            for Holding { set, filter } in parts {
                found.extend(set.iter().filter(|policy| {
                    filter.as_ref().is_none_or(|filter| {
                        let Some(bit) = policy.checked_sub(filter[0]) else { return false };
                        bit / 32 < filter[1] && filter[(bit / 32 + 2) as usize] >> (bit % 32) & 1 == 1
                    })
                }));
            }
            found.sort_unstable();
            assert_eq!(found, *set);
        }
    }

    #[test]
    fn small_sets_stand_alone() {
        let plan = plan_of(&[&[0, 1], &[0, 2]], &[3, 3, 3], &Config::default());
        assert_eq!(plan[0], [Holding::whole(vec![0, 1])]);
        assert_eq!(plan[1], [Holding::whole(vec![0, 2])]);
    }

    #[test]
    fn large_shared_policies_are_shared() {
        // Ten identities, one large policy, a small one each.
        let held: Vec<Vec<u32>> = (1..=10).map(|own| vec![0, own]).collect();
        let held: Vec<&[u32]> = held.iter().map(Vec::as_slice).collect();
        let mut rows = vec![4; 11];
        rows[0] = 1_000;
        let plan = plan_of(&held, &rows, &Config::default());
        assert_complete(&held, &plan);
        for (own, parts) in (1u32..).zip(&plan) {
            assert_eq!(parts[..], [Holding::whole(vec![own]), Holding::whole(vec![0])]);
        }
    }

    #[test]
    fn many_overlapping_sets_share_one_block() {
        // Each of forty identities holds all but one of forty large policies.
        let held: Vec<Vec<u32>> =
            (0..40).map(|without| (0..40).filter(|own| *own != without).collect()).collect();
        let held: Vec<&[u32]> = held.iter().map(Vec::as_slice).collect();
        let plan = plan_of(&held, &[100; 40], &Config::default());
        assert_complete(&held, &plan);
        let blocks: HashSet<&Vec<u32>> = plan.iter().flatten().map(|holding| &holding.set).collect();
        assert_eq!(blocks.len(), 1);
    }

    #[test]
    fn runs_far_apart_are_filtered_apart() {
        let far = 1_000_000;
        let held: Vec<Vec<u32>> = (0..40)
            .map(|without| (0..40).chain(far..far + 40).filter(|own| own % 40 != without).collect())
            .collect();
        let held: Vec<&[u32]> = held.iter().map(Vec::as_slice).collect();
        let plan = plan_of(&held, &vec![100; far as usize + 40], &Config::default());
        assert_complete(&held, &plan);
        assert!(plan.iter().all(|parts| parts.len() == 2));
        let words: usize =
            plan.iter().flatten().filter_map(|holding| holding.filter.as_ref()).map(Vec::len).sum();
        assert!(words < 40 * 2 * 8);
    }
}
