//! Answers.

/// The answer to a request. An error is not a deny, though a gateway must treat it as one (CITE REQ-12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// Allowed; by one of the deciding statements, or by ownership.
    Allow {
        /// A statement that grants, `None` where a root account owns the resource.
        witness: Option<Statement>,
    },
    /// A deny matched.
    ExplicitDeny {
        /// One of the denies.
        witness: Statement,
    },
    /// No deny, and some layer grants nothing.
    ImplicitDeny {
        /// The first layer that failed.
        layer: Layer,
    },
    /// The request has no decision.
    Error {
        /// Why.
        code: ErrorCode,
    },
}

/// A statement of the bundle, by its number. [`crate::Engine::statement_name`] gives `policy#index`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Statement(pub(crate) u32, pub(crate) Origin);

/// Which bundle a statement is numbered in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Origin {
    World,
    Session,
}

/// A part of the evaluation that can fail (CITE EVA-23).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// The organization.
    Scp,
    /// The permissions boundary.
    Boundary,
    /// The session policy.
    Session,
    /// The trust policy of the role to assume.
    Trust,
    /// The identity's policies.
    Identity,
    /// The owner's resource policies.
    Resource,
}

impl Layer {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scp => "scp",
            Self::Boundary => "boundary",
            Self::Session => "session",
            Self::Trust => "trust",
            Self::Identity => "identity",
            Self::Resource => "resource",
        }
    }
}

/// Why a request has no decision (semantics §13.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// CAM0601.
    Principal,
    /// CAM0602.
    Action,
    /// CAM0603.
    Resource,
    /// CAM0604.
    ResourceCount,
    /// CAM0605.
    DerivedKey,
    /// CAM0606.
    Session,
    /// CAM0607.
    Age,
    /// CAM0608.
    Size,
    /// CAM0609.
    Signed,
    /// CAM0610.
    Time,
    /// CAM0611.
    Role,
    /// The bundle contradicts its own checks; cannot happen to an opened one.
    Bundle,
}

impl ErrorCode {
    /// The number in `CAM0601`; 0 for [`ErrorCode::Bundle`].
    pub fn number(self) -> u16 {
        match self {
            Self::Principal => 601,
            Self::Action => 602,
            Self::Resource => 603,
            Self::ResourceCount => 604,
            Self::DerivedKey => 605,
            Self::Session => 606,
            Self::Age => 607,
            Self::Size => 608,
            Self::Signed => 609,
            Self::Time => 610,
            Self::Role => 611,
            Self::Bundle => 0,
        }
    }

    /// What is wrong and what to do, in one line.
    pub fn message(self) -> &'static str {
        match self {
            Self::Principal => {
                "the principal is malformed or cannot call; write it as `qcs::cam::uin/<root>:uin/<user>`"
            }
            Self::Action => "the action is malformed; write it as `service:Operation`, without wildcards",
            Self::Resource => {
                "a resource is malformed; write `*` or `qcs::service:region:account:resource`, with region and account for services that take resource policies"
            }
            Self::ResourceCount => "a request names at least one resource and at most 64",
            Self::DerivedKey => {
                "`qcs:current_time`, `qcs:uin` and `qcs:owner_uin` are derived; do not supply them"
            }
            Self::Session => {
                "the session policy is missing, misplaced or invalid; a federated caller needs one, the anonymous caller takes none"
            }
            Self::Age => {
                "the artifact is older than allowed, or its age is not known; load a newer one and send `artifact_age_s`"
            }
            Self::Size => {
                "the request is too large or repeats a context key; it has at most 65,536 bytes, 4,096 in one string, 256 keys, 256 values of a key"
            }
            Self::Signed => {
                "the signed flag contradicts the principal; exactly the anonymous caller is unsigned"
            }
            Self::Time => "the time is malformed; write it as `YYYY-MM-DDThh:mm:ssZ`",
            Self::Role => {
                "the action takes exactly one role that is known; write it as `qcs::cam::uin/<root>:roleName/<name>`"
            }
            Self::Bundle => "the bundle is inconsistent; rebuild it",
        }
    }
}

impl core::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Bundle => f.write_str(self.message()),
            _ => write!(f, "CAM{:04}: {}", self.number(), self.message()),
        }
    }
}
