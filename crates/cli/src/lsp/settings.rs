//! What the server was started with: the command line, then what the editor adds when it connects.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use camshaft_frontend::setting::Setting;
use clap::ValueEnum;
use serde::Deserialize;

use super::cursor::Attachment;
use super::documents::{Document, Surroundings};
use super::known::{self, Known};
use crate::args::{Lsp, PolicyKind};
use crate::exit::Failure;
use crate::lint::{self, Choice, Level};
use crate::load::{self, Bare};

/// `initializationOptions`; docs/editors.md lists the same.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Given {
    actions: Option<PathBuf>,
    catalogue: Option<PathBuf>,
    kind: Option<String>,
    docs: Option<String>,
    strict: Option<bool>,
    params: BTreeMap<String, String>,
    config: Option<PathBuf>,
    lints: BTreeMap<String, String>,
}

/// Questions that lints may ask of one world: fewer than for `check`, since somebody waits.
const MOST_QUESTIONS: usize = 1 << 12;

/// With what texts are read and answers are written.
pub(crate) struct Settings {
    args: Lsp,
    bare: Bare,
    /// Which lints count how much. Judging notes which suppressions were used.
    pub(crate) lints: RefCell<lint::Settings>,
    /// The list of known actions.
    pub(crate) known: Known,
    /// Whether the editor takes snippets.
    pub(crate) snippets: bool,
}

impl Settings {
    /// From the command line.
    pub(crate) fn new(args: Lsp) -> Result<Self, Failure> {
        let bare = Bare::new(&args.alone.reading, args.alone.catalogue.as_ref())?;
        let mut lints = lint::Settings::load(&args.linting)?;
        lints.lints.most_questions = MOST_QUESTIONS;
        let known = known::load(args.linting.actions.as_deref())?;
        Ok(Self { args, bare, lints: RefCell::new(lints), known, snippets: false })
    }

    /// With what the editor says; the command line counts where it says nothing.
    pub(crate) fn with(&self, options: serde_json::Value) -> Result<Self, Failure> {
        let malformed = |why: &str| {
            Failure::usage_with(
                format!("the initialization options cannot be used: {why}"),
                "`docs/editors.md` lists them",
            )
        };
        let given: Option<Given> =
            serde_json::from_value(options).map_err(|error| malformed(&error.to_string()))?;
        let given = given.unwrap_or_default();
        let mut args = self.args.clone();
        if let Some(kind) = given.kind {
            args.alone.kind = PolicyKind::from_str(&kind, false).map_err(|why| malformed(&why))?;
        }
        for (name, level) in given.lints {
            let choice = Choice::parse(&name).map_err(|why| malformed(&why))?;
            let level = Level::parse(&level).map_err(|why| malformed(&why))?;
            args.linting.levels.push((choice, level));
        }
        args.linting.actions = given.actions.or(args.linting.actions);
        args.linting.config = given.config.or(args.linting.config);
        args.alone.catalogue = given.catalogue.or(args.alone.catalogue);
        args.docs = given.docs.or(args.docs);
        args.alone.reading.strict = given.strict.unwrap_or(args.alone.reading.strict);
        args.alone.reading.params.extend(given.params);
        Self::new(args)
    }

    /// What is added to worlds.
    pub(crate) fn overrides(&self) -> Result<camshaft_frontend::world::Overrides, Failure> {
        load::overrides(&self.args.alone.reading)
    }

    /// The page of a diagnostic.
    pub(crate) fn page(&self, code: &str) -> Option<String> {
        let docs = self.args.docs.as_deref()?;
        let code = code.to_ascii_lowercase();
        Some(if docs.contains("{code}") { docs.replace("{code}", &code) } else { format!("{docs}#{code}") })
    }

    /// What a policy that stands alone is attached as.
    pub(crate) fn attachment(&self) -> Attachment {
        Attachment { kind: self.args.alone.kind.into(), preset: self.args.alone.preset }
    }

    /// With what a policy is read that is attached so.
    pub(crate) fn setting<'s>(
        &'s self,
        attachment: Attachment,
        around: Option<&'s Surroundings>,
    ) -> Setting<'s> {
        let setting = self.bare.setting(attachment.kind, attachment.preset);
        match around {
            Some(Surroundings { parameters, catalogue }) => Setting { parameters, catalogue, ..setting },
            None => setting,
        }
    }

    /// With what a document is read that is a policy.
    pub(crate) fn of_document<'s>(&'s self, document: &'s Document) -> Setting<'s> {
        match &document.attached {
            Some((attachment, around)) => self.setting(*attachment, Some(around)),
            None => self.setting(self.attachment(), None),
        }
    }
}
