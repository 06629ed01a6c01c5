//! Callers against the directory of the bundle.

use camshaft_bundle::schema::{ACCOUNT_WORDS, ROLE_WORDS, identity, principal, scalar};
use camshaft_bundle::{NONE, Range, Tables, Words};
use camshaft_value::principal::{Caller, ProviderKind, RoleName};

use crate::decision::ErrorCode;

/// A signed caller with its place in the directory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity<'r> {
    pub(crate) caller: Caller<'r>,
    /// Uin of the root account, also of the account that a service or provider acts for.
    pub(crate) root: Option<&'r str>,
    /// Its uin id, `NONE` when the bundle has never heard of it.
    pub(crate) root_id: u32,
    /// Whether the directory has the account.
    pub(crate) account_known: bool,
    /// A root account of the directory, also through a federated session (CITE EVA-6).
    pub(crate) is_root: bool,
    /// A sub-account, role or root that the directory does not hold (CITE REQ-13).
    pub(crate) is_unknown: bool,
    /// Number of the sub-account or role, `NONE` for others.
    pub(crate) number: u32,
    /// The record of its root account, all `NONE` when the directory does not have it.
    pub(crate) account: [u32; ACCOUNT_WORDS],
    /// Its record.
    pub(crate) record: [u32; identity::WORDS],
    /// Its own uin id, for sub-accounts.
    own_id: u32,
    /// Number of the role, `NONE` for others.
    role: u32,
    /// Name id of what else names the caller: role name or id as written, provider, service.
    name: u32,
}

impl<'r> Identity<'r> {
    /// Reads and looks up the principal of a request; `None` for an anonymous one.
    #[inline]
    pub(crate) fn read(tables: &Tables<'_>, text: &'r str) -> Result<Option<Self>, ErrorCode> {
        // PERF: most callers are sub-accounts that the directory knows; their text needs no reading.
        if let Some(id) = tables.callers().find(text) {
            return Self::known(tables, text, id).map(Some).ok_or(ErrorCode::Bundle);
        }
        Self::unusual(tables, text)
    }

    /// A sub-account that was found by its text.
    #[inline]
    fn known(tables: &Tables<'_>, text: &'r str, id: u32) -> Option<Self> {
        let number = tables.caller_identities.get(id)?;
        let record = tables.identities.record::<{ identity::WORDS }>(number)?;
        let [_, _, _, account, own_id, ..] = record;
        let length = tables.uin_ends.range(account)?.len();
        let (root, uin) = Caller::uins_of_known(text, length as usize)?;
        let mut found = Self::new(Caller::SubAccount { root, uin }, Some(root), account);
        found.account_known = true;
        found.account = tables.accounts.record(account)?;
        (found.number, found.record, found.own_id) = (number, record, own_id);
        Some(found)
    }

    /// Every other caller, and sub-accounts spelled otherwise.
    #[cold]
    fn unusual(tables: &Tables<'_>, text: &'r str) -> Result<Option<Self>, ErrorCode> {
        let caller = Caller::parse(text).ok_or(ErrorCode::Principal)?;
        Self::find(tables, caller).ok_or(ErrorCode::Bundle)
    }

    fn new(caller: Caller<'r>, root: Option<&'r str>, root_id: u32) -> Self {
        Self {
            caller,
            root,
            root_id,
            account_known: false,
            is_root: false,
            is_unknown: false,
            number: NONE,
            account: [NONE; ACCOUNT_WORDS],
            record: [NONE; identity::WORDS],
            own_id: NONE,
            role: NONE,
            name: NONE,
        }
    }

    /// Looks a caller up; `None` for an anonymous one. The outer `None` is a bundle that contradicts
    /// itself.
    fn find(tables: &Tables<'_>, caller: Caller<'r>) -> Option<Option<Self>> {
        let root = caller.root();
        let root_id = root.and_then(|root| tables.uins().find(root)).unwrap_or(NONE);
        let mut found = Self::new(caller, root, root_id);
        if root_id < tables.scalar(scalar::ACCOUNTS) {
            found.account_known = true;
            found.account = tables.accounts.record(root_id)?;
        }
        match caller {
            Caller::Anonymous => return Some(None),
            Caller::Root { .. } => found.set_root(),
            Caller::Federated { root, uin } if root == uin => found.set_root(),
            Caller::SubAccount { uin, .. } | Caller::Federated { uin, .. } => {
                found.own_id = tables.uins().find(uin).unwrap_or(NONE);
                found.number = tables.users().find(root_id, found.own_id).unwrap_or(NONE);
                found.is_unknown = found.number == NONE;
            }
            Caller::Role { role, .. } => found.set_role(tables, role)?,
            Caller::Service { domain: name }
            | Caller::AccountService { name, .. }
            | Caller::Provider { name, .. } => {
                found.name = tables.names().find(name).unwrap_or(NONE);
            }
        }
        if found.number != NONE {
            found.record = tables.identities.record(found.number)?;
        }
        Some(Some(found))
    }

    fn set_root(&mut self) {
        self.is_root = self.account_known;
        self.is_unknown = !self.account_known;
    }

