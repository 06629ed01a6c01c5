//! Rows and what they refer to.

use crate::schema::{Tables, piece, principal, row, term};
use crate::verify::{Bits, Checked, ends, fault, records, text};
use crate::words::NONE;

/// Patterns: known pieces, literals on whole characters.
pub(super) fn patterns(tables: &Tables<'_>) -> Checked {
    const TABLE: &str = "pieces";
    for (number, [kind, start, length]) in records::<3>(TABLE, tables.pieces)? {
        if kind > piece::UNVALUED {
            return Err(fault(TABLE, number, "the kind of piece is unknown"));
        }
        if kind != piece::LITERAL && (start, length) != (0, 0) {
            return Err(fault(TABLE, number, "a piece that is no literal has a text"));
        }
        text(TABLE, number, tables.text, start, length)?;
    }
    ends("pattern_ends", tables.pattern_ends, tables.pieces.records::<3>() as usize)
}

/// Principal elements: known kinds, ids in range.
pub(super) fn principals(tables: &Tables<'_>) -> Checked {
    const TABLE: &str = "principals";
    let (uins, names) = (tables.uins().len(), tables.names().len());
    for (number, [kind, root, id]) in records::<3>(TABLE, tables.principals)? {
        let sound = match kind {
            principal::EVERYONE | principal::ANONYMOUS => (root, id) == (0, 0),
            principal::ROOT | principal::ACCOUNT => root < uins && id == 0,
            principal::SUB_ACCOUNT => root < uins && id < uins,
            principal::SERVICE => root == 0 && id < names,
            principal::GROUP..=principal::OIDC => root < uins && id < names,
            _ => return Err(fault(TABLE, number, "the kind of principal is unknown")),
        };
        if !sound {
            return Err(fault(TABLE, number, "the account or name does not exist"));
        }
    }
    ends("principal_set_ends", tables.principal_set_ends, tables.principals.records::<3>() as usize)
}

/// What few rows have.
pub(super) fn extras(tables: &Tables<'_>) -> Checked {
    const TABLE: &str = "extras";
    let sets = tables.principal_set_ends.records::<1>();
    let patterns = tables.pattern_ends.records::<1>();
    for (number, [set, scope, kind, start, length]) in records::<5>(TABLE, tables.extras)? {
        if set >= sets && set != NONE {
            return Err(fault(TABLE, number, "the principal set does not exist"));
        }
        if scope >= patterns && scope != NONE {
            return Err(fault(TABLE, number, "the pattern does not exist"));
        }
        if kind > row::project::ID || kind != row::project::ID && (start, length) != (0, 0) {
            return Err(fault(TABLE, number, "the project is malformed"));
        }
        text(TABLE, number, tables.text, start, length)?;
    }
    Ok(())
}

/// Rows, with the counts they are held against.
pub(super) struct Rows<'t, 'a> {
    tables: &'t Tables<'a>,
    /// Patterns with variables.
    variable: Bits,
    segments: u32,
    uins: u32,
    appids: u32,
    actions: u32,
    patterns: u32,
    guards: u32,
    extras: u32,
}

impl<'t, 'a> Rows<'t, 'a> {
    pub(super) fn new(tables: &'t Tables<'a>) -> Self {
        let patterns = tables.pattern_ends.records::<1>();
        let mut variable = Bits::new(patterns as usize);
        for pattern in 0..patterns {
            let pieces = tables.pattern_ends.range(pattern).into_iter().flatten();
            let mut kinds = pieces.filter_map(|piece| tables.pieces.record::<3>(piece));
            if kinds.any(|[kind, _, _]| kind > piece::STAR) {
                variable.set(pattern);
            }
        }
        Self {
            tables,
            variable,
            segments: tables.segments().len(),
            uins: tables.uins().len(),
            appids: tables.appids().len(),
            actions: tables.action_set_ends.records::<1>(),
            patterns,
            guards: tables.guard_ends.records::<1>(),
            extras: tables.extras.records::<5>(),
        }
    }

    /// One row; its statement is checked with the policies.
    pub(super) fn check(&self, number: u32, record: &[u32; row::WORDS]) -> Checked {
        let fault = |problem| Err(fault("rows", number, problem));
        let [flags, service, region, account, actions, operand, length, guard, _, extra] = *record;
        if flags >> row::flag::ACCOUNT_SHIFT > row::account::UNVALUED {
            return fault("a flag or the kind of account is unknown");
        }
        if actions >= self.actions || guard > self.guards || extra > self.extras {
            return fault("the action set, guard or extra does not exist");
        }
        let known = |segment: u32| segment < self.segments || segment == NONE;
        if !known(service) || !known(region) {
            return fault("the service or region does not exist");
        }
        let account_kind = flags >> row::flag::ACCOUNT_SHIFT;
        let accounts = match account_kind {
            row::account::UIN => self.uins,
            row::account::APPID => self.appids,
            _ => 1,
        };
        if account >= accounts {
            return fault("the account does not exist");
        }
        let kind = flags >> row::flag::TAIL_SHIFT & 7;
        if flags & row::flag::ALL != 0 {
            let plain =
                (service, region, account_kind, kind) == (NONE, NONE, row::account::ANY, row::tail::ANY);
            if !plain {
                return fault("the entry `*` has segments");
            }
        }
        let sound = match kind {
            row::tail::ANY => (operand, length) == (0, 0),
            row::tail::EXACT | row::tail::PREFIX | row::tail::SUFFIX => {
                self.tables.text.get(operand, length).is_some()
            }
            row::tail::PATTERN | row::tail::VARIABLE => {
                let variable = kind == row::tail::VARIABLE;
                operand < self.patterns && length == 0 && self.variable.has(operand) == variable
            }
            _ => return fault("the kind of tail is unknown"),
        };
        if sound { Ok(()) } else { fault("the tail's text or pattern does not exist") }
    }
}

/// Guards: each at least one term, terms in range and once each.
pub(super) fn guards(tables: &Tables<'_>) -> Checked {
    const TABLE: &str = "guard_terms";
    ends("guard_ends", tables.guard_ends, tables.guard_terms.len())?;
    let terms = tables.terms.records::<{ term::WORDS }>();
    for guard in 0..tables.guard_ends.records::<1>() {
        let range = tables.guard_ends.range(guard).filter(|range| !range.is_empty());
        let Some(words) = range.and_then(|range| tables.guard_terms.slice(range)) else {
            return Err(fault("guard_ends", guard, "the guard has no terms"));
        };
        let mut last = None;
        for number in words.iter() {
            if number >= terms || last.is_some_and(|last| number <= last) {
                return Err(fault(TABLE, guard, "a term does not exist or is out of order"));
            }
            last = Some(number);
        }
    }
    Ok(())
}
