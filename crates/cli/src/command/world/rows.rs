//! The lists of `camshaft world list`: what stands in a row, for programs and for people.

use serde::Serialize;

use crate::render::table::Align;
use crate::render::text::{count, counted};

/// What a row is for people: one cell a column.
pub(super) trait Row {
    /// Titles of the columns.
    const COLUMNS: &'static [(&'static str, Align)];
    /// The cells.
    fn cells(&self) -> Vec<String>;
}

/// A root account.
#[derive(Serialize)]
pub(super) struct AccountRow {
    pub(super) uin: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) appid: Option<String>,
    pub(super) users: usize,
    pub(super) groups: usize,
    pub(super) roles: usize,
    /// Policies of its own.
    pub(super) policies: usize,
    pub(super) resource_policies: usize,
    /// Of its organization; none without one.
    pub(super) levels: usize,
}

/// A sub-user or collaborator.
#[derive(Serialize)]
pub(super) struct UserRow {
    pub(super) account: String,
    pub(super) uin: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    pub(super) collaborator: bool,
    pub(super) groups: Vec<String>,
    pub(super) policies: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) boundary: Option<String>,
}

/// A user group.
#[derive(Serialize)]
pub(super) struct GroupRow {
    pub(super) account: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    pub(super) members: usize,
    pub(super) policies: Vec<String>,
}

/// A role.
#[derive(Serialize)]
pub(super) struct RoleRow {
    pub(super) account: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    pub(super) service_linked: bool,
    pub(super) policies: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) boundary: Option<String>,
    /// Whether anybody may assume it.
    pub(super) trust: bool,
}

/// A policy of an account.
#[derive(Serialize)]
pub(super) struct PolicyRow {
    /// Of the policy of an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) account: Option<String>,
    pub(super) name: String,
    /// Unknown of one that is attached to nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) statements: Option<usize>,
    pub(super) attached: Attached,
    /// The file, `in place`, or `built in`.
    pub(super) source: String,
}

/// A preset.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct PresetRow(pub(super) PolicyRow);

/// How often a policy is attached.
#[derive(Clone, Copy, Default, Serialize)]
pub(super) struct Attached {
    pub(super) users: usize,
    pub(super) groups: usize,
    pub(super) roles: usize,
    pub(super) boundaries: usize,
    pub(super) levels: usize,
    /// As a general policy: once.
    pub(super) general: usize,
}

/// A policy on resources.
#[derive(Serialize)]
pub(super) struct ResourceRow {
    pub(super) account: String,
    pub(super) name: String,
    pub(super) scope: String,
    pub(super) statements: usize,
    pub(super) source: String,
}

/// A level of an organization.
#[derive(Serialize)]
pub(super) struct LevelRow {
    pub(super) account: String,
    pub(super) level: usize,
    pub(super) policies: Vec<String>,
}

const LEFT: Align = Align::Left;
const RIGHT: Align = Align::Right;

impl Row for AccountRow {
    const COLUMNS: &'static [(&'static str, Align)] = &[
        ("uin", LEFT),
        ("appid", LEFT),
        ("users", RIGHT),
        ("groups", RIGHT),
        ("roles", RIGHT),
        ("policies", RIGHT),
        ("on resources", RIGHT),
        ("levels", RIGHT),
    ];

    fn cells(&self) -> Vec<String> {
        let Self { users, groups, roles, policies, resource_policies, levels, .. } = self;
        let counts = [users, groups, roles, policies, resource_policies, levels];
        let named = [self.uin.clone(), or_dash(self.appid.as_deref())];
        named.into_iter().chain(counts.map(ToString::to_string)).collect()
    }
}

