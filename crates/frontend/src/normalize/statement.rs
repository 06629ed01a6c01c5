//! Accepted statements in canonical form.
//!
//! In: a [`Statement`]. Out: its JSON text, behind what a buffer already holds. The compiler calls this once
//! for every statement of a world, so nothing is built on the way but one buffer of entries.

use core::fmt::Write as _;
use core::ops::Range;

use super::entry;
use crate::{
    json::write_string,
    policy::{Effect, PrincipalEntry, Statement, Term, Values},
    principal, template,
};

/// Writes canonical forms one after the other.
#[derive(Debug, Default)]
pub struct Writer {
    list: List,
}

impl Writer {
    /// Appends the form of a statement, everything filled and without its label (CITE CAN-1).
    pub fn statement(&mut self, out: &mut String, statement: &Statement) {
        out.push_str(match statement.effect {
            Effect::Allow => "{\"effect\":\"allow\"",
            Effect::Deny => "{\"effect\":\"deny\"",
        });
        if let Some(principals) = &statement.principals {
            out.push_str(",\"principal\":");
            self.principals(out, principals);
        }
        out.push_str(",\"action\":");
        self.list.write(out, &statement.actions, entry::write_action);
        out.push_str(",\"resource\":");
        self.list.write(out, &statement.resources, entry::write_resource);
        if !statement.condition.is_empty() {
            out.push_str(",\"condition\":");
            self.condition(out, &statement.condition);
        }
        out.push('}');
    }

    /// Appends the values of one term as an array.
    pub fn values(&mut self, out: &mut String, term: &Term) {
        fn all<T: core::fmt::Display>(list: &mut List, values: &[T]) {
            // Writing to a string does not fail.
            values.iter().for_each(|value| list.entry(|text| write!(text, "{value}").unwrap_or_default()));
        }
        let list = &mut self.list;
        match &term.values {
            Values::Text(patterns) => {
                patterns.iter().for_each(|pattern| list.entry(|text| entry::write_pattern(text, pattern)));
            }
            Values::Number(numbers) => all(list, numbers),
            Values::Date(dates) => all(list, dates),
            Values::Bool(booleans) => all(list, booleans),
            Values::Network(networks) => all(list, networks),
            // Its one operand is what is not known.
            Values::Null(_) if term.unvalued => {}
            Values::Null(operand) => all(list, &[operand]),
        }
        if term.unvalued {
            list.entry(|text| {
                text.extend([
                    "${",
                    template::variable_name(camshaft_value::pattern::Variable::Unvalued),
                    "}",
                ]);
            });
        }
        list.finish(out);
    }

    fn principals(&mut self, out: &mut String, entries: &[PrincipalEntry]) {
        if entries == [PrincipalEntry::Everyone] {
            out.push_str("\"*\"");
            return;
        }
        let texts: Vec<(&str, String)> = entries.iter().map(principal::text).collect();
        let mut kinds: Vec<&str> = texts.iter().map(|(kind, _)| *kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        object(out, &kinds, |out, kind| {
            write_string(out, kind);
            out.push(':');
            let of_kind = texts.iter().filter(|(of, _)| of == kind);
            self.list.write(out, of_kind, |text, (_, entry)| text.push_str(entry));
        });
    }

    fn condition(&mut self, out: &mut String, condition: &[Term]) {
        let mut terms: Vec<(String, &Term)> =
            condition.iter().map(|term| (term.operator.to_string(), term)).collect();
        // Of equal keys under one operator the last counts.
        terms.reverse();
        terms.sort_by(|(a, left), (b, right)| (a, &left.key).cmp(&(b, &right.key)));
        terms.dedup_by(|(a, left), (b, right)| a == b && left.key == right.key);
        let operators: Vec<&[(String, &Term)]> = terms.chunk_by(|(a, _), (b, _)| a == b).collect();
        object(out, &operators, |out, terms| {
            write_string(out, terms.first().map_or("", |(operator, _)| operator));
            out.push(':');
            object(out, terms, |out, (_, term)| {
                write_string(out, &term.key);
                out.push(':');
                self.values(out, term);
            });
        });
    }
}

/// Writes an object; `member` writes name, colon and value of one member.
fn object<T>(out: &mut String, members: &[T], mut member: impl FnMut(&mut String, &T)) {
    out.push('{');
    for (index, each) in members.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        member(out, each);
    }
    out.push('}');
}

/// The entries of one list: sorted by bytes and each once when it is written (CITE CAN-3).
#[derive(Debug, Default)]
struct List {
    text: String,
    entries: Vec<Range<usize>>,
}

impl List {
    fn write<T>(
        &mut self,
        out: &mut String,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut String, T),
    ) {
        items.into_iter().for_each(|item| self.entry(|text| write(text, item)));
        self.finish(out);
    }

    fn entry(&mut self, write: impl FnOnce(&mut String)) {
        let start = self.text.len();
        write(&mut self.text);
        self.entries.push(start..self.text.len());
    }

    /// Writes the list, and begins another.
    fn finish(&mut self, out: &mut String) {
        let get = |entry: &Range<usize>| self.text.get(entry.clone()).unwrap_or("");
        self.entries.sort_unstable_by(|a, b| get(a).cmp(get(b)));
        out.push('[');
        let mut last = None;
        for entry in &self.entries {
            let entry = get(entry);
            if last == Some(entry) {
                continue;
            }
            if last.is_some() {
                out.push(',');
            }
            write_string(out, entry);
            last = Some(entry);
        }
        out.push(']');
        self.entries.clear();
        self.text.clear();
    }
}
