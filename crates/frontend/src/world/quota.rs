//! Quotas of the platform on a world (CITE LIM-3 to LIM-9, LIM-11; CAM0442).

use std::collections::{HashMap, HashSet};

use super::raw;
use crate::diagnostic::{Diagnostic, code};
use crate::limits::Limits;

/// Reports every quota that the world exceeds.
pub(super) fn check(world: &raw::World, limits: &Limits, diagnostics: &mut Vec<Diagnostic>) {
    let mut quota = Quota { diagnostics };
    let mut joined: HashMap<&str, u64> = HashMap::new();
    for account in &world.accounts {
        quota.account(account, limits);
        let collaborators =
            account.users.iter().filter(|user| user.collaborator && !user.uin.text.is_empty());
        let mut here = HashSet::new();
        for user in collaborators.filter(|user| here.insert(&*user.uin.text)) {
            let accounts = joined.entry(&user.uin.text).or_default();
            *accounts += 1;
            // Reported once, where the first account too many stands.
            if *accounts == limits.accounts_of_collaborator.saturating_add(1) {
                let what = format!("the collaborator `{}`", user.uin.text);
                quota.check(
                    &user.uin,
                    &what,
                    *accounts,
                    limits.accounts_of_collaborator,
                    "root accounts",
                    11,
                );
            }
        }
    }
}

struct Quota<'d> {
    diagnostics: &'d mut Vec<Diagnostic>,
}

impl Quota<'_> {
    fn check(&mut self, at: &raw::Name, holder: &str, count: u64, most: u64, what: &str, limit: u8) {
        if count > most {
            let message = format!("{holder} has {count} of {most} {what}");
            let help = format!("LIM-{limit} can be raised under `limits` of the options");
            let found = Diagnostic::new(code::ACCOUNT_LIMIT, at.at.source, at.at.span, message);
            self.diagnostics.push(found.help(help));
        }
    }

    fn account(&mut self, account: &raw::Account, limits: &Limits) {
        let uin = &account.uin;
        let holder = format!("account `{}`", uin.text);
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let own = [
            (account.policies.len(), limits.policies_of_account, "policies", 4),
            (account.groups.len(), limits.groups_of_account, "groups", 5),
            (account.users.len(), limits.users_of_account, "sub-accounts", 6),
            (account.roles.len(), limits.roles_of_account, "roles", 7),
        ];
        for (length, most, what, limit) in own {
            self.check(uin, &holder, count(length), most, what, limit);
        }
        let mut members: HashMap<&str, u64> = HashMap::new();
        for user in &account.users {
            let holder = format!("user `{}`", user.uin.text);
            let groups: HashSet<&str> = user.groups.iter().map(|group| &*group.text).collect();
            self.check(&user.uin, &holder, count(groups.len()), limits.groups_of_user, "groups", 8);
            self.policies(&user.uin, &holder, &user.policies, limits);
            for group in groups {
                *members.entry(group).or_default() += 1;
            }
        }
        for group in &account.groups {
            let holder = format!("group `{}`", group.name.text);
            let users = members.get(&*group.name.text).copied().unwrap_or_default();
            self.check(&group.name, &holder, users, limits.users_of_group, "sub-accounts", 9);
            self.policies(&group.name, &holder, &group.policies, limits);
        }
        for role in &account.roles {
            let holder = format!("role `{}`", role.name.text);
            self.policies(&role.name, &holder, &role.policies, limits);
        }
    }

    fn policies(&mut self, at: &raw::Name, holder: &str, policies: &[raw::Reference], limits: &Limits) {
        let mut named = HashSet::new();
        let distinct = policies.iter().filter(|reference| match reference {
            raw::Reference::Name(name) => named.insert(&*name.text),
            raw::Reference::Document(..) => true,
        });
        let count = u64::try_from(distinct.count()).unwrap_or(u64::MAX);
        self.check(at, holder, count, limits.policies_of_holder, "policies", 3);
    }
}
