//! Every limit of semantics §12, in one place.

/// LIM-12: bytes of a source.
pub const SOURCE_BYTES: usize = 65_536;
/// LIM-13: nesting of a document.
pub const NESTING_LEVELS: usize = 16;
/// Nesting of a world, case or request; not a limit of the platform.
pub const WORLD_NESTING_LEVELS: usize = 64;
/// LIM-14: stars in one action, sixth segment or like value.
pub const STARS: usize = 32;
/// LIM-15: resources of a request.
pub const REQUEST_RESOURCES: usize = 64;
/// LIM-16: bytes of one string of a request.
pub const REQUEST_STRING_BYTES: usize = 4_096;
/// LIM-16: keys of a context.
pub const CONTEXT_KEYS: usize = 256;
/// LIM-16: values of one key of a context.
pub const CONTEXT_VALUES: usize = 256;
/// LIM-17: networks from octet wildcards of one document.
pub const DOCUMENT_NETWORKS: u64 = 16_384;
/// LIM-18: bytes of one request, its session policy included.
pub const REQUEST_BYTES: usize = 65_536;

/// The configurable limits, LIM-1 to LIM-11. The default is profile `tencent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// LIM-1: characters of a document, above which it is a warning; `None` lifts it.
    pub document_soft_chars: Option<u64>,
    /// LIM-2: characters of a document, above which it is refused; `None` lifts it.
    pub document_hard_chars: Option<u64>,
    /// LIM-3: policies tied to one user, group or role.
    pub policies_of_holder: u64,
    /// LIM-4: custom policies of a root account.
    pub policies_of_account: u64,
    /// LIM-5: user groups of a root account.
    pub groups_of_account: u64,
    /// LIM-6: sub-accounts of a root account.
    pub users_of_account: u64,
    /// LIM-7: roles of a root account.
    pub roles_of_account: u64,
    /// LIM-8: groups a sub-account is in.
    pub groups_of_user: u64,
    /// LIM-9: sub-accounts in a group.
    pub users_of_group: u64,
    /// LIM-10: networks of one octet-wildcard value.
    pub networks_of_value: u64,
    /// LIM-11: root accounts a collaborator joins.
    pub accounts_of_collaborator: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_soft_chars: Some(4_096),
            document_hard_chars: Some(6_144),
            policies_of_holder: 200,
            policies_of_account: 1_500,
            groups_of_account: 300,
            users_of_account: 1_000,
            roles_of_account: 1_000,
            groups_of_user: 10,
            users_of_group: 100,
            networks_of_value: 1_024,
            accounts_of_collaborator: 10,
        }
    }
}

impl Limits {
    /// The limits by number, for options of a world: `LIM-1` to `LIM-11`. `None` for any other name.
    pub fn by_name(&mut self, name: &str) -> Option<LimitSlot<'_>> {
        Some(match name {
            "LIM-1" => LimitSlot::Optional(&mut self.document_soft_chars),
            "LIM-2" => LimitSlot::Optional(&mut self.document_hard_chars),
            "LIM-3" => LimitSlot::Plain(&mut self.policies_of_holder),
            "LIM-4" => LimitSlot::Plain(&mut self.policies_of_account),
            "LIM-5" => LimitSlot::Plain(&mut self.groups_of_account),
            "LIM-6" => LimitSlot::Plain(&mut self.users_of_account),
            "LIM-7" => LimitSlot::Plain(&mut self.roles_of_account),
            "LIM-8" => LimitSlot::Plain(&mut self.groups_of_user),
            "LIM-9" => LimitSlot::Plain(&mut self.users_of_group),
            "LIM-10" => LimitSlot::Plain(&mut self.networks_of_value),
            "LIM-11" => LimitSlot::Plain(&mut self.accounts_of_collaborator),
            _ => return None,
        })
    }
}

/// A limit that is to be set.
#[derive(Debug)]
pub enum LimitSlot<'a> {
    /// One that can be lifted.
    Optional(&'a mut Option<u64>),
    /// One that cannot.
    Plain(&'a mut u64),
}

impl LimitSlot<'_> {
    /// Sets the figure.
    pub fn set(self, figure: u64) {
        match self {
            Self::Optional(slot) => *slot = Some(figure),
            Self::Plain(slot) => *slot = figure,
        }
    }
}
