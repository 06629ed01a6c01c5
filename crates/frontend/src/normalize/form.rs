//! A statement in canonical form, and what happens among several: equal ones are one, mergeable ones can
//! be merged.

use std::collections::{BTreeMap, BTreeSet};

use crate::{json::write_string, policy::Effect};

/// A list: sorted by bytes, each entry once (CITE CAN-3).
pub(super) type Entries = BTreeSet<String>;

/// Whom a statement binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Principal {
    /// `"*"`.
    Everyone,
    /// By kind.
    Listed(BTreeMap<String, Entries>),
}

/// A statement in canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) sid: Option<String>,
    pub(super) effect: Effect,
    pub(super) principal: Option<Principal>,
    pub(super) action: Entries,
    pub(super) resource: Entries,
    pub(super) condition: BTreeMap<String, BTreeMap<String, Entries>>,
}

impl Form {
    /// Members in the order of CAN-1, no blanks.
    pub(super) fn write(&self, out: &mut String) {
        out.push('{');
        if let Some(sid) = &self.sid {
            out.push_str("\"sid\":");
            write_string(out, sid);
            out.push(',');
        }
        out.push_str(match self.effect {
            Effect::Allow => "\"effect\":\"allow\"",
            Effect::Deny => "\"effect\":\"deny\"",
        });
        match &self.principal {
            None => {}
            Some(Principal::Everyone) => out.push_str(",\"principal\":\"*\""),
            Some(Principal::Listed(kinds)) => {
                out.push_str(",\"principal\":");
                write_object(out, kinds, write_list);
            }
        }
        out.push_str(",\"action\":");
        write_list(out, &self.action);
        out.push_str(",\"resource\":");
        write_list(out, &self.resource);
        if !self.condition.is_empty() {
            out.push_str(",\"condition\":");
            write_object(out, &self.condition, |out, keys| write_object(out, keys, write_list));
        }
        out.push('}');
    }

    fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn text_without_label(&self) -> String {
        Self { sid: None, ..self.clone() }.text()
    }

    /// The text of everything but one dimension.
    fn text_without(&self, dimension: Dimension) -> String {
        let mut rest = Self { sid: None, ..self.clone() };
        match dimension {
            Dimension::Principal => rest.principal = None,
            Dimension::Action => rest.action.clear(),
            Dimension::Resource => rest.resource.clear(),
        }
        rest.text()
    }

    fn unite(&mut self, other: &Self, dimension: Dimension) {
        match dimension {
            Dimension::Action => self.action.extend(other.action.iter().cloned()),
            Dimension::Resource => self.resource.extend(other.resource.iter().cloned()),
            Dimension::Principal => {
                if let (Some(Principal::Listed(mine)), Some(Principal::Listed(theirs))) =
                    (&mut self.principal, &other.principal)
                {
                    for (kind, entries) in theirs {
                        mine.entry(kind.clone()).or_default().extend(entries.iter().cloned());
                    }
                }
            }
        }
    }
}

fn write_list(out: &mut String, entries: &Entries) {
    out.push('[');
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(out, entry);
    }
    out.push(']');
}

fn write_object<T>(out: &mut String, members: &BTreeMap<String, T>, write: impl Fn(&mut String, &T)) {
    out.push('{');
    for (index, (name, value)) in members.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(out, name);
        out.push(':');
        write(out, value);
    }
    out.push('}');
}

/// Sorts by canonical bytes and keeps of equal ones, labels aside, the first (CITE CAN-3).
pub(super) fn distinct(forms: Vec<(Form, Vec<u32>)>) -> Vec<(Form, Vec<u32>)> {
    let mut sorted: Vec<(String, (Form, Vec<u32>))> =
        forms.into_iter().map(|form| (form.0.text(), form)).collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<(Form, Vec<u32>)> = Vec::with_capacity(sorted.len());
    for (_, (form, indices)) in sorted {
        let place = *places.entry(form.text_without_label()).or_insert(kept.len());
        match kept.get_mut(place) {
            Some((_, others)) => {
                others.extend(indices);
                others.sort_unstable();
            }
            None => kept.push((form, indices)),
        }
    }
    kept
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dimension {
    Action,
    Resource,
    Principal,
}

/// Unites statements that are equal in all but one of principal, action and resource, until none are
/// left (CITE CAN-4). A merged statement has the label of its first part.
pub(super) fn merge(mut forms: Vec<(Form, Vec<u32>)>) -> Vec<(Form, Vec<u32>)> {
    loop {
        let before = forms.len();
        for dimension in [Dimension::Action, Dimension::Resource, Dimension::Principal] {
            let mut places: BTreeMap<String, usize> = BTreeMap::new();
            let mut kept: Vec<(Form, Vec<u32>)> = Vec::with_capacity(forms.len());
            for (form, indices) in forms {
                let listed = matches!(form.principal, Some(Principal::Listed(_)));
                if dimension == Dimension::Principal && !listed {
                    kept.push((form, indices));
                    continue;
                }
                let place = *places.entry(form.text_without(dimension)).or_insert(kept.len());
                match kept.get_mut(place) {
                    Some((first, others)) => {
                        first.unite(&form, dimension);
                        others.extend(indices);
                        others.sort_unstable();
                    }
                    None => kept.push((form, indices)),
                }
            }
            forms = kept;
        }
        if forms.len() == before {
            return distinct(forms);
        }
    }
}
