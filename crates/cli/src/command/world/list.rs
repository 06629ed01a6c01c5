//! `camshaft world list`: who and what is in a world.

use std::collections::{BTreeMap, BTreeSet};

use anstyle::Style;
use camshaft_frontend::normalize;
use camshaft_frontend::policy::{Account, PolicyId, PolicySet};
use serde::Serialize;

use super::identity::Directory;
use super::rows::{
    AccountRow, Attached, GroupRow, LevelRow, PolicyRow, PresetRow, ResourceRow, RoleRow, Row, UserRow,
};
use super::sheet::{Json, Sheet};
use super::{FULL_ACCESS, Opened, findings, open};
use crate::args::{List, Listing};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::load;
use crate::render::table::Table;
use crate::render::text;

/// The lists, those that were asked for.
#[derive(Default, Serialize)]
struct Report {
    world: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts: Option<Vec<AccountRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<Vec<UserRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<GroupRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<RoleRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policies: Option<Vec<PolicyRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presets: Option<Vec<PresetRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_policies: Option<Vec<ResourceRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<Vec<LevelRow>>,
}

/// Runs it.
pub(super) fn run(args: &List, console: &mut Console) -> Result<Exit, Failure> {
    let Opened { file, sheet, mut loaded, .. } = open(&args.path, &load::overrides(&args.reading)?)?;
    let world = input::name(&file);
    let Some(set) = loaded.set.take() else { return Err(load::rejected(&world, findings(loaded))) };
    if let Some(uin) = &args.account {
        Directory::from(&set).account(uin)?;
    }
    let of = |uin: &str| args.account.as_ref().is_none_or(|own| own == uin);
    let lister = Lister {
        set: &set,
        accounts: set.accounts.iter().filter(|account| of(&account.uin)).collect(),
        own: sheet
            .accounts()
            .into_iter()
            .filter_map(|account| Some((account.text("uin").filter(|uin| of(uin))?, account)))
            .collect(),
    };
    let wants = |what| args.what.is_none_or(|only| only == what);
    let tally = lister.tally();
    let report = Report {
        world,
        accounts: wants(Listing::Accounts).then(|| lister.accounts()),
        users: wants(Listing::Users).then(|| lister.users()),
        groups: wants(Listing::Groups).then(|| lister.groups()),
        roles: wants(Listing::Roles).then(|| lister.roles()),
        policies: wants(Listing::Policies).then(|| lister.policies(&tally)),
        presets: wants(Listing::Presets).then(|| presets(&sheet, &tally)),
        resource_policies: wants(Listing::ResourcePolicies).then(|| lister.resource_policies()),
        organization: wants(Listing::Organization).then(|| lister.levels()),
    };
    if console.is_json() {
        console.json(&report)?
    } else {
        human(&report, console)?
    }
    Ok(Exit::Done)
}

/// How often each policy is attached, and how many statements it has. Those of accounts stand under their account,
/// presets under none.
type Tally = BTreeMap<(String, String), (usize, Attached)>;

struct Lister<'w> {
    set: &'w PolicySet,
    /// Those that were asked for, as loaded and as they stand in the file.
    accounts: Vec<&'w Account>,
    own: BTreeMap<&'w str, &'w Json>,
}

