//! Many requests at once: their loads from memory overlap.

use core::hint::black_box;

use camshaft_bundle::Tables;
use camshaft_bundle::schema::{block, identity};
use camshaft_bundle::slots::Slots;

use crate::decision::{Decision, ErrorCode};
use crate::engine::Engine;
use crate::request::Request;
use crate::scratch::Scratch;

/// Requests whose loads are started together.
const BATCH: usize = 8;
/// Integers of a block's slots that are loaded ahead; a cache line holds sixteen.
const AHEAD: usize = 256;

impl Engine {
    /// [`Engine::decide`] for every request, in order, faster than one by one where the bundle is far larger than
    /// the caches. There must be as many places as requests; else every place gets [`ErrorCode::Size`], and nothing is decided.
    pub fn decide_many(&self, requests: &[Request<'_>], decisions: &mut [Decision], scratch: &mut Scratch) {
        if requests.len() != decisions.len() {
            decisions.fill(Decision::Error { code: ErrorCode::Size });
            return;
        }
        let tables = self.bundle().tables();
        for (requests, decisions) in requests.chunks(BATCH).zip(decisions.chunks_mut(BATCH)) {
            warm(tables, requests);
            for (request, decision) in requests.iter().zip(decisions) {
                *decision = self.decide(request, scratch);
            }
        }
    }
}

/// Loads what the decisions of some requests load first, each step for all of them.
///
/// PERF: a decision over cold memory waits for three or four loads that depend on each other; those of
/// different requests do not, and the processor has them under way at once.
fn warm(tables: &Tables<'_>, requests: &[Request<'_>]) {
    let mut records = [[0u32; identity::WORDS]; BATCH];
    for (record, request) in records.iter_mut().zip(requests) {
        let number = tables.callers().find(request.principal).and_then(|id| tables.caller_identities.get(id));
        *record = number.and_then(|number| tables.identities.record(number)).unwrap_or_default();
    }
    let mut blocks = [[0u32; block::WORDS]; BATCH];
    for ((block, [first, holdings, ..]), _) in blocks.iter_mut().zip(records).zip(requests) {
        let holding = if holdings == 0 { None } else { tables.identity_blocks.record::<2>(first) };
        *block = holding.and_then(|[block, _]| tables.blocks.record(block)).unwrap_or_default();
    }
    let mut seen = 0u32;
    for ([first_kind, _, first_slot, slots, flags, ..], _) in blocks.into_iter().zip(requests) {
        seen ^= tables.block_kinds.get(first_kind.saturating_mul(2)).unwrap_or(0);
        let words = match tables.slots_of(first_slot, slots, flags) {
            Some(Slots::List { tags, .. }) => tags,
            Some(Slots::Table(slots)) => slots,
            None => continue,
        };
        seen = words.iter().take(AHEAD).step_by(16).fold(seen, |seen, word| seen ^ word);
    }
    black_box(seen);
}
