//! The engine: one opened bundle, and the ways to ask it.

use core::cell::RefCell;

use camshaft_bundle::Bundle;
use camshaft_bundle::schema::{ACCOUNT_WORDS, scalar};
use camshaft_value::principal::Caller;

use crate::caller::Identity;
use crate::checked::{Checked, bundle_max_age_s, may_ask, resources, signed};
use crate::decision::{Decision, ErrorCode, Origin, Statement};
use crate::evaluate::evaluate;
use crate::explain::Part;
use crate::mode::{All, Counted, Full, Mode, Witness};
use crate::prepared::engine_number;
use crate::query::ActionIds;
use crate::request::Request;
use crate::scratch::Scratch;

/// Decides requests over one opened bundle. Share it between threads; each brings its own [`Scratch`].
#[derive(Debug)]
pub struct Engine {
    bundle: Bundle,
    /// What it has prepared bears this number.
    number: u64,
    /// States of the largest literal filter.
    states: usize,
    /// The age in seconds up to which the bundle is used.
    max_age_s: Option<u64>,
}

/// A decision with all deciding statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reasons {
    /// The same decision that [`Engine::decide`] gives.
    pub decision: Decision,
    /// Every matching deny of an explicit deny, every granting allow of an allow (CITE EVA-23); sorted.
    pub statements: Vec<Statement>,
}

/// A statement that matches a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Matching {
    /// The part of the evaluation in which it does.
    pub part: Part,
    /// Whether it denies.
    pub denies: bool,
    /// Which.
    pub statement: Statement,
}

impl Engine {
    /// Takes an opened bundle.
    pub fn new(bundle: Bundle) -> Self {
        use camshaft_bundle::schema::automaton;
        let automata = bundle.tables().automata.iter_records::<{ automaton::WORDS }>();
        let states = automata.map(|[_, _, _, states, _, _]| states).max().unwrap_or(0) as usize;
        let max_age_s = bundle_max_age_s(bundle.tables());
        Self { bundle, number: engine_number(), states, max_age_s }
    }

    /// Refuses requests when the bundle is older than this, and when its age is not known (CITE REQ-14). A bundle whose
    /// world asks for less keeps to that.
    pub fn max_artifact_age_s(mut self, seconds: u64) -> Self {
        self.max_age_s = Some(self.max_age_s.map_or(seconds, |own| own.min(seconds)));
        self
    }

    /// The age in seconds up to which the bundle is used, if that is bounded.
    pub fn greatest_age_s(&self) -> Option<u64> {
        self.max_age_s
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The bundle.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// Memory for the decisions of one thread.
    pub fn scratch(&self) -> Scratch {
        Scratch::new(self.states)
    }

    /// Decides. Allocates nothing, takes no lock, never panics; the time is bounded by the length of the
    /// request and by what the bundle was compiled to.
    pub fn decide(&self, request: &Request<'_>, scratch: &mut Scratch) -> Decision {
        self.run(request, scratch, Witness)
    }

    /// Decides, and lists every deciding statement. Allocates.
    pub fn reasons(&self, request: &Request<'_>, scratch: &mut Scratch) -> Reasons {
        let matched = RefCell::default();
        let decision = self.run(request, scratch, Full(&matched));
        Reasons { decision, statements: matched.into_inner().deciding(decision) }
    }

    /// Every statement that matches the request, in every part of the evaluation, whether it decides or not; sorted.
    /// Allocates; for those who measure what a set of requests reaches.
    ///
    /// # Errors
    ///
    /// The code of a request that has no decision.
    pub fn matching(&self, request: &Request<'_>, scratch: &mut Scratch) -> Result<Vec<Matching>, ErrorCode> {
        let matched = RefCell::default();
        if let Decision::Error { code } = self.run(request, scratch, All(&matched)) {
            return Err(code);
        }
        let mut matched: Vec<Matching> = matched.into_inner();
        matched.sort_unstable();
        matched.dedup();
        Ok(matched)
    }

    /// The most rows that the request may have tested for one spelling of one resource: those of the bundle, which its
    /// certificate bounds, and those of the request's session policy, which its own does. No deny ends the count, so
    /// that [`Engine::decide`] never tests more. Allocates; for those who check the certificate.
    #[doc(hidden)]
    pub fn candidates(&self, request: &Request<'_>, scratch: &mut Scratch) -> [u32; 2] {
        let counts = RefCell::default();
        let _ = self.run(request, scratch, Counted(&counts));
        counts.into_inner().most
    }

    /// `policy#index`, the name of a statement in reasons (CITE EVA-23, EVA-27).
    pub fn statement_name(&self, statement: Statement) -> String {
        let Statement(number, origin) = statement;
        if origin == Origin::Session {
            return format!("session#{number}");
        }
        let tables = self.bundle.tables();
        let name = || {
            let [policy, index] = tables.statements.record::<2>(number)?;
            let [_, _, _, _, start, length, ..] = tables.policies.record::<8>(policy)?;
            Some(format!("{}#{index}", tables.policy_text.get(start, length)?))
        };
        name().unwrap_or_default()
    }

    /// Uin and APPID of the root account that a caller belongs to or acts for, where the directory has it; a session
    /// policy of that caller is read in it (CITE VAR-7).
    pub fn account_of(&self, principal: &str) -> Option<(&str, Option<&str>)> {
        let tables = self.bundle.tables();
        let uin = Caller::parse(principal)?.root()?;
        let account = tables.uins().find(uin).filter(|account| *account < tables.scalar(scalar::ACCOUNTS))?;
        let [appid, ..] = tables.accounts.record::<ACCOUNT_WORDS>(account)?;
        Some((tables.uins().get(account)?, tables.appids().get(appid)))
    }

    #[inline]
    pub(crate) fn run(&self, request: &Request<'_>, scratch: &mut Scratch, mode: impl Mode) -> Decision {
        self.decided(request, scratch, mode).unwrap_or_else(|code| Decision::Error { code })
    }

    /// The checks of a request in the order of semantics §13.6, then the evaluation.
    #[inline]
    fn decided(
        &self,
        request: &Request<'_>,
        scratch: &mut Scratch,
        mode: impl Mode,
    ) -> Result<Decision, ErrorCode> {
        let tables = self.bundle.tables();
        if !request.is_sized() {
            return Err(ErrorCode::Size);
        }
        let identity = Identity::read(tables, request.principal)?;
        signed(request, identity.as_ref())?;
        let action = ActionIds::read(tables, request.action).ok_or(ErrorCode::Action)?;
        self.decide_for(identity.as_ref(), &action, request, scratch, mode)
    }

    /// What is left where the size is right and caller and action are known.
    #[inline]
    pub(crate) fn decide_for(
        &self,
        identity: Option<&Identity<'_>>,
        action: &ActionIds<'_>,
        request: &Request<'_>,
        scratch: &mut Scratch,
        mode: impl Mode,
    ) -> Result<Decision, ErrorCode> {
        let tables = self.bundle.tables();
        may_ask(identity, action)?;
        let first = resources(tables, request.resources, identity, action)?;
        let checked = Checked::new(tables, request, identity, action, &first, self.max_age_s)?;
        evaluate(tables, &checked, scratch, mode).ok_or(ErrorCode::Bundle)
    }
}
