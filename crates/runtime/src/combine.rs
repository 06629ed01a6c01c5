//! What the layers said, put together (the last part of `decide_one` in semantics §9).

use camshaft_bundle::NONE;

use crate::caller::Identity;
use crate::decision::{Layer, Origin, Statement};
use crate::explain::Part;

/// What a list of blocks said: a matching deny and a matching allow, `NONE` for none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hits {
    pub(crate) deny: u32,
    pub(crate) allow: u32,
}

impl Hits {
    pub(crate) const NONE: Self = Self { deny: NONE, allow: NONE };

    pub(crate) fn allowed(self) -> bool {
        self.allow != NONE
    }

    pub(crate) fn denied(self) -> bool {
        self.deny != NONE
    }

    pub(crate) fn record(&mut self, deny: bool, statement: u32) {
        if deny {
            self.deny = statement;
        } else {
            self.allow = statement;
        }
    }
}

/// A matching statement, for those who want all of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    pub(crate) part: Part,
    pub(crate) deny: bool,
    pub(crate) statement: u32,
}

impl Hit {
    pub(crate) fn statement(self) -> Statement {
        Statement(self.statement, if self.part == Part::Session { Origin::Session } else { Origin::World })
    }
}

/// The parts whose allows count as reasons.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grants {
    identity: bool,
    resource: bool,
    anyone: bool,
    trust: bool,
}

impl Grants {
    const NONE: Self = Self { identity: false, resource: false, anyone: false, trust: false };

    pub(crate) fn has(self, part: Part) -> bool {
        match part {
            Part::Identity => self.identity,
            Part::Resource => self.resource,
            Part::Anyone => self.anyone,
            Part::Trust => self.trust,
            _ => false,
        }
    }
}

/// What one resource came to.
pub(crate) struct Outcome {
    pub(crate) deny: Option<Statement>,
    pub(crate) grant: Option<Statement>,
    pub(crate) grants: Grants,
    pub(crate) ok: bool,
    pub(crate) why: Layer,
}

/// What every layer said of one resource.
pub(crate) struct Layers {
    pub(crate) scp: Hits,
    pub(crate) boundary: Hits,
    pub(crate) session: Hits,
    pub(crate) identity: Hits,
    pub(crate) resource: Hits,
    /// Resource policies for an unsigned caller; its denies only end its own grant.
    pub(crate) anyone: Hits,
    pub(crate) trust: Hits,
    pub(crate) scp_ok: bool,
    pub(crate) boundary_ok: bool,
    pub(crate) session_ok: bool,
}

impl Layers {
    pub(crate) const NONE: Self = Self {
        scp: Hits::NONE,
        boundary: Hits::NONE,
        session: Hits::NONE,
        identity: Hits::NONE,
        resource: Hits::NONE,
        anyone: Hits::NONE,
        trust: Hits::NONE,
        scp_ok: true,
        boundary_ok: true,
        session_ok: true,
    };

    /// The last part of `decide_one`; `assumes` for the three actions of EVA-18, `own` for a resource of
    /// the caller's account and for `*`.
    #[inline]
    pub(crate) fn combine(&self, caller: Option<&Identity<'_>>, assumes: bool, own: bool) -> Outcome {
        let is_root = caller.is_some_and(|caller| caller.is_root);
        let acts_alone = caller.is_none_or(|caller| !caller.has_identity());
        let (identity, resource) = (self.identity.allowed(), self.resource.allowed());
        let (anyone, trust) = (self.anyone.allowed(), self.trust.allowed());
        let (grants, ok, layer) = if assumes {
            // CITE EVA-18
            let right = is_root || caller.is_some_and(|caller| !caller.has_identity()) || identity;
            let layer = if trust { Layer::Identity } else { Layer::Trust };
            (Grants { trust, identity, ..Grants::NONE }, trust && right, layer)
        } else if acts_alone {
            // CITE EVA-13, EVA-22
            (Grants { resource, ..Grants::NONE }, resource, Layer::Resource)
        } else if own {
            // CITE EVA-6, EVA-10
            let grants = Grants { identity, resource, anyone, ..Grants::NONE };
            (grants, is_root || identity || resource || anyone, Layer::Identity)
        } else {
            // CITE EVA-11, EVA-12
            let both = resource && (is_root || identity);
            let grants = Grants { anyone, resource: both, identity: both && identity, ..Grants::NONE };
            (grants, anyone || both, if resource || anyone { Layer::Identity } else { Layer::Resource })
        };
        let why = match () {
            () if !self.scp_ok => Layer::Scp,
            () if !self.boundary_ok => Layer::Boundary,
            () if !self.session_ok => Layer::Session,
            () => layer,
        };
        Outcome {
            deny: self.deny(),
            grant: self.grant(grants),
            grants,
            ok: ok && self.scp_ok && self.boundary_ok && self.session_ok,
            why,
        }
    }

    /// One of the granting statements; a trust policy before what the caller holds itself.
    fn grant(&self, grants: Grants) -> Option<Statement> {
        let number = match grants {
            Grants { trust: true, .. } => self.trust.allow,
            Grants { identity: true, .. } => self.identity.allow,
            Grants { resource: true, .. } => self.resource.allow,
            Grants { anyone: true, .. } => self.anyone.allow,
            _ => return None,
        };
        Some(Statement(number, Origin::World))
    }

    /// A matching deny of any layer; what binds unsigned callers only is none.
    fn deny(&self) -> Option<Statement> {
        let world = [self.scp, self.boundary, self.identity, self.resource, self.trust];
        match world.iter().find(|hits| hits.denied()) {
            Some(hits) => Some(Statement(hits.deny, Origin::World)),
            None => self.session.denied().then_some(Statement(self.session.deny, Origin::Session)),
        }
    }
}
