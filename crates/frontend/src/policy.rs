//! What the frontend hands to the compiler: accepted statements with every entry read, and who holds them.
//!
//! Entries are in the meaning of their canonical form: `name/` removed, regions canonical, a COS bucket
//! with its slash, networks masked and joined, template parameters filled. Statements keep the order and
//! the index of their source, because reasons name them by it.

use camshaft_value::{
    address::Network, date::Instant, decimal::Decimal, operator::Operator, pattern::Variable,
    principal::ProviderKind,
};

use crate::source::Position;

/// What a document is attached to (CITE DOC-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A user, group or role, or every sub-account of an account.
    Identity,
    /// The permissions boundary of a sub-account or role.
    Boundary,
    /// One request.
    Session,
    /// A level of an organization.
    Scp,
    /// A role: who may assume it.
    Trust,
    /// A scope of resources of one owner.
    Resource,
}

/// Whether a statement grants or forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Grants on T.
    Allow,
    /// Forbids on T and on U.
    Deny,
}

/// A statement of an accepted document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Statement {
    /// Index from 0 in the source (CITE EVA-23).
    pub index: u32,
    /// Where it begins in its source.
    pub position: Position,
    /// The label of a statement of a resource policy.
    pub sid: Option<Box<str>>,
    /// Whether it grants or forbids.
    pub effect: Effect,
    /// Whom it binds; present exactly in trust and resource policies.
    pub principals: Option<Vec<PrincipalEntry>>,
    /// Alternatives, at least one.
    pub actions: Vec<ActionEntry>,
    /// Alternatives, at least one.
    pub resources: Vec<ResourceEntry>,
    /// Requirements, all of them; none for an absent condition.
    pub condition: Vec<Term>,
}

/// Someone whom a trust or resource policy binds (CITE PRI-4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrincipalEntry {
    /// `"*"` or `{"qcs":["*"]}`: everyone, signed or not.
    Everyone,
    /// `qcs::cam::anyone:anyone`; see EVA-14.
    Anyone,
    /// `qcs::cam::anonymous:anonymous`: unsigned callers.
    Anonymous,
    /// A root account; whom it admits depends on where it stands (CITE PRI-6).
    Root {
        /// Its uin.
        root: Box<str>,
    },
    /// A sub-account, also through a federated session of it.
    SubAccount {
        /// Uin of the root account.
        root: Box<str>,
        /// Its own uin.
        uin: Box<str>,
    },
    /// The members of a group.
    Group {
        /// Uin of the root account.
        root: Box<str>,
        /// Id of the group.
        id: Box<str>,
    },
    /// Sessions of a role, by its name.
    RoleName {
        /// Uin of the root account.
        root: Box<str>,
        /// Name of the role.
        name: Box<str>,
    },
    /// Sessions of a role, by its id.
    RoleId {
        /// Uin of the root account.
        root: Box<str>,
        /// Id of the role.
        id: Box<str>,
    },
    /// Sessions of a service-linked role, by its name.
    ServiceRole {
        /// Uin of the root account.
        root: Box<str>,
        /// Name of the role.
        name: Box<str>,
    },
    /// A service that acts for an account.
    AccountService {
        /// Uin of the root account.
        root: Box<str>,
        /// Name of the service.
        name: Box<str>,
    },
    /// A cloud service.
    Service {
        /// Its domain.
        domain: Box<str>,
    },
    /// Assertions of an identity provider.
    Provider {
        /// Uin of the root account.
        root: Box<str>,
        /// Its protocol.
        kind: ProviderKind,
        /// Its name.
        name: Box<str>,
    },
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Piece {
    /// Text that stands for itself; never empty, never two in a row.
    Literal(Box<str>),
    /// Any text; never two in a row.
    Star,
    /// The text of a variable.
    Variable(Variable),
}

/// A pattern: the pieces must cover the whole text. No pieces match the empty text only.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(pub Vec<Piece>);

/// An action of a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActionEntry {
    /// `*`: all actions of all services.
    All,
    /// Operations of one service.
    Operation {
        /// The service.
        service: Box<str>,
        /// Literals and stars only.
        operation: Pattern,
    },
}

/// A resource of a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceEntry {
    /// `*`: every resource, and the request for `*`.
    All,
    /// Six segments.
    Segments(ResourcePattern),
}

/// Six segments of a policy or of a scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourcePattern {
    /// The project.
    pub project: ProjectPattern,
    /// The service; `None` for every service.
    pub service: Option<Box<str>>,
    /// The region, canonical; `None` for every region.
    pub region: Option<Box<str>>,
    /// The owner.
    pub account: AccountPattern,
    /// The sixth segment. With the service `cos` a bucket has its slash; with no service the text stands
    /// as written and is to be read with a slash against requests of `cos` (CITE RES-24).
    pub path: Pattern,
}

/// The project of a resource (CITE RES-3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProjectPattern {
    /// Every project.
    Any,
    /// `id/0` under `legacy_project`: project 0, and none.
    Default,
    /// `id/<n>` under `legacy_project`: the digits.
    Id(Box<str>),
}

/// The account of a resource (CITE RES-7 to RES-11).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountPattern {
    /// Empty, or `uin/-1` in a preset: the account that RES-8 gives.
    Own,
    /// Every owner.
    Any,
    /// One root account by its uin.
    Uin(Box<str>),
    /// One root account by its APPID.
    AppId(Box<str>),
    /// A built-in template parameter without a value: always U (CITE EVA-8).
    Unvalued,
}