    fn set_role(&mut self, tables: &Tables<'_>, role: RoleName<'_>) -> Option<()> {
        self.name = match role {
            RoleName::Id(name) | RoleName::Name(name) | RoleName::ServiceName(name) => {
                tables.names().find(name).unwrap_or(NONE)
            }
        };
        self.role = find_role(tables, self.root_id, self.name, role)?;
        match self.role {
            NONE => self.is_unknown = true,
            role => {
                let [number, ..] = tables.roles.record::<ROLE_WORDS>(role)?;
                self.number = number;
            }
        }
        Some(())
    }

    /// Whether the caller acts with its own policies: not a service or provider.
    pub(crate) fn has_identity(&self) -> bool {
        !matches!(
            self.caller,
            Caller::Service { .. } | Caller::AccountService { .. } | Caller::Provider { .. }
        )
    }

    /// The APPID of its root account.
    #[inline]
    pub(crate) fn appid<'t>(&self, tables: &Tables<'t>) -> Option<&'t str> {
        let [appid, ..] = self.account;
        if appid == NONE { None } else { tables.appids().get(appid) }
    }

    /// Whether an organization binds the caller (CITE EVA-17, REQ-13).
    pub(crate) fn is_bound_by_scp(&self, tables: &Tables<'_>) -> Option<bool> {
        if !self.has_identity() || !self.account_known {
            return Some(false);
        }
        Some(self.role == NONE || !is_service_linked(tables, self.role)?)
    }

    /// Whether an entry of a principal element names the caller.
    pub(crate) fn is(&self, tables: &Tables<'_>, kind: u32, root: u32, id: u32) -> Option<bool> {
        let of_root = root == self.root_id && self.root_id != NONE;
        let is_user = matches!(self.caller, Caller::SubAccount { .. } | Caller::Federated { .. });
        Some(match kind {
            principal::ROOT => of_root && self.caller.is_root(),
            principal::ACCOUNT => of_root && self.has_identity(),
            principal::SUB_ACCOUNT => of_root && is_user && self.own_id == id,
            principal::GROUP => of_root && is_user && self.groups(tables)?.iter().any(|group| group == id),
            principal::ROLE_NAME | principal::ROLE_ID | principal::SERVICE_ROLE => {
                of_root && self.is_role(tables, kind, id)?
            }
            principal::ACCOUNT_SERVICE => {
                of_root && self.name == id && matches!(self.caller, Caller::AccountService { .. })
            }
            principal::SERVICE => self.name == id && matches!(self.caller, Caller::Service { .. }),
            principal::SAML => of_root && self.name == id && self.is_provider(ProviderKind::Saml),
            principal::OIDC => of_root && self.name == id && self.is_provider(ProviderKind::Oidc),
            _ => false,
        })
    }

    fn is_provider(&self, wanted: ProviderKind) -> bool {
        matches!(self.caller, Caller::Provider { kind, .. } if kind == wanted)
    }

    fn groups<'t>(&self, tables: &Tables<'t>) -> Option<Words<'t>> {
        let (start, length) = match self.number {
            NONE => (0, 0),
            _ => {
                let [.., start, length, _] = self.record;
                (start, length)
            }
        };
        tables.identity_groups.slice(Range { start, end: start.checked_add(length)? })
    }

    /// A role of the directory goes by all its names (CITE RES-21); one that is not known by the one the
    /// request uses.
    fn is_role(&self, tables: &Tables<'_>, kind: u32, id: u32) -> Option<bool> {
        let Caller::Role { role: written, .. } = self.caller else { return Some(false) };
        if self.role == NONE {
            let same = match written {
                RoleName::Id(_) => kind == principal::ROLE_ID,
                RoleName::Name(_) => kind == principal::ROLE_NAME,
                RoleName::ServiceName(_) => kind == principal::SERVICE_ROLE,
            };
            return Some(same && self.name == id);
        }
        let [_, name, number, ..] = tables.roles.record::<ROLE_WORDS>(self.role)?;
        Some(match kind {
            principal::ROLE_ID => number == id,
            principal::ROLE_NAME => name == id,
            _ => name == id && is_service_linked(tables, self.role)?,
        })
    }
}

/// Whether a role belongs to a service.
pub(crate) fn is_service_linked(tables: &Tables<'_>, role: u32) -> Option<bool> {
    let [number, ..] = tables.roles.record::<ROLE_WORDS>(role)?;
    let [.., flags] = tables.identities.record::<{ identity::WORDS }>(number)?;
    Some(flags & identity::SERVICE_LINKED != 0)
}

/// The number of a role of an account, `NONE` when the directory does not have it.
pub(crate) fn find_role(tables: &Tables<'_>, account: u32, name: u32, written: RoleName<'_>) -> Option<u32> {
    let found = match written {
        RoleName::Id(_) => tables.roles_by_id().find(account, name),
        RoleName::Name(_) => tables.roles_by_name().find(account, name),
        RoleName::ServiceName(_) => match tables.roles_by_name().find(account, name) {
            Some(role) if is_service_linked(tables, role)? => Some(role),
            _ => None,
        },
    };
    Some(found.unwrap_or(NONE))
}
