//! An accepted document as its author sees it: every entry with its text, its meaning and its place.
//!
//! In: a [`Document`] and the setting that accepts it. Out: an [`Outline`]. Lints work on it: the statements that the
//! compiler takes have their entries sorted and joined, and no longer know where each was written.

use crate::{
    action,
    document::Document,
    json::{Member, Node, Value},
    normalize,
    policy::{
        ActionEntry, Effect, Kind, PolicyId, PrincipalEntry, ResourceEntry, ResourcePattern, Statement, Term,
        Values,
    },
    principal,
    reader::Reader,
    resource,
    setting::Setting,
    source::{Source, Span},
};

/// An accepted document in one setting.
#[derive(Clone, Debug)]
pub struct Outline {
    /// What the policy is called in reasons; empty for a document that stands alone.
    pub name: Box<str>,
    /// The policy of the set that it became; `None` where nothing is attached.
    pub policy: Option<PolicyId>,
    /// Index of the source.
    pub source: u32,
    /// Where the document stands in it.
    pub span: Span,
    /// What it is attached as.
    pub kind: Kind,
    /// Uin and APPID of the account it was read for.
    pub account: Option<(Box<str>, Option<Box<str>>)>,
    /// Whether it belongs to no account: a preset, an organization's policy.
    pub preset: bool,
    /// The scope of a resource policy, where it is known.
    pub scope: Option<ResourcePattern>,
    /// Its length (CITE DOC-19).
    pub length_chars: usize,
    /// Length of its canonical form.
    pub canonical_chars: usize,
    /// Length of its merged form (CITE CAN-4).
    pub merged_chars: usize,
    /// Source statements that the merged form joins, in groups of two and more.
    pub merged: Vec<Vec<u32>>,
    /// Its statements, in the order of the source.
    pub statements: Vec<Stated>,
}

/// A statement, as written.
#[derive(Clone, Debug)]
pub struct Stated {
    /// Where it stands.
    pub span: Span,
    /// The value of `effect`.
    pub effect_span: Span,
    /// The edit that drops the statement; `None` for the only one.
    pub removal: Option<Span>,
    /// Whom it binds, in trust and resource policies; entries at the top level of the document included.
    pub principals: Vec<Written<PrincipalEntry>>,
    /// Actions. A set is all that it stands for.
    pub actions: Vec<Written<Vec<ActionEntry>>>,
    /// Resources; the whole statement stands for the absent one of a trust policy.
    pub resources: Vec<Written<ResourceEntry>>,
    /// Terms of the condition, in the order of the source.
    pub terms: Vec<StatedTerm>,
    /// What it means.
    pub meaning: Statement,
}

/// A term of a condition, as written.
#[derive(Clone, Debug)]
pub struct StatedTerm {
    /// The name of its operator.
    pub operator_span: Span,
    /// Whether the operator has no other key.
    pub alone: bool,
    /// Its key.
    pub key_span: Span,
    /// Its values, each alone.
    pub values: Vec<Written<Values>>,
    /// What it means.
    pub meaning: Term,
}

/// An entry of a list.
#[derive(Clone, Debug)]
pub struct Written<T> {
    /// Its text.
    pub text: Box<str>,
    /// Where it stands, quotes included.
    pub span: Span,
    /// The edit that drops it; `None` for the only one.
    pub removal: Option<Span>,
    /// What it means.
    pub means: T,
}

impl Document {
    /// The outline of the document; `None` when the setting refuses it. `source` is the one it was parsed from.
    pub fn outline(&self, source: &Source, setting: &Setting<'_>) -> Option<Outline> {
        let statements = self.read(source, setting).statements?;
        let members = self.value.as_ref()?.as_object()?;
        let mut writer = Outliner { reader: Reader::new(source, self.index, setting) };
        let top = keyword(members, "principal").map(|member| &member.value);
        let list = &keyword(members, "statement")?.value;
        let elements = list.as_array().unwrap_or(core::slice::from_ref(list));
        let stated = elements.iter().enumerate().zip(statements).filter_map(|((at, element), meaning)| {
            writer.statement(element, array_removal(elements, at), top, meaning)
        });
        let stated = stated.collect();
        let canonical = normalize::canonical(self, source, setting).ok()?;
        let merged = normalize::merged(self, source, setting).ok()?;
        let chars = |text: &str| text.chars().count();
        Some(Outline {
            name: "".into(),
            policy: None,
            source: self.index,
            span: self.span,
            kind: setting.kind,
            account: setting.account.map(|owner| (owner.uin.into(), owner.appid.map(Into::into))),
            preset: setting.preset,
            scope: setting.scope.cloned(),
            length_chars: self.length_chars,
            canonical_chars: chars(&canonical.text),
            merged_chars: chars(&merged.text),
            merged: merged.sources.into_iter().filter(|sources| sources.len() > 1).collect(),
            statements: stated,
        })
    }
}

struct Outliner<'a> {
    /// Reads the entries once more. What it finds was reported before.
    reader: Reader<'a>,
}

