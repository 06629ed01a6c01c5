//! Callers and actions that are looked up once, for many requests.
//!
//! A gateway knows the caller of a session and the action of a route long before the request. What is prepared
//! holds for the engine that prepared it; another engine, such as one swapped in since, looks it up again.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::caller::Identity;
use crate::checked::signed;
use crate::decision::{Decision, ErrorCode};
use crate::engine::Engine;
use crate::mode::Witness;
use crate::query::ActionIds;
use crate::request::Request;
use crate::scratch::Scratch;

/// A caller, read and looked up by [`Engine::principal`].
#[derive(Clone, Copy, Debug)]
pub struct Principal<'a> {
    text: &'a str,
    engine: u64,
    /// `None` for an unsigned caller.
    identity: Option<Identity<'a>>,
}

/// An action, read and looked up by [`Engine::action`].
#[derive(Clone, Copy, Debug)]
pub struct Action<'a> {
    text: &'a str,
    engine: u64,
    ids: ActionIds<'a>,
}

impl<'a> Principal<'a> {
    /// The text that it was read from.
    pub fn text(&self) -> &'a str {
        self.text
    }
}

impl<'a> Action<'a> {
    /// The text that it was read from.
    pub fn text(&self) -> &'a str {
        self.text
    }
}

/// A number that no other engine of the process has.
pub(crate) fn engine_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Engine {
    /// Reads and looks up the principal of requests to come.
    ///
    /// # Errors
    ///
    /// The code that a request with this principal would get.
    pub fn principal<'a>(&self, text: &'a str) -> Result<Principal<'a>, ErrorCode> {
        let request = Request { principal: text, ..Request::default() };
        if !request.is_sized() {
            return Err(ErrorCode::Size);
        }
        let identity = Identity::read(self.bundle().tables(), text)?;
        Ok(Principal { text, engine: self.number(), identity })
    }

    /// Reads and looks up the action of requests to come.
    ///
    /// # Errors
    ///
    /// The code that a request with this action would get.
    pub fn action<'a>(&self, text: &'a str) -> Result<Action<'a>, ErrorCode> {
        let request = Request { action: text, ..Request::default() };
        if !request.is_sized() {
            return Err(ErrorCode::Size);
        }
        let ids = ActionIds::read(self.bundle().tables(), text).ok_or(ErrorCode::Action)?;
        Ok(Action { text, engine: self.number(), ids })
    }

    /// [`Engine::decide`] for a prepared caller and action, which stand for those of the request: what the request
    /// says itself in their place is not looked at and may be left empty.
    pub fn decide_prepared(
        &self,
        principal: &Principal<'_>,
        action: &Action<'_>,
        request: &Request<'_>,
        scratch: &mut Scratch,
    ) -> Decision {
        let request = Request { principal: principal.text, action: action.text, ..*request };
        if principal.engine != self.number() || action.engine != self.number() {
            return self.decide(&request, scratch);
        }
        let mut decided = || {
            if !request.is_sized() {
                return Err(ErrorCode::Size);
            }
            let identity = principal.identity.as_ref();
            signed(&request, identity)?;
            self.decide_for(identity, &action.ids, &request, scratch, Witness)
        };
        decided().unwrap_or_else(|code| Decision::Error { code })
    }
}
