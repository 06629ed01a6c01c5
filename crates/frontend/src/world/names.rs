//! Names and ids: which are taken, which are reserved, and what a policy is called (CITE EVA-27; CAM0703 to CAM0705).

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::raw;
use crate::diagnostic::{self, Code, Diagnostic, code};

/// The preset that is built in (CITE PRE-1).
pub(super) const FULL_ACCESS: &str = "FullQcloudAccess";

/// Whether a name has the form of those given to documents in place (CITE EVA-27). The forms with `:` and
/// `/` are no names to begin with.
pub(super) fn is_reserved(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let level =
        |text: &str| text.split_once('.').is_some_and(|(level, index)| digits(level) && digits(index));
    name == "session"
        || name.strip_prefix("rp").is_some_and(digits)
        || name.strip_prefix("general.").is_some_and(digits)
        || name.strip_prefix("scp").is_some_and(level)
}

/// Checks every name and id of a world for repetition and collision.
pub(super) fn check(world: &raw::World, diagnostics: &mut Vec<Diagnostic>) {
    let first = diagnostics.len();
    let mut check = Check { diagnostics, first };
    check.unique("account", world.accounts.iter().map(|account| &account.uin));
    check.unique("APPID", world.accounts.iter().filter_map(|account| account.appid.as_ref()));
    check.unique("organization account", world.organization.iter().map(|entry| &entry.account));
    check.unique("parameter", world.parameters.iter().map(|(name, _)| name));
    check.unique("action set", world.catalogue.iter().map(|(name, _)| name));
    check.prerequisites(world);
    for account in &world.accounts {
        check.account(account);
    }
    check.policies(world);
}

struct Check<'d> {
    diagnostics: &'d mut Vec<Diagnostic>,
    /// Where its own findings begin.
    first: usize,
}

impl Check<'_> {
    fn report(&mut self, code: Code, name: &raw::Name, message: String) -> &mut Diagnostic {
        let found = Diagnostic::new(code, name.at.source, name.at.span, message);
        diagnostic::keep(self.diagnostics, self.first, found)
    }

    /// Reports a name that is taken, and shows the first where it stands in the same source.
    fn taken(&mut self, code: Code, name: &raw::Name, first: Option<&raw::Name>, message: String) {
        let diagnostic = self.report(code, name, message);
        if let Some(first) = first.filter(|first| first.at.source == name.at.source) {
            diagnostic.related.push((first.at.span, "the other is here".into()));
        }
    }

    fn unique<'n>(&mut self, what: &str, names: impl Iterator<Item = &'n raw::Name>) {
        let mut taken: HashMap<&str, &raw::Name> = HashMap::new();
        for name in names.filter(|name| !name.text.is_empty()) {
            match taken.entry(&name.text) {
                Entry::Vacant(free) => drop(free.insert(name)),
                Entry::Occupied(first) => {
                    let message = format!("the {what} `{}` is repeated", name.text);
                    self.taken(code::WORLD_REPEATED, name, Some(first.get()), message);
                }
            }
        }
    }

    fn account(&mut self, account: &raw::Account) {
        self.unique("user", account.users.iter().map(|user| &user.uin));
        self.unique("group", account.groups.iter().map(|group| &group.name));
        self.unique("group id", account.groups.iter().filter_map(|group| group.id.as_ref()));
        self.unique("role", account.roles.iter().map(|role| &role.name));
        self.unique("role id", account.roles.iter().filter_map(|role| role.id.as_ref()));
        self.unique("policy", account.policies.iter().map(|policy| &policy.name));
        for user in account.users.iter().filter(|user| !user.uin.text.is_empty()) {
            if user.uin.text == account.uin.text {
                let message = format!("the user `{}` has the uin of its account", user.uin.text);
                self.report(code::WORLD_OWN_ROOT, &user.uin, message);
            }
        }
    }

    /// `name/cam:X` and `cam:X` are one action (CITE ACT-2).
    fn prerequisites(&mut self, world: &raw::World) {
        let strip = |action: &raw::Name| raw::Name {
            text: camshaft_value::action::strip_name(&action.text).into(),
            at: action.at,
        };
        let actions: Vec<raw::Name> = world.prerequisites.iter().map(|entry| strip(&entry.action)).collect();
        self.unique("prerequisite", actions.iter());
    }

    /// Policies of accounts, presets and resource policies share one space of names.
    fn policies(&mut self, world: &raw::World) {
        let presets: HashMap<&str, &raw::Name> =
            world.presets.iter().map(|preset| (&*preset.name.text, &preset.name)).collect();
        let scoped: Vec<&raw::Name> =
            world.resource_policies.iter().filter_map(|policy| policy.name.as_ref()).collect();
        let by_scope: HashMap<&str, &raw::Name> = scoped.iter().map(|name| (&*name.text, *name)).collect();

        self.unique("preset", world.presets.iter().map(|preset| &preset.name));
        self.unique("resource policy", scoped.iter().copied());
        for preset in &world.presets {
            self.form(&preset.name);
            if &*preset.name.text == FULL_ACCESS {
                let message = format!("the preset `{FULL_ACCESS}` is built in");
                self.report(code::WORLD_REPEATED, &preset.name, message);
            }
        }
        for name in scoped {
            self.form(name);
            let preset = presets.get(&*name.text).copied();
            if preset.is_some() || &*name.text == FULL_ACCESS {
                let message = format!("a preset and a resource policy are called `{}`", name.text);
                self.taken(code::WORLD_REPEATED, name, preset, message);
            }
        }
        for policy in world.accounts.iter().flat_map(|account| &account.policies) {
            let name = &policy.name;
            self.form(name);
            let preset = presets.get(&*name.text).copied();
            if preset.is_some() || &*name.text == FULL_ACCESS {
                let message = format!("the policy `{}` hides the preset of that name", name.text);
                self.taken(code::WORLD_HIDES_PRESET, name, preset, message);
            }
            if let Some(other) = by_scope.get(&*name.text) {
                let message = format!("a policy and a resource policy are called `{}`", name.text);
                self.taken(code::WORLD_REPEATED, name, Some(other), message);
            }
        }
    }

    fn form(&mut self, name: &raw::Name) {
        if is_reserved(&name.text) {
            let message = format!("the name `{}` is reserved for documents in place", name.text);
            self.report(code::WORLD_REPEATED, name, message);
        }
    }
}

/// What account policies are called: their name, with the account's uin before it where two accounts have one
/// of that name.
pub(super) struct Qualified<'w> {
    /// In how many accounts there is a policy of the name.
    count: HashMap<&'w str, u32>,
}

impl<'w> Qualified<'w> {
    pub(super) fn new(world: &'w raw::World) -> Self {
        let mut count: HashMap<&str, u32> = HashMap::new();
        for policy in world.accounts.iter().flat_map(|account| &account.policies) {
            *count.entry(&policy.name.text).or_default() += 1;
        }
        Self { count }
    }

    /// The name of an account's policy in reasons.
    pub(super) fn name(&self, uin: &str, policy: &str) -> Box<str> {
        match self.count.get(policy) {
            Some(2..) => format!("{uin}/{policy}").into(),
            _ => policy.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_reserved;

    #[test]
    fn reserves_the_forms_of_documents_in_place() {
        for name in ["session", "rp0", "rp12", "general.3", "scp0.1"] {
            assert!(is_reserved(name), "{name}");
        }
        for name in
            ["sessions", "rp", "rpa", "rp1a", "general", "general.", "general.x", "scp1", "scp.1", "scp1."]
        {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