impl Outliner<'_> {
    fn statement(
        &mut self,
        element: &Value,
        removal: Option<Span>,
        top: Option<&Value>,
        meaning: Statement,
    ) -> Option<Stated> {
        let members = element.as_object()?;
        let value = |name: &str| keyword(members, name).map(|member| &member.value);
        let deny = meaning.effect == Effect::Deny;
        let setting = self.reader.setting;
        let principals = match value("principal").or(top) {
            Some(value) if meaning.principals.is_some() => self.principals(value),
            _ => Vec::new(),
        };
        let action = |text: &str| {
            let mut read = Vec::new();
            action::read(text, setting, &mut read).ok().map(|()| read)
        };
        let resource = |text: &str| resource::read(text, setting, deny, &mut Vec::new()).ok();
        let resources = match value("resource") {
            Some(value) => self.list(value, resource),
            None => vec![Written {
                text: "*".into(),
                span: element.span,
                removal: None,
                means: ResourceEntry::All,
            }],
        };
        Some(Stated {
            span: element.span,
            effect_span: value("effect")?.span,
            removal,
            principals,
            actions: self.list(value("action")?, action),
            resources,
            terms: value("condition").map(|value| self.terms(value, &meaning)).unwrap_or_default(),
            meaning,
        })
    }

    /// The entries of a list of strings, each once.
    fn list<T>(&mut self, value: &Value, read: impl Fn(&str) -> Option<T>) -> Vec<Written<T>> {
        let values = value.as_array().unwrap_or(core::slice::from_ref(value));
        let mut written: Vec<Written<T>> = Vec::with_capacity(values.len());
        let mut seen = std::collections::HashSet::with_capacity(values.len());
        for (at, entry) in values.iter().enumerate() {
            let Some(text) = entry.as_str() else { continue };
            if seen.insert(text)
                && let Some(means) = read(text)
            {
                let removal = array_removal(values, at);
                written.push(Written { text: text.into(), span: entry.span, removal, means });
            }
        }
        written
    }

    fn principals(&mut self, value: &Value) -> Vec<Written<PrincipalEntry>> {
        let Some(members) = value.as_object() else {
            let means = PrincipalEntry::Everyone;
            return vec![Written { text: "*".into(), span: value.span, removal: None, means }];
        };
        let setting = self.reader.setting;
        let mut written = Vec::new();
        let kinds = [principal::Member::Qcs, principal::Member::Service, principal::Member::Federated];
        for (kind, name) in kinds.into_iter().zip(principal::KINDS) {
            let Some(member) = keyword(members, name) else { continue };
            written.extend(self.list(&member.value, |text| principal::read(text, kind, setting).ok()?));
        }
        written
    }

    fn terms(&mut self, value: &Value, meaning: &Statement) -> Vec<StatedTerm> {
        let mut terms = Vec::new();
        for operator in value.as_object().unwrap_or_default() {
            let keys = operator.value.as_object().unwrap_or_default();
            for key in keys {
                let read =
                    |term: &&Term| *term.key == *key.name && term.operator.to_string() == *operator.name;
                let Some(meaning) = meaning.condition.iter().find(read) else { continue };
                terms.push(StatedTerm {
                    operator_span: operator.name_span,
                    alone: keys.len() == 1,
                    key_span: key.name_span,
                    values: self.values(&key.value, meaning),
                    meaning: meaning.clone(),
                });
            }
        }
        terms
    }

    fn values(&mut self, value: &Value, term: &Term) -> Vec<Written<Values>> {
        let values = value.as_array().unwrap_or(core::slice::from_ref(value));
        let mut written: Vec<Written<Values>> = Vec::with_capacity(values.len());
        for (at, value) in values.iter().enumerate() {
            let text = match &value.node {
                Node::String(text) => &**text,
                _ => self.reader.source.slice(value.span),
            };
            if written.iter().any(|before| *before.text == *text) {
                continue;
            }
            if let Some(means) = self.reader.one_value(value, term) {
                let removal = array_removal(values, at);
                written.push(Written { text: text.into(), span: value.span, removal, means });
            }
        }
        written
    }
}

/// The member of a keyword in any accepted spelling.
fn keyword<'v>(members: &'v [Member], word: &str) -> Option<&'v Member> {
    members.iter().find(|member| member.name.eq_ignore_ascii_case(word))
}

/// What to cut so that an element disappears with its comma; `None` for the only one.
fn array_removal(values: &[Value], index: usize) -> Option<Span> {
    if values.len() < 2 {
        return None;
    }
    let span = values.get(index)?.span;
    Some(match index.checked_sub(1).and_then(|before| values.get(before)) {
        Some(before) => Span::new(before.span.end, span.end),
        None => Span::new(span.start, values.get(index + 1)?.span.start),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document, testing::Fixture};

    #[test]
    fn every_entry_has_its_place() {
        let text = r#"{"version":"2.0","statement":[{"effect":"allow","action":["name/cos:Get*","cos:Get*","cos:Get*"],
            "resource":"*","condition":{"ip_equal":{"qcs:ip":["10.0.0.0/8","10.1.0.0/16"]}}},
            {"effect":"deny","action":"*","resource":["*"]}]}"#;
        let source = Source::new("p.json", text);
        let fixture = Fixture::new();
        let document = document::parse_source(&source, 0);
        let outline = document.outline(&source, &fixture.setting(Kind::Identity)).unwrap();
        let [first, second] = outline.statements.as_slice() else { panic!("{outline:?}") };
        let texts: Vec<_> = first.actions.iter().map(|entry| source.slice(entry.span)).collect();
        assert_eq!(texts, [r#""name/cos:Get*""#, r#""cos:Get*""#]);
        assert_eq!(first.actions[0].means, first.actions[1].means);
        assert_eq!(source.slice(first.actions[1].removal.unwrap()), r#","cos:Get*""#);
        assert_eq!(first.resources[0].removal, None);
        let [term] = first.terms.as_slice() else { panic!("{first:?}") };
        assert_eq!((source.slice(term.key_span), term.values.len()), (r#""qcs:ip""#, 2));
        assert!(matches!(&term.values[1].means, Values::Network(one) if one.len() == 1));
        assert_eq!((source.slice(second.effect_span), second.meaning.index), (r#""deny""#, 1));
        assert!(outline.merged_chars <= outline.canonical_chars);
        assert!(
            document::parse_source(&Source::new("p", "{}"), 0)
                .outline(&source, &fixture.setting(Kind::Scp))
                .is_none()
        );
    }
}
