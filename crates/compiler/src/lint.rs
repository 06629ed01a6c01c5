//! Lints: what accepted policies mean that their authors may not have meant (semantics §13.5).
//!
//! In: the outlines of documents as the frontend makes them, and the world where there is one. Out: findings at the
//! entries that they speak of, for `camshaft check`. No finding rests on how an entry looks: what it claims is shown
//! on globs, networks, intervals and the operators' tables of truth. A walk over its budget claims nothing; it is
//! counted instead.
//!
//! Each file has a family of lints. Severities are those of the catalogue; whoever calls may set others.

mod action;
mod breadth;
mod condition;
mod cover;
pub mod example;
mod form;
mod holding;
mod known;
mod reach;
mod redundant;
mod resource;
mod role;
mod set;

use std::collections::HashSet;

use camshaft_frontend::diagnostic::{Code, Diagnostic};
use camshaft_frontend::outline::{Outline, Stated};
use camshaft_frontend::policy::PolicySet;
use camshaft_frontend::source::Span;
pub use camshaft_value::date::Instant;
pub use known::{KnownActions, KnownFault};

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The world that holds them; `None` for documents that stand alone.
    pub set: Option<&'a PolicySet>,
    /// Accepted documents.
    pub outlines: &'a [Outline],
    /// Whether the accounts that they were read for are those that own them. A document that stands alone is read for
    /// an account that nobody named.
    pub owned: bool,
}

/// With what it is looked at.
#[derive(Clone, Debug)]
pub struct Lints {
    /// Actions that exist, for CAM0523 to CAM0525.
    pub known: Option<KnownActions>,
    /// The date before which a window is past, for CAM0538.
    pub build_date: Option<Instant>,
    /// States of one walk.
    pub budget_states: usize,
    /// Steps of one question about attachment sets.
    pub budget_steps: usize,
    /// Such questions of a run.
    pub most_questions: usize,
}

impl Default for Lints {
    fn default() -> Self {
        Self {
            known: None,
            build_date: None,
            budget_states: 1 << 14,
            budget_steps: 1 << 19,
            most_questions: 1 << 16,
        }
    }
}

/// A finding, and the statement that it is about.
#[derive(Clone, Debug)]
pub struct Found {
    /// What and where.
    pub diagnostic: Diagnostic,
    /// Name of the policy; empty for a document that stands alone.
    pub policy: Box<str>,
    /// Index of the statement; none for a finding about the whole document.
    pub statement: Option<u32>,
    /// Its label.
    pub sid: Option<Box<str>>,
}

impl Found {
    /// A finding that is about no statement.
    pub fn of(diagnostic: Diagnostic) -> Self {
        Self { diagnostic, policy: "".into(), statement: None, sid: None }
    }
}

/// Everything that was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// By source and place.
    pub found: Vec<Found>,
    /// Questions over their budget: nothing is claimed of them.
    pub not_analysed: usize,
}

impl Lints {
    /// Looks at documents.
    pub fn run(&self, input: &Input<'_>) -> Report {
        let mut report = Report::default();
        for outline in input.outlines {
            let mut document = Document { lints: self, outline, owned: input.owned, report: &mut report };
            document.run();
        }
        self.sets(input, &mut report);
        report.tidy();
        report
    }
}

impl Report {
    /// Sorts, and keeps one of several that say the same of one place: a document may be read in many settings.
    fn tidy(&mut self) {
        let mut seen = HashSet::new();
        self.found.retain(|found| {
            let Diagnostic { code, source, span, message, .. } = &found.diagnostic;
            seen.insert((*source, *span, *code, message.clone()))
        });
        self.found.sort_by_key(|Found { diagnostic, .. }| {
            (diagnostic.source, diagnostic.span.start, diagnostic.code, diagnostic.span.end)
        });
    }
}

/// One document under the lints.
struct Document<'r, 'a> {
    lints: &'a Lints,
    outline: &'a Outline,
    owned: bool,
    report: &'r mut Report,
}

impl<'a> Document<'_, 'a> {
    fn run(&mut self) {
        for stated in &self.outline.statements {
            self.redundant(stated);
            self.breadth(stated);
            self.conditions(stated);
            self.actions(stated);
            self.resources(stated);
        }
        self.forms();
    }

    /// Uin and APPID of the account that owns the document, where there is one and it is known.
    fn owner(&self) -> Option<(&'a str, Option<&'a str>)> {
        let (uin, appid) = self.outline.account.as_ref().filter(|_| self.owned)?;
        Some((uin, appid.as_deref()))
    }

    /// A finding about a statement.
    fn found(
        &mut self,
        stated: &Stated,
        code: Code,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(Some(stated), code, span, message.into())
    }

    fn push(&mut self, stated: Option<&Stated>, code: Code, span: Span, message: String) -> &mut Diagnostic {
        let found = &mut self.report.found;
        found.push(Found {
            diagnostic: Diagnostic::new(code, self.outline.source, span, message),
            policy: self.outline.name.clone(),
            statement: stated.map(|stated| stated.meaning.index),
            sid: stated.and_then(|stated| stated.meaning.sid.clone()),
        });
        let last = found.len() - 1;
        &mut found[last].diagnostic
    }

    /// A walk gave up.
    fn gave_up(&mut self) {
        self.report.not_analysed += 1;
    }
}