/// One requirement of a condition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Term {
    /// The operator.
    pub operator: Operator,
    /// The key.
    pub key: Box<str>,
    /// The alternatives.
    pub values: Values,
    /// Whether a further alternative has no value because a built-in template parameter has none (U).
    pub unvalued: bool,
}

/// The values of a term, by the type of its operator; sorted and without repetition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Values {
    /// String operators and `binary_equal`. Stars only with the like operators.
    Text(Vec<Pattern>),
    /// Numbers.
    Number(Vec<Decimal>),
    /// Dates.
    Date(Vec<Instant>),
    /// Booleans.
    Bool(Vec<bool>),
    /// The fewest disjoint networks of the union.
    Network(Vec<Network>),
    /// `null_equal`: whether the key must be empty.
    Null(bool),
}

/// Index into [`PolicySet::policies`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyId(pub u32);

/// An accepted document where it is attached. A template that is filled differently in several accounts
/// is several of these with one name; so is a document attached as two kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name in reasons (CITE EVA-27).
    pub name: Box<str>,
    /// What it is attached as.
    pub kind: Kind,
    /// Name of its source, relative to the world.
    pub source: Box<str>,
    /// Its statements, in the order of the source.
    pub statements: Vec<Statement>,
}

/// A world whose every document was accepted.
#[derive(Clone, Debug, Default)]
pub struct PolicySet {
    /// Options that change decisions.
    pub options: Options,
    /// Every attached document.
    pub policies: Vec<Policy>,
    /// Sorted by uin.
    pub accounts: Vec<Account>,
    /// Sorted by policy.
    pub resource_policies: Vec<ResourcePolicy>,
    /// General policies as they bind sub-accounts of accounts that are not known.
    pub general_unknown: Vec<PolicyId>,
    /// What an action needs to be of use, for explain only (CITE EVA-28); sorted by action.
    pub prerequisites: Vec<Prerequisite>,
}

/// A root account and its directory.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Its uin.
    pub uin: Box<str>,
    /// Its APPID.
    pub appid: Option<Box<str>>,
    /// Sorted by uin.
    pub users: Vec<User>,
    /// Sorted by name.
    pub groups: Vec<Group>,
    /// Sorted by name.
    pub roles: Vec<Role>,
    /// General policies as they bind the sub-accounts of this account.
    pub general: Vec<PolicyId>,
    /// Organization levels from the root down; `None` where there is no organization (CITE EVA-17).
    pub levels: Option<Vec<Vec<PolicyId>>>,
}

/// A sub-user or collaborator.
#[derive(Clone, Debug, Default)]
pub struct User {
    /// Its uin.
    pub uin: Box<str>,
    /// Its name, for people.
    pub name: Option<Box<str>>,
    /// Whether it is another root account's uin acting as a sub-account of this one.
    pub collaborator: bool,
    /// Indices into [`Account::groups`], sorted.
    pub groups: Vec<u32>,
    /// Its own policies.
    pub policies: Vec<PolicyId>,
    /// Its permissions boundary.
    pub boundary: Option<PolicyId>,
}

/// A user group.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Its name.
    pub name: Box<str>,
    /// Its id, as in `groupid/…`.
    pub id: Option<Box<str>>,
    /// Its policies.
    pub policies: Vec<PolicyId>,
}

/// A role.
#[derive(Clone, Debug, Default)]
pub struct Role {
    /// Its name.
    pub name: Box<str>,
    /// Its id.
    pub id: Option<Box<str>>,
    /// Its policies.
    pub policies: Vec<PolicyId>,
    /// Its permissions boundary.
    pub boundary: Option<PolicyId>,
    /// Who may assume it.
    pub trust: Option<PolicyId>,
    /// Whether it belongs to a service.
    pub service_linked: bool,
}

/// A policy attached to a scope (CITE EVA-9).
#[derive(Clone, Debug)]
pub struct ResourcePolicy {
    /// The scope. Its service is concrete and its account `Uin` or `AppId`.
    pub scope: ResourcePattern,
    /// The scope's owner: index into [`PolicySet::accounts`].
    pub account: u32,
    /// The document.
    pub policy: PolicyId,
}

/// What an action needs to be of use.
#[derive(Clone, Debug)]
pub struct Prerequisite {
    /// The action, `service:Operation`.
    pub action: Box<str>,
    /// Actions and resources, as a request writes them.
    pub needs: Vec<(Box<str>, Box<str>)>,
}

/// Options of a world that change decisions (semantics §10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// `list_deny=cam`: a narrow deny does not match the request resource `*` (CITE RES-18).
    pub list_deny_cam: bool,
    /// `cos_anyone_deny=unsigned` (CITE EVA-14).
    pub cos_anyone_deny_unsigned: bool,
    /// Services that take resource policies, sorted (CITE EVA-12).
    pub resource_policy_services: Vec<Box<str>>,
    /// Greatest age of an artifact in seconds (CITE REQ-14).
    pub max_artifact_age_s: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            list_deny_cam: false,
            cos_anyone_deny_unsigned: false,
            resource_policy_services: vec!["cas".into(), "cos".into()],
            max_artifact_age_s: None,
        }
    }
}