impl Lister<'_> {
    fn name(&self, id: PolicyId) -> String {
        self.set.policies.get(id.0 as usize).map_or_else(String::new, |policy| policy.name.to_string())
    }

    fn names(&self, ids: &[PolicyId]) -> Vec<String> {
        ids.iter().map(|id| self.name(*id)).collect()
    }

    fn tally(&self) -> Tally {
        let mut tally = Tally::new();
        let mut general = Vec::new();
        for account in &self.accounts {
            let own: BTreeSet<&str> = self.own(&account.uin).iter().map(|(name, _)| &**name).collect();
            let mut count = |id: PolicyId, add: fn(&mut Attached)| {
                let Some(policy) = self.set.policies.get(id.0 as usize) else { return };
                let qualified =
                    policy.name.strip_prefix(&*account.uin).and_then(|rest| rest.strip_prefix('/'));
                let name = qualified.unwrap_or(&policy.name);
                let holder = if own.contains(name) { account.uin.to_string() } else { String::new() };
                let entry = tally.entry((holder, name.to_owned())).or_default();
                entry.0 = policy.statements.len();
                add(&mut entry.1);
            };
            for user in &account.users {
                user.policies.iter().for_each(|id| count(*id, |at| at.users += 1));
                user.boundary.iter().for_each(|id| count(*id, |at| at.boundaries += 1));
            }
            for group in &account.groups {
                group.policies.iter().for_each(|id| count(*id, |at| at.groups += 1));
            }
            for role in &account.roles {
                role.policies.iter().for_each(|id| count(*id, |at| at.roles += 1));
                role.boundary.iter().for_each(|id| count(*id, |at| at.boundaries += 1));
            }
            for id in account.levels.iter().flatten().flatten() {
                count(*id, |at| at.levels += 1);
            }
            // Once for the world: every account has the same ones.
            if general.is_empty() {
                general.clone_from(&account.general);
                general.iter().for_each(|id| count(*id, |at| at.general += 1));
            }
        }
        tally
    }

    /// The policies of an account as they stand in the file, attached or not.
    fn own(&self, uin: &str) -> &[(Box<str>, Json)] {
        self.own.get(uin).and_then(|own| own.get("policies")).map_or(&[][..], Json::members)
    }

    fn accounts(&self) -> Vec<AccountRow> {
        let mut owned: BTreeMap<&str, usize> = BTreeMap::new();
        for attached in &self.set.resource_policies {
            if let Some(owner) = self.set.accounts.get(attached.account as usize) {
                *owned.entry(&owner.uin).or_default() += 1;
            }
        }
        let row = |account: &&Account| AccountRow {
            uin: account.uin.to_string(),
            appid: account.appid.as_deref().map(str::to_owned),
            users: account.users.len(),
            groups: account.groups.len(),
            roles: account.roles.len(),
            policies: self.own(&account.uin).len(),
            resource_policies: owned.get(&*account.uin).copied().unwrap_or_default(),
            levels: account.levels.as_ref().map_or(0, Vec::len),
        };
        self.accounts.iter().map(row).collect()
    }

    fn users(&self) -> Vec<UserRow> {
        let users =
            self.accounts.iter().flat_map(|account| account.users.iter().map(move |user| (account, user)));
        let row = |(account, user): (&&Account, &camshaft_frontend::policy::User)| UserRow {
            account: account.uin.to_string(),
            uin: user.uin.to_string(),
            name: user.name.as_deref().map(str::to_owned),
            collaborator: user.collaborator,
            groups: user
                .groups
                .iter()
                .filter_map(|at| Some(account.groups.get(*at as usize)?.name.to_string()))
                .collect(),
            policies: self.names(&user.policies),
            boundary: user.boundary.map(|id| self.name(id)),
        };
        users.map(row).collect()
    }

    fn groups(&self) -> Vec<GroupRow> {
        let mut rows = Vec::new();
        for account in &self.accounts {
            for (at, group) in account.groups.iter().enumerate() {
                let is_in = |user: &&camshaft_frontend::policy::User| {
                    user.groups.iter().any(|own| *own as usize == at)
                };
                rows.push(GroupRow {
                    account: account.uin.to_string(),
                    name: group.name.to_string(),
                    id: group.id.as_deref().map(str::to_owned),
                    members: account.users.iter().filter(is_in).count(),
                    policies: self.names(&group.policies),
                });
            }
        }
        rows
    }

    fn roles(&self) -> Vec<RoleRow> {
        let roles =
            self.accounts.iter().flat_map(|account| account.roles.iter().map(move |role| (account, role)));
        let row = |(account, role): (&&Account, &camshaft_frontend::policy::Role)| RoleRow {
            account: account.uin.to_string(),
            name: role.name.to_string(),
            id: role.id.as_deref().map(str::to_owned),
            service_linked: role.service_linked,
            policies: self.names(&role.policies),
            boundary: role.boundary.map(|id| self.name(id)),
            trust: role.trust.is_some(),
        };
        roles.map(row).collect()
    }

    fn policies(&self, tally: &Tally) -> Vec<PolicyRow> {
        let mut rows = Vec::new();
        for uin in self.own.keys() {
            for (name, document) in self.own(uin) {
                rows.push(policy(Some(uin), name, place(document), tally));
            }
        }
        rows.sort_by(|a, b| (&a.account, &a.name).cmp(&(&b.account, &b.name)));
        rows
    }

    fn resource_policies(&self) -> Vec<ResourceRow> {
        let rows = self.set.resource_policies.iter().filter_map(|attached| {
            let owner = self.set.accounts.get(attached.account as usize)?;
            let policy = self.set.policies.get(attached.policy.0 as usize)?;
            Some(ResourceRow {
                account: owner.uin.to_string(),
                name: policy.name.to_string(),
                scope: normalize::resource_text(&attached.scope),
                statements: policy.statements.len(),
                source: policy.source.to_string(),
            })
        });
        rows.filter(|row| self.own.contains_key(row.account.as_str())).collect()
    }

    fn levels(&self) -> Vec<LevelRow> {
        let mut rows = Vec::new();
        for account in &self.accounts {
            for (level, ids) in account.levels.iter().flatten().enumerate() {
                rows.push(LevelRow { account: account.uin.to_string(), level, policies: self.names(ids) });
            }
        }
        rows
    }
}

