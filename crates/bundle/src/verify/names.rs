//! Policies, statements and what explanations show; rows are checked here, policy by policy.

use crate::schema::{Tables, policy, row, term};
use crate::verify::{Checked, Layout, fault, records, rows, text};
use crate::words::NONE;

/// Policies with their statements and rows, then the texts.
pub(super) fn check(tables: &Tables<'_>) -> Checked {
    policies(tables)?;
    places(tables)
}

/// Rows and statements stand policy by policy; a row belongs to a statement of its policy, and rows stand
/// in the order of their statements.
fn policies(tables: &Tables<'_>) -> Checked {
    const TABLE: &str = "policies";
    let checker = rows::Rows::new(tables);
    let sources = tables.sources.records::<2>();
    let mut all_rows = records::<{ row::WORDS }>("rows", tables.rows)?;
    let mut all_statements = records::<2>("statements", tables.statements)?;
    let mut row_layout = Layout::new("rows", tables.rows.records::<{ row::WORDS }>() as usize);
    let mut layout = Layout::new("statements", tables.statements.records::<2>() as usize);
    let mut names = Layout::new("policy_text", tables.policy_text.all().len());
    for (number, record) in records::<{ policy::WORDS }>(TABLE, tables.policies)? {
        let [first_row, rows, first, statements, start, length, kind, source] = record;
        row_layout.take(number, first_row, rows)?;
        layout.take(number, first, statements)?;
        names.take(number, start, length)?;
        text(TABLE, number, tables.policy_text, start, length)?;
        if kind > policy::RESOURCE || source >= sources {
            return Err(fault(TABLE, number, "the kind or source does not exist"));
        }
        for (statement, [policy, _]) in all_statements.by_ref().take(statements as usize) {
            if policy != number {
                return Err(fault("statements", statement, "the statement belongs to another policy"));
            }
        }
        let mut last = first;
        for (row_number, record) in all_rows.by_ref().take(rows as usize) {
            checker.check(row_number, &record)?;
            let [.., statement, extra] = record;
            let set = extra.checked_sub(1).and_then(|extra| tables.extras.record::<5>(extra));
            let has_principals = set.is_some_and(|[set, ..]| set != NONE);
            if has_principals != (kind == policy::TRUST || kind == policy::RESOURCE) {
                return Err(fault("rows", row_number, "principals stand in trust and resource policies"));
            }
            if statement < last || statement >= layout.next {
                return Err(fault("rows", row_number, "the statement is out of order or of another policy"));
            }
            last = statement;
        }
    }
    let count = tables.policies.records::<{ policy::WORDS }>();
    row_layout.end(count)?;
    layout.end(count)?;
    names.end(count)
}

/// Every text has its place, one after the other.
fn places(tables: &Tables<'_>) -> Checked {
    const STATEMENTS: &str = "statement_places";
    let mut layout = Layout::new("statement_text", tables.statement_text.all().len());
    if tables.statement_places.records::<4>() != tables.statements.records::<2>() {
        return Err(fault(STATEMENTS, 0, "there is not one record for each statement"));
    }
    for (number, [start, length, _, _]) in records::<4>(STATEMENTS, tables.statement_places)? {
        layout.take(number, start, length)?;
        text(STATEMENTS, number, tables.statement_text, start, length)?;
    }
    layout.end(tables.statement_places.records::<4>())?;
    if tables.term_places.records::<2>() != tables.terms.records::<{ term::WORDS }>() {
        return Err(fault("term_places", 0, "there is not one record for each term"));
    }
    for (table, words, into, all) in [
        ("term_places", tables.term_places, "term_text", tables.term_text),
        ("sources", tables.sources, "source_text", tables.source_text),
        ("policy_scopes", tables.policy_scopes, "scope_text", tables.scope_text),
        ("prerequisites", tables.prerequisites, "prerequisite_text", tables.prerequisite_text),
    ] {
        let mut layout = Layout::new(into, all.all().len());
        for (number, [start, length]) in records::<2>(table, words)? {
            layout.take(number, start, length)?;
            text(table, number, all, start, length)?;
        }
        layout.end(words.records::<2>())?;
    }
    if tables.policy_scopes.records::<2>() != tables.policies.records::<{ policy::WORDS }>() {
        return Err(fault("policy_scopes", 0, "there is not one record for each policy"));
    }
    match tables.prerequisites.len().checked_rem(6) {
        Some(0) => Ok(()),
        _ => Err(fault("prerequisites", tables.prerequisites.records::<6>(), "the last record is cut")),
    }
}
