//! Who asks, as rows see it: for principals, variables and derived keys.

use camshaft_bundle::Tables;
use camshaft_value::principal::Caller;

use crate::caller::Identity;

/// The caller's view of a request, or that of an unsigned caller (CITE EVA-13).
///
/// PERF: few rows ask, so nothing is looked up before one does.
#[derive(Clone, Copy)]
pub(crate) struct View<'v, 'r> {
    /// `None` for an unsigned caller and for its part in the second pass.
    pub(crate) identity: Option<&'v Identity<'r>>,
    /// Tables of the world, also where a session policy asks.
    pub(crate) world: &'v Tables<'r>,
}

impl<'v, 'r> View<'v, 'r> {
    pub(crate) fn unsigned(world: &'v Tables<'r>) -> Self {
        Self { identity: None, world }
    }

    /// The identity whose ids variables and derived keys name (CITE VAR-1, VAR-4, REQ-8).
    fn subject(self) -> Option<&'v Identity<'r>> {
        self.identity.filter(|identity| identity.has_identity())
    }

    /// `${uin}` and `qcs:uin`.
    pub(crate) fn uin(self) -> Option<&'r str> {
        match self.subject()?.caller {
            Caller::Root { uin } | Caller::SubAccount { uin, .. } | Caller::Federated { uin, .. } => {
                Some(uin)
            }
            _ => None,
        }
    }

    /// `${owner_uin}` and `qcs:owner_uin`.
    pub(crate) fn owner_uin(self) -> Option<&'r str> {
        self.subject()?.root
    }

    /// `${app_id}`.
    pub(crate) fn app_id(self) -> Option<&'r str> {
        self.subject()?.appid(self.world)
    }
}
