//! What the layers said, put together (the last part of `decide_one` in semantics §9).

use camshaft_bundle::NONE;

use crate::caller::Identity;
use crate::candidates::Flow;
use crate::decision::{Layer, Origin, Statement};

/// What a list of blocks said.
#[derive(Debug)]
pub(crate) struct Hits {
    /// A matching deny and allow, `NONE` for none.
    pub(crate) deny: u32,
    pub(crate) allow: u32,
    /// Collect all; else one of each is enough.
    pub(crate) full: bool,
    pub(crate) denies: Vec<u32>,
    pub(crate) allows: Vec<u32>,
}

impl Hits {
    pub(crate) fn new(full: bool) -> Self {
        Self { deny: NONE, allow: NONE, full, denies: Vec::new(), allows: Vec::new() }
    }

    pub(crate) fn allowed(&self) -> bool {
        self.allow != NONE
    }

    /// Whether an allow could still change anything.
    pub(crate) fn wants_allow(&self) -> bool {
        self.full || self.allow == NONE
    }

    pub(crate) fn record(&mut self, deny: bool, statement: u32) -> Flow {
        let (one, all) =
            if deny { (&mut self.deny, &mut self.denies) } else { (&mut self.allow, &mut self.allows) };
        *one = statement;
        if self.full {
            all.push(statement);
        }
        if deny && !self.full { Flow::Stop } else { Flow::On }
    }

    pub(crate) fn clear_allows(&mut self) {
        self.allow = NONE;
        self.allows.clear();
    }
}

/// What one resource came to.
pub(crate) struct Outcome {
    pub(crate) deny: Option<Statement>,
    pub(crate) grant: Option<Statement>,
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
    pub(crate) fn new(full: bool) -> Self {
        let hits = || Hits::new(full);
        Self {
            scp: hits(),
            boundary: hits(),
            session: hits(),
            identity: hits(),
            resource: hits(),
            anyone: hits(),
            trust: hits(),
            scp_ok: true,
            boundary_ok: true,
            session_ok: true,
        }
    }

    /// The last part of `decide_one`.
    pub(crate) fn combine(
        &self,
        caller: Option<&Identity<'_>>,
        assumes: bool,
        own: bool,
        denies: &mut Vec<Statement>,
        grants: &mut Vec<Statement>,
    ) -> Outcome {
        let is_root = caller.is_some_and(|caller| caller.is_root);
        let acts_alone = caller.is_none_or(|caller| !caller.has_identity());
        let (identity, resource) = (self.identity.allowed(), self.resource.allowed());
        let (anyone, trust) = (self.anyone.allowed(), self.trust.allowed());
        let foreign = [&self.anyone, &self.resource, &self.identity];
        let (grant, ok, layer): (&[&Hits], bool, Layer) = if assumes {
            // CITE EVA-18
            let right = is_root || caller.is_some_and(|caller| !caller.has_identity()) || identity;
            (
                &[&self.trust, &self.identity],
                trust && right,
                if trust { Layer::Identity } else { Layer::Trust },
            )
        } else if acts_alone {
            // CITE EVA-13, EVA-22
            (&[&self.resource], resource, Layer::Resource)
        } else if own {
            // CITE EVA-6, EVA-10
            let any = identity || resource || anyone;
            (&[&self.identity, &self.resource, &self.anyone], is_root || any, Layer::Identity)
        } else {
            // CITE EVA-11, EVA-12
            let both = resource && (is_root || identity);
            let granted = foreign.get(..if both { 3 } else { 1 }).unwrap_or(&[]);
            (granted, anyone || both, if resource || anyone { Layer::Identity } else { Layer::Resource })
        };
        let why = match () {
            () if !self.scp_ok => Layer::Scp,
            () if !self.boundary_ok => Layer::Boundary,
            () if !self.session_ok => Layer::Session,
            () => layer,
        };
        let world = |number: u32| Statement(number, Origin::World);
        let mut deny = None;
        for hits in [&self.scp, &self.boundary, &self.identity, &self.resource, &self.trust] {
            deny = deny.or((hits.deny != NONE).then(|| world(hits.deny)));
            denies.extend(hits.denies.iter().map(|number| world(*number)));
        }
        if self.session.deny != NONE {
            deny = deny.or(Some(Statement(self.session.deny, Origin::Session)));
            denies.extend(self.session.denies.iter().map(|number| Statement(*number, Origin::Session)));
        }
        grants.extend(grant.iter().flat_map(|hits| &hits.allows).map(|number| world(*number)));
        let grant = grant.iter().map(|hits| hits.allow).find(|number| *number != NONE).map(world);
        Outcome { deny, grant, ok: ok && self.scp_ok && self.boundary_ok && self.session_ok, why }
    }
}