fn presets(sheet: &Sheet, tally: &Tally) -> Vec<PresetRow> {
    let presets = sheet.presets().into_iter();
    let mut rows: Vec<PolicyRow> =
        presets.map(|(name, document)| policy(None, name, place(document), tally)).collect();
    let builtin = policy(None, FULL_ACCESS, "built in".into(), tally);
    rows.extend(builtin.statements.is_some().then_some(builtin));
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows.into_iter().map(PresetRow).collect()
}

fn policy(account: Option<&str>, name: &str, source: String, tally: &Tally) -> PolicyRow {
    let known = tally.get(&(account.unwrap_or_default().to_owned(), name.to_owned()));
    PolicyRow {
        account: account.map(str::to_owned),
        name: name.to_owned(),
        statements: known.map(|(statements, _)| *statements),
        attached: known.map(|(_, attached)| *attached).unwrap_or_default(),
        source,
    }
}

/// Where a document is.
fn place(document: &Json) -> String {
    document.as_str().unwrap_or("in place").to_owned()
}

fn human(report: &Report, console: &mut Console) -> Result<(), Failure> {
    let mut lists = String::new();
    let color = console.out_color;
    section(&mut lists, color, "accounts", report.accounts.as_deref());
    section(&mut lists, color, "users", report.users.as_deref());
    section(&mut lists, color, "groups", report.groups.as_deref());
    section(&mut lists, color, "roles", report.roles.as_deref());
    section(&mut lists, color, "policies", report.policies.as_deref());
    section(&mut lists, color, "presets", report.presets.as_deref());
    section(&mut lists, color, "resource policies", report.resource_policies.as_deref());
    section(&mut lists, color, "organization", report.organization.as_deref());
    let text = if lists.is_empty() { "there are none\n" } else { &lists };
    Ok(console.out().write_all(text.as_bytes())?)
}

/// A list that has rows, under its title.
fn section<R: Row>(out: &mut String, color: bool, title: &str, rows: Option<&[R]>) {
    let Some(rows) = rows.filter(|rows| !rows.is_empty()) else { return };
    let mut table = Table::new(R::COLUMNS.iter().map(|(_, align)| (*align, Style::new())));
    table.row(R::COLUMNS.iter().map(|(title, _)| *title));
    for row in rows {
        table.row(row.cells().iter().map(|cell| text::plain(cell)));
    }
    let lines = table.render(false);
    let (head, body) = lines.split_once('\n').unwrap_or_default();
    let gap = if out.is_empty() { "" } else { "\n" };
    let (title, head) = (text::paint(color, text::STRONG, title), text::paint(color, text::DIM, head));
    out.push_str(&format!("{gap}{title}\n{head}\n{body}"));
}
