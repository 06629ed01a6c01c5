//! Documents that belong to no account: presets, and general policies in place.
//!
//! One such document may be attached in ten thousand accounts. It is read once for each kind, and once
//! for each account only if it names the account by a template parameter (CITE VAR-7).

use std::collections::HashMap;

use super::assemble::{Attachment, Bench};
use super::names::FULL_ACCESS;
use super::raw;
use crate::document::Document;
use crate::policy::{Kind, PolicyId};

/// What `FullQcloudAccess` says (CITE PRE-1).
const FULL_ACCESS_TEXT: &str =
    r#"{"version":"2.0","statement":[{"effect":"allow","action":["*"],"resource":["*"]}]}"#;

/// A document and the policies it has become.
pub(super) struct Shared<'w> {
    name: Name<'w>,
    text: Text<'w>,
    preset: bool,
    /// `None` before it is opened; then `None` if it could not be.
    document: Option<Option<Document>>,
    /// By kind and account; no account where it makes no difference or is not known. `None` where refused.
    ids: HashMap<(Kind, &'w str), Option<PolicyId>>,
}

enum Name<'w> {
    World(&'w str),
    Given(Box<str>),
}

enum Text<'w> {
    World(&'w raw::Document),
    Builtin(raw::Document),
}

impl<'w> Shared<'w> {
    fn new(name: Name<'w>, text: Text<'w>, preset: bool) -> Self {
        Self { name, text, preset, document: None, ids: HashMap::new() }
    }

    /// `FullQcloudAccess`.
    pub(super) fn builtin() -> Self {
        let document = raw::Document::Text { name: FULL_ACCESS.into(), text: FULL_ACCESS_TEXT.into() };
        Self::new(Name::World(FULL_ACCESS), Text::Builtin(document), true)
    }

    /// A preset of the world.
    pub(super) fn preset(preset: &'w raw::Policy) -> Self {
        Self::new(Name::World(&preset.name.text), Text::World(&preset.document), true)
    }

    /// A general policy in place.
    pub(super) fn general(name: Box<str>, document: &'w raw::Document) -> Self {
        Self::new(Name::Given(name), Text::World(document), false)
    }

    /// Its name, of a preset.
    pub(super) fn name(&self) -> &'w str {
        match self.name {
            Name::World(name) => name,
            Name::Given(_) => "",
        }
    }

    /// Whether anything refers to it.
    pub(super) fn is_attached(&self) -> bool {
        self.document.is_some()
    }

    /// The policy it is when attached in an account, or where none is known.
    pub(super) fn attach(
        &mut self,
        bench: &mut Bench<'w, '_>,
        kind: Kind,
        account: Option<&'w raw::Account>,
    ) -> Option<PolicyId> {
        let text = match &self.text {
            Text::World(text) => text,
            Text::Builtin(text) => text,
        };
        let document = self.document.get_or_insert_with(|| bench.library.open(text)).as_ref()?;
        let account = account.filter(|_| document.uses_template());
        let uin = account.map_or("", |account| &account.uin.text);
        if let Some(id) = self.ids.get(&(kind, uin)) {
            return *id;
        }
        let attachment = Attachment { kind, preset: self.preset, account, unknown: account.is_none() };
        let id = bench.read(document, attachment, None).map(|statements| {
            let name = match &self.name {
                Name::World(name) => (*name).into(),
                Name::Given(name) => name.clone(),
            };
            bench.keep(name, kind, document, statements, uin)
        });
        if matches!(self.text, Text::Builtin(_)) {
            // Nobody can mend it.
            bench.outlines.retain(|outline| outline.policy.is_none() || outline.policy != id);
        }
        self.ids.insert((kind, uin), id);
        id
    }

    /// Reads it although nothing refers to it.
    pub(super) fn validate(&mut self, bench: &mut Bench<'w, '_>) {
        let Text::World(text) = &self.text else { return };
        let Some(document) = bench.library.open(text) else { return };
        let attachment =
            Attachment { kind: Kind::Identity, preset: self.preset, account: None, unknown: true };
        bench.read(&document, attachment, None);
    }
}