impl Row for UserRow {
    const COLUMNS: &'static [(&'static str, Align)] = &[
        ("account", LEFT),
        ("uin", LEFT),
        ("name", LEFT),
        ("policies", RIGHT),
        ("groups", LEFT),
        ("boundary", LEFT),
        ("", LEFT),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.account.clone(),
            self.uin.clone(),
            or_dash(self.name.as_deref()),
            self.policies.len().to_string(),
            or_dash(Some(&*self.groups.join(", ")).filter(|groups| !groups.is_empty())),
            or_dash(self.boundary.as_deref()),
            if self.collaborator { "collaborator".into() } else { String::new() },
        ]
    }
}

impl Row for GroupRow {
    const COLUMNS: &'static [(&'static str, Align)] =
        &[("account", LEFT), ("name", LEFT), ("id", LEFT), ("policies", RIGHT), ("users", RIGHT)];

    fn cells(&self) -> Vec<String> {
        let named = [self.account.clone(), self.name.clone(), or_dash(self.id.as_deref())];
        named.into_iter().chain([self.policies.len(), self.members].map(|count| count.to_string())).collect()
    }
}

impl Row for RoleRow {
    const COLUMNS: &'static [(&'static str, Align)] = &[
        ("account", LEFT),
        ("name", LEFT),
        ("id", LEFT),
        ("policies", RIGHT),
        ("boundary", LEFT),
        ("trust", LEFT),
        ("", LEFT),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.account.clone(),
            self.name.clone(),
            or_dash(self.id.as_deref()),
            self.policies.len().to_string(),
            or_dash(self.boundary.as_deref()),
            or_dash(self.trust.then_some("yes")),
            if self.service_linked { "service-linked".into() } else { String::new() },
        ]
    }
}

impl Row for PolicyRow {
    const COLUMNS: &'static [(&'static str, Align)] =
        &[("account", LEFT), ("name", LEFT), ("statements", RIGHT), ("attached to", LEFT), ("source", LEFT)];

    fn cells(&self) -> Vec<String> {
        let account = or_dash(self.account.as_deref());
        core::iter::once(account).chain(self.without_account()).collect()
    }
}

impl PolicyRow {
    fn without_account(&self) -> [String; 4] {
        let statements = self.statements.map(|count| count.to_string());
        [self.name.clone(), or_dash(statements.as_deref()), self.attached.text(), self.source.clone()]
    }
}

impl Row for PresetRow {
    const COLUMNS: &'static [(&'static str, Align)] =
        &[("name", LEFT), ("statements", RIGHT), ("attached to", LEFT), ("source", LEFT)];

    fn cells(&self) -> Vec<String> {
        self.0.without_account().into()
    }
}

impl Attached {
    /// `2 users, 1 role`.
    fn text(self) -> String {
        let counts =
            [(self.users, "user"), (self.groups, "group"), (self.roles, "role"), (self.levels, "level")];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let mut parts: Vec<String> = counts.map(|(count, word)| counted(*count, word)).collect();
        if self.boundaries > 0 {
            parts.push(count(self.boundaries, "boundary", "boundaries"));
        }
        if self.general > 0 {
            parts.push("every user".into());
        }
        if parts.is_empty() { "nothing".into() } else { parts.join(", ") }
    }
}

impl Row for ResourceRow {
    const COLUMNS: &'static [(&'static str, Align)] =
        &[("account", LEFT), ("name", LEFT), ("statements", RIGHT), ("scope", LEFT), ("source", LEFT)];

    fn cells(&self) -> Vec<String> {
        let Self { account, name, scope, statements, source } = self;
        vec![account.clone(), name.clone(), statements.to_string(), scope.clone(), source.clone()]
    }
}

impl Row for LevelRow {
    const COLUMNS: &'static [(&'static str, Align)] =
        &[("account", LEFT), ("level", RIGHT), ("policies", LEFT)];

    fn cells(&self) -> Vec<String> {
        vec![self.account.clone(), self.level.to_string(), self.policies.join(", ")]
    }
}

fn or_dash(text: Option<&str>) -> String {
    text.unwrap_or("-").to_owned()
}
