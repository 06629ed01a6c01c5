//! What `camshaft verify` adds to opening: that the index of every block leads to its rows.
//!
//! A decision finds a row by keys made of the request. For each block this proves, from the tables alone:
//!
//! - every row of the block's policies stands in the block, and no other row does;
//! - for every combination of service, region and owner that the row's segments leave to a request (for a
//!   deny also those that a request may lack), and for every action of its action set, some kind of the
//!   block makes a key under which the lookup of the runtime reaches a slot that holds the row;
//! - a key that holds a part of the sixth segment is used only where every sixth segment that the row
//!   matches begins with that part; likewise the tries of a group;
//! - every slot is reached by the key of one of its rows, and its rows are counted: the candidates of the
//!   block, and the greatest number of the bundle, are those that the tables give.
//!
//! Not proven: an automaton is only run over one text of each of its rows (the literals of the pattern in a
//! row), not over all; that rows, action sets and guards say what the statements say is the business of a
//! comparison with the explain section; that values differ from what the world said, nobody can see here.

mod cover;
mod index;
mod reach;

use crate::certificate::Certificate;
use crate::open::Bundle;
use crate::schema::{ACCOUNT_WORDS, ROLE_WORDS, Tables, block, identity, scalar};
use crate::verify::{Checked, fault};

/// What a full verification saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FullReport {
    /// Blocks.
    pub blocks: u32,
    /// Slots that keys lead to.
    pub slots: u64,
    /// Rows in blocks, counted once in each.
    pub rows: u64,
    /// Lookups made.
    pub lookups: u64,
    /// The most rows that a decision may have to verify.
    pub certificate: Certificate,
}

/// Proves what opening does not: see the head of this module. Allocates, and takes time in proportion to
/// rows × kinds of keys.
pub fn verify_full(bundle: &Bundle) -> Checked<FullReport> {
    let tables = bundle.tables();
    let mut report = FullReport::default();
    let mut reaches = reach::Reaches::new(tables);
    for number in 0..tables.blocks.records::<{ block::WORDS }>() {
        cover::check(tables, number, &mut reaches, &mut report)?;
        report.blocks = report.blocks.saturating_add(1);
    }
    report.certificate = certificate(tables);
    if report.certificate != tables.certificate() {
        return Err(fault("scalars", scalar::MAX_CANDIDATES, "the certificate is not that of the blocks"));
    }
    Ok(report)
}

/// The worst identity with its boundary and its account's organization, and the worse of the resource
/// policies and a trust policy.
fn certificate(tables: &Tables<'_>) -> Certificate {
    let of = |number: u32| {
        let record = tables.blocks.record::<{ block::WORDS }>(number);
        record.map_or_else(Certificate::default, |[.., rows, of_value, of_empty]| Certificate {
            rows,
            of_value,
            of_empty,
        })
    };
    let sum = |all: &mut dyn Iterator<Item = u32>| all.map(of).fold(Certificate::default(), Certificate::and);
    let worst =
        |all: &mut dyn Iterator<Item = Certificate>| all.fold(Certificate::default(), Certificate::or);
    let levels = |account: u32| {
        let [_, _, first, above, _] = tables.accounts.record::<ACCOUNT_WORDS>(account).unwrap_or_default();
        let range = first..first.saturating_add(above.saturating_sub(1));
        sum(&mut range.filter_map(|level| tables.levels.get(level)))
    };
    let mut identities = (0..tables.identities.records::<{ identity::WORDS }>())
        .filter_map(|number| tables.identities.record::<{ identity::WORDS }>(number))
        .map(|[first, blocks, boundary, account, ..]| {
            let range = first..first.saturating_add(blocks);
            let holding = |at| tables.identity_blocks.record::<2>(at).map(|[block, _]| block);
            sum(&mut range.filter_map(holding)).and(of(boundary)).and(levels(account))
        });
    let mut trust = (0..tables.roles.records::<ROLE_WORDS>())
        .filter_map(|number| tables.roles.record::<ROLE_WORDS>(number))
        .map(|[_, _, _, trust, ..]| of(trust));
    // A sub-account that is not known has the general policies, and the organization of a known account.
    let mut strangers = (0..tables.scalar(scalar::ACCOUNTS)).filter_map(|account| {
        let [_, general, ..] = tables.accounts.record::<ACCOUNT_WORDS>(account)?;
        Some(of(general).and(levels(account)))
    });
    let caller =
        worst(&mut identities).or(worst(&mut strangers)).or(of(tables.scalar(scalar::GENERAL_UNKNOWN)));
    let mut resources = (0..tables.scalar(scalar::ACCOUNTS))
        .filter_map(|account| tables.accounts.record::<ACCOUNT_WORDS>(account))
        .map(|[.., resource]| of(resource));
    // Resource policies are asked for the caller and for an unsigned one (CITE EVA-13).
    let resource = worst(&mut resources);
    caller.and(worst(&mut trust)).and(resource).and(resource)
}
