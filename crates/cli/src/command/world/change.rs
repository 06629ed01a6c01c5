//! Changes to an identity of a [`Sheet`], and what they come to.

use serde::Serialize;

use super::identity::{Identity, Kind};
use super::shape::{self, arrange};
use super::sheet::{Json, Sheet};
use super::{FULL_ACCESS, did_you_mean};
use crate::exit::Failure;

/// What is to change.
#[derive(Debug)]
pub(super) enum Change<'a> {
    Attach(&'a [String]),
    Detach(&'a [String]),
    SetBoundary(&'a str),
    RemoveBoundary(Option<&'a str>),
    /// Every own policy and membership.
    Revoke,
}

/// One entry more or less.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Entry {
    /// `add` or `remove`.
    pub(super) change: &'static str,
    /// `policies`, `groups` or `boundary`.
    pub(super) member: &'static str,
    pub(super) name: String,
}

/// A document in place that reasons will name differently.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Renamed {
    pub(super) from: String,
    pub(super) to: String,
}

/// What a change comes to.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Changes {
    pub(super) changes: Vec<Entry>,
    /// What was so before.
    pub(super) unchanged: Vec<String>,
    pub(super) renamed: Vec<Renamed>,
}

/// Applies a change.
pub(super) fn apply(sheet: &mut Sheet, identity: &Identity, change: &Change<'_>) -> Result<Changes, Failure> {
    let boundary = matches!(change, Change::SetBoundary(_) | Change::RemoveBoundary(_));
    if identity.kind == Kind::Root {
        let message = format!("`{}` is a root account, which holds no policies", identity.short());
        return Err(Failure::usage_with(
            message,
            "it may do everything in its account; an organization bounds it",
        ));
    }
    if identity.kind == Kind::Group && boundary {
        return Err(Failure::usage_with(
            format!("`{}` is a group, which has no boundary", identity.short()),
            "give its users one each",
        ));
    }
    let known = known(sheet, identity);
    let groups = groups(sheet, identity);
    let not_found = || Failure::usage(format!("there is no `{}` in the world", identity.short()));
    let holder = holder(sheet, identity).ok_or_else(not_found)?;
    let mut desk = Desk { identity, holder, changes: Changes::default() };
    match change {
        Change::Attach(names) => {
            for name in *names {
                desk.attach(known.find(name)?);
            }
        }
        Change::Detach(names) => desk.detach(names, &groups)?,
        Change::SetBoundary(name) => desk.set_boundary(known.find(name)?),
        Change::RemoveBoundary(name) => desk.remove_boundary(*name)?,
        Change::Revoke => {
            desk.clear("policies");
            desk.clear("groups");
        }
    }
    Ok(desk.changes)
}

/// The names that can be attached in an account.
struct Known {
    account: String,
    names: Vec<String>,
}

impl Known {
    fn find<'t>(&self, text: &'t str) -> Result<&'t str, Failure> {
        let name = unqualified(text, &self.account);
        if self.names.iter().any(|own| own == name) {
            return Ok(name);
        }
        let help = did_you_mean(name, self.names.iter().map(String::as_str)).unwrap_or_else(|| {
            format!(
                "`camshaft world list PATH policies --account {}` and `… presets` list those there are",
                self.account
            )
        });
        let message =
            format!("account `{}` has no policy `{name}`, nor is there a preset of that name", self.account);
        Err(Failure::usage_with(message, help))
    }
}

fn known(sheet: &Sheet, identity: &Identity) -> Known {
    let account = sheet.accounts().into_iter().find(|own| own.text("uin") == Some(&identity.account));
    let own = account.and_then(|account| account.get("policies")).map_or(&[][..], Json::members);
    let own = own.iter().map(|(name, _)| name.to_string());
    let presets = sheet.presets().into_iter().map(|(name, _)| name.to_owned());
    Known {
        account: identity.account.clone(),
        names: own.chain(presets).chain([FULL_ACCESS.into()]).collect(),
    }
}

/// `100000000001/Dev` is how reasons call a policy whose name two accounts use (CITE EVA-27).
fn unqualified<'t>(name: &'t str, account: &str) -> &'t str {
    name.strip_prefix(account).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name)
}

/// The groups of a user with the policies that they hold.
fn groups(sheet: &Sheet, identity: &Identity) -> Vec<(String, Vec<String>)> {
    if identity.kind != Kind::User {
        return Vec::new();
    }
    let accounts = sheet.accounts();
    let Some(account) = accounts.into_iter().find(|own| own.text("uin") == Some(&identity.account)) else {
        return Vec::new();
    };
    let user = account.list("users").iter().find(|user| user.text("uin") == Some(&identity.key));
    let of = user.map_or(&[][..], |user| user.list("groups"));
    let groups = account
        .list("groups")
        .iter()
        .filter(|group| of.iter().any(|name| name.as_str().is_some() && name.as_str() == group.text("name")));
    let names = |list: &[Json]| list.iter().filter_map(|item| item.as_str().map(String::from)).collect();
    groups
        .map(|group| (group.text("name").unwrap_or_default().to_owned(), names(group.list("policies"))))
        .collect()
}

