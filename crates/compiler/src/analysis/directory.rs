//! Who owns what, as far as resources are compared: ids of accounts, and objects of CAM with several names.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use camshaft_frontend::policy::{Options, PolicySet};
use camshaft_frontend::world;

/// The accounts of a world, and the options that change which statements match.
#[derive(Clone, Debug, Default)]
pub struct Directory<'a> {
    accounts: BTreeMap<Cow<'a, str>, Home<'a>>,
    appids: HashMap<Cow<'a, str>, Cow<'a, str>>,
    pub(super) list_deny_cam: bool,
    /// Which roles there are is not known: any may be.
    pub(super) any_role: bool,
    /// Services whose resources have a region and an owner (CITE REQ-5).
    pub(super) capable: Vec<Box<str>>,
}

#[derive(Clone, Debug, Default)]
struct Home<'a> {
    appid: Option<Cow<'a, str>>,
    /// Roles by all their spellings (CITE RES-21).
    roles: Vec<Vec<String>>,
}

impl<'a> Directory<'a> {
    /// That of a world.
    pub fn of(set: &'a PolicySet) -> Self {
        let mut directory = Self::with(&set.options);
        for account in &set.accounts {
            let role = |role: &camshaft_frontend::policy::Role| {
                let mut names = vec![format!("roleName/{}", role.name)];
                names.extend(role.id.as_ref().map(|id| format!("role/{id}")));
                if role.service_linked {
                    names.push(format!("role/tencentcloudServiceRoleName/{}", role.name));
                }
                names
            };
            let roles = account.roles.iter().map(role).collect();
            directory.add(Cow::Borrowed(&account.uin), account.appid.as_deref().map(Cow::Borrowed), roles);
        }
        directory
    }

    /// That of the account which documents without a world are set in. Any role may exist.
    pub fn implicit() -> Self {
        let mut directory = Self::with(&Options::default());
        let appid = Some(Cow::Borrowed(world::IMPLICIT_APPID));
        directory.add(Cow::Borrowed(world::IMPLICIT_ACCOUNT), appid, Vec::new());
        directory.any_role = true;
        directory
    }

    /// No accounts.
    pub fn with(options: &Options) -> Self {
        let (list_deny_cam, capable) = (options.list_deny_cam, options.resource_policy_services.clone());
        Self { list_deny_cam, capable, ..Self::default() }
    }

    /// Adds an account.
    pub fn add(&mut self, uin: Cow<'a, str>, appid: Option<Cow<'a, str>>, roles: Vec<Vec<String>>) {
        if let Some(appid) = &appid {
            self.appids.insert(appid.clone(), uin.clone());
        }
        self.accounts.insert(uin, Home { appid, roles });
    }

    pub(super) fn knows(&self, uin: &str) -> bool {
        self.accounts.contains_key(uin)
    }

    pub(super) fn knows_appid(&self, appid: &str) -> bool {
        self.appids.contains_key(appid)
    }

    /// The uin and the APPID of the owner that a request writes as `uin/…` or `uid/…` (CITE REQ-6).
    pub(super) fn owner<'s>(&'s self, text: &'s str) -> (Option<&'s str>, Option<&'s str>) {
        match text.split_once('/') {
            Some(("uin", uin)) => (Some(uin), self.accounts.get(uin).and_then(|home| home.appid.as_deref())),
            Some(("uid", appid)) => (self.appids.get(appid).map(|uin| &**uin), Some(appid)),
            _ => (None, None),
        }
    }

    /// All spellings of an object of CAM, none for one that has a single spelling.
    pub(super) fn spellings(&self, owner: &str, path: &str) -> Vec<String> {
        let (Some(uin), _) = self.owner(owner) else { return Vec::new() };
        let own = format!("uin/{uin}");
        if path == "root" || path == own {
            return vec!["root".to_owned(), own];
        }
        let roles = self.accounts.get(uin).map_or(&[][..], |home| &home.roles);
        let role = Some(roles).filter(|_| path.starts_with("role"));
        role.and_then(|roles| roles.iter().find(|role| role.iter().any(|name| name == path)))
            .cloned()
            .unwrap_or_default()
    }

    pub(super) fn accounts_with_roles(&self) -> impl Iterator<Item = &str> {
        self.accounts.iter().filter(|(_, home)| !home.roles.is_empty()).map(|(uin, _)| &**uin)
    }

    /// One spelling of every object of CAM that has several.
    pub(super) fn objects(&self, owner: &str) -> Vec<&str> {
        let (Some(uin), _) = self.owner(owner) else { return Vec::new() };
        let roles = self.accounts.get(uin).map_or(&[][..], |home| &home.roles);
        core::iter::once("root")
            .chain(roles.iter().filter_map(|role| role.first()).map(String::as_str))
            .collect()
    }
}
