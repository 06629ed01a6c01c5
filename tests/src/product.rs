//! The product under test: worlds and requests as JSON through frontend, compiler, bundle and engine.

use std::collections::BTreeSet;

use camshaft::decider::{Decider, Reading, with_request};
use camshaft_bundle::Bundle;
use camshaft_compiler::Config;
use camshaft_frontend::diagnostic::Diagnostic;
use camshaft_frontend::request;
use camshaft_frontend::world::{Loaded, NoFiles, Overrides, WorldInput, load};
use camshaft_runtime::{Decision, Engine, Explanation, Reasons, Scratch};

use crate::reference;

/// A compiled world.
pub struct Product {
    decider: Decider,
    scratch: Scratch,
}

/// An answer in the words of case files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// `allow`, `explicit_deny`, `implicit_deny` or `error`.
    pub decision: &'static str,
    /// Names of the deciding statements.
    pub reasons: BTreeSet<String>,
    /// The layer of an implicit deny.
    pub blocked_by: Option<&'static str>,
    /// The code of an error.
    pub code: Option<String>,
}

impl From<reference::Outcome> for Answer {
    fn from(outcome: reference::Outcome) -> Self {
        let decision = match outcome.decision {
            reference::Decision::Allow => "allow",
            reference::Decision::ExplicitDeny => "explicit_deny",
            reference::Decision::ImplicitDeny => "implicit_deny",
            reference::Decision::Error => "error",
        };
        Self {
            decision,
            reasons: outcome.reasons,
            blocked_by: outcome.blocked_by,
            code: outcome.code.map(String::from),
        }
    }
}

impl Answer {
    /// A malformed request.
    pub fn error(code: String) -> Self {
        Self { decision: "error", reasons: BTreeSet::new(), blocked_by: None, code: Some(code) }
    }

    fn new(engine: &Engine, answered: &Reasons) -> Self {
        let (decision, blocked_by, code) = match answered.decision {
            Decision::Allow { .. } => ("allow", None, None),
            Decision::ExplicitDeny { .. } => ("explicit_deny", None, None),
            Decision::ImplicitDeny { layer } => ("implicit_deny", Some(layer.name()), None),
            Decision::Error { code } => ("error", None, Some(format!("CAM{:04}", code.number()))),
        };
        let reasons = answered.statements.iter().map(|statement| engine.statement_name(*statement)).collect();
        Self { decision, reasons, blocked_by, code }
    }
}

impl Answer {
    /// The answer of hot and full path.
    ///
    /// # Errors
    ///
    /// If they differ, or the witness of the hot path is not one of the reasons.
    pub fn witnessed(engine: &Engine, hot: Decision, full: &Reasons) -> Result<Self, String> {
        let witnessed = match (hot, full.decision) {
            (Decision::Allow { witness: a }, Decision::Allow { witness: b }) => {
                a.is_some() == b.is_some() && a.is_none_or(|a| full.statements.contains(&a))
            }
            (Decision::ExplicitDeny { witness }, Decision::ExplicitDeny { .. }) => {
                full.statements.contains(&witness)
            }
            (hot, full) => hot == full,
        };
        if witnessed {
            Ok(Self::new(engine, full))
        } else {
            Err(format!("hot path {hot:?}, full path {full:?}"))
        }
    }
}

/// Loads a world given as JSON text.
pub fn load_text(text: &str) -> Loaded {
    load(WorldInput::text("world.json", text.into()), &NoFiles, &Overrides::default())
}

impl Product {
    /// Compiles a loaded world, writes the bundle and opens it again.
    ///
    /// # Panics
    ///
    /// If the world was refused or its bundle is.
    pub fn new(loaded: &Loaded, config: &Config) -> Self {
        let set = loaded.set.as_ref().unwrap_or_else(|| panic!("world refused: {:#?}", loaded.diagnostics));
        let compiled = camshaft_compiler::compile(set, config).expect("world compiles");
        let bundle = Bundle::open(&compiled.bytes).expect("bundle opens");
        let decider = Decider::new(bundle, Reading::from(loaded), config.clone());
        let scratch = decider.engine().scratch();
        Self { decider, scratch }
    }

    /// The engine with what it needs to answer JSON.
    pub fn decider(&self) -> &Decider {
        &self.decider
    }

    /// Answers a request given as JSON text. The hot path must agree with the full one, its witness must
    /// be one of the reasons.
    ///
    /// # Panics
    ///
    /// If hot and full path differ.
    pub fn answer(&mut self, text: &str) -> Answer {
        match request::parse(text) {
            Ok(request) => self.answer_parsed(&request).0,
            Err(error) => Answer::error(error.code.to_string()),
        }
    }

    /// Answers a parsed request; with the findings of a refused session policy.
    ///
    /// # Panics
    ///
    /// If hot and full path differ.
    pub fn answer_parsed(&mut self, request: &request::Request) -> (Answer, Vec<Diagnostic>) {
        let engine = self.decider.engine();
        let (full, findings) = self.decider.reasons(request, &mut self.scratch);
        let hot = self.decider.decide(request, &mut self.scratch);
        let answer = Answer::witnessed(engine, hot, &full);
        (answer.unwrap_or_else(|what| panic!("{what}, {request:?}")), findings)
    }

    /// Explains a request, which is decided without the index.
    pub fn explain(&mut self, request: &request::Request) -> (Explanation, Answer) {
        let session = self.decider.session(request);
        let engine = self.decider.engine();
        let explanation =
            with_request(request, &session, |request| engine.explain(request, &mut self.scratch));
        let answer = Answer::new(engine, &explanation.reasons);
        (explanation, answer)
    }
}