/// The object of the identity.
fn holder<'s>(sheet: &'s mut Sheet, identity: &Identity) -> Option<&'s mut Json> {
    let (list, key) = match identity.kind {
        Kind::Root => return None,
        Kind::User => ("users", "uin"),
        Kind::Group => ("groups", "name"),
        Kind::Role => ("roles", "name"),
    };
    let Json::Object(members) = sheet.account_mut(&identity.account)? else { return None };
    let (_, holders) = members.iter_mut().find(|(name, _)| &**name == list)?;
    let Json::List(holders) = holders else { return None };
    holders.iter_mut().find(|holder| holder.text(key) == Some(&identity.key))
}

/// The work on one identity.
struct Desk<'w> {
    identity: &'w Identity,
    holder: &'w mut Json,
    changes: Changes,
}

impl Desk<'_> {
    fn order(&self) -> &'static [&'static str] {
        match self.identity.kind {
            Kind::Root | Kind::User => &shape::USER_ORDER,
            Kind::Group => &shape::GROUP_ORDER,
            Kind::Role => &shape::ROLE_ORDER,
        }
    }

    fn note(&mut self, change: &'static str, member: &'static str, name: impl Into<String>) {
        self.changes.changes.push(Entry { change, member, name: name.into() });
    }

    /// What an entry of a list is called.
    fn called(&self, index: usize, item: &Json) -> String {
        item.as_str().map_or_else(|| format!("{}.{index}", self.identity.inline()), str::to_owned)
    }

    fn set_list(&mut self, member: &str, mut items: Vec<Json>) {
        arrange(&mut items);
        let list = (!items.is_empty()).then_some(Json::List(items));
        self.holder.put(member, list, self.order());
    }

    fn attach(&mut self, name: &str) {
        let mut items = self.holder.list("policies").to_vec();
        if items.iter().any(|item| item.as_str() == Some(name)) {
            self.changes.unchanged.push(name.into());
            return;
        }
        // At the end: documents in place keep their index.
        items.push(Json::String(name.into()));
        self.set_list("policies", items);
        self.note("add", "policies", name);
    }

    fn detach(&mut self, names: &[String], groups: &[(String, Vec<String>)]) -> Result<(), Failure> {
        let items = self.holder.list("policies").to_vec();
        let called: Vec<String> =
            items.iter().enumerate().map(|(index, item)| self.called(index, item)).collect();
        let mut gone: Vec<&str> = Vec::new();
        for name in names {
            let name = unqualified(name, &self.identity.account);
            if !called.iter().any(|own| own == name) {
                return Err(self.not_attached(name, &called, groups));
            }
            if !gone.contains(&name) {
                gone.push(name);
                self.note("remove", "policies", name);
            }
        }
        let kept = items.into_iter().zip(&called).filter(|(_, called)| !gone.contains(&called.as_str()));
        let kept: Vec<(Json, &String)> = kept.collect();
        for (index, (item, before)) in kept.iter().enumerate() {
            let after = self.called(index, item);
            if after != **before {
                self.changes.renamed.push(Renamed { from: (*before).clone(), to: after });
            }
        }
        self.set_list("policies", kept.into_iter().map(|(item, _)| item).collect());
        Ok(())
    }

    fn not_attached(&self, name: &str, called: &[String], groups: &[(String, Vec<String>)]) -> Failure {
        let Identity { account, .. } = self.identity;
        let group = groups.iter().find(|(_, policies)| policies.iter().any(|own| own == name));
        let help = match group {
            Some((group, _)) => Some(format!(
                "it comes from the group `{group}`: detach it there, `--from {account}/group/{group}`, or revoke everything"
            )),
            None => did_you_mean(name, called.iter().map(String::as_str)),
        };
        let held = if called.is_empty() { "nothing".into() } else { format!("`{}`", called.join("`, `")) };
        let help = help.unwrap_or_else(|| format!("it holds {held}"));
        Failure::usage_with(
            format!("`{}` does not hold the policy `{name}` itself", self.identity.short()),
            help,
        )
    }

    /// The name of the boundary there is.
    fn boundary(&self) -> Option<String> {
        let boundary = self.holder.get("boundary")?;
        Some(boundary.as_str().map_or_else(|| format!("{}.boundary", self.identity.inline()), str::to_owned))
    }

    fn set_boundary(&mut self, name: &str) {
        match self.boundary() {
            Some(old) if old == name => return self.changes.unchanged.push(name.into()),
            Some(old) => self.note("remove", "boundary", old),
            None => {}
        }
        self.holder.put("boundary", Some(Json::String(name.into())), self.order());
        self.note("add", "boundary", name);
    }

    fn remove_boundary(&mut self, name: Option<&str>) -> Result<(), Failure> {
        let short = self.identity.short();
        let Some(old) = self.boundary() else {
            return Err(Failure::usage(format!("`{short}` has no boundary")));
        };
        let name = name.map(|name| unqualified(name, &self.identity.account));
        if let Some(name) = name.filter(|name| *name != old) {
            return Err(Failure::usage_with(
                format!("the boundary of `{short}` is `{old}`, not `{name}`"),
                "name that one, or none",
            ));
        }
        self.holder.put("boundary", None, self.order());
        self.note("remove", "boundary", old);
        Ok(())
    }

    fn clear(&mut self, member: &'static str) {
        let items = self.holder.list(member).to_vec();
        for (index, item) in items.iter().enumerate() {
            let name = self.called(index, item);
            if !self.changes.changes.iter().any(|entry| entry.member == member && entry.name == name) {
                self.note("remove", member, name);
            }
        }
        self.set_list(member, Vec::new());
    }
}
