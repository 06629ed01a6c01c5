//! Policies to rows: one for every resource entry of every statement, holding every test of it.

use std::collections::HashMap;

use camshaft_bundle::NONE;
use camshaft_bundle::schema::{principal, row};
use camshaft_frontend::policy::{
    AccountPattern, Effect, Kind, Pattern, Piece, Policy, PolicyId, PolicySet, PrincipalEntry,
    ProjectPattern, ResourceEntry, ResourcePattern, ResourcePolicy, Statement,
};
use camshaft_value::pattern::{Piece as Text, matches};
use camshaft_value::principal::ProviderKind;
use camshaft_value::resource::lacks_slash;

use crate::actions::Actions;
use crate::condition::Conditions;
use crate::intern::{Heap, Interner, Names, number};
use crate::row::Row;
use crate::tail::{self, Patterns, Tail};

/// Where a policy is attached, as far as its rows depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Attachment {
    /// Identities: the empty account is the caller's.
    Caller,
    /// A role of this account (its number).
    Account(u32),
    /// A scope: index of the resource policy.
    Scope(u32),
}

/// A policy as the bundle knows it.
#[derive(Clone, Debug)]
pub(crate) struct Lowered {
    pub(crate) policy: PolicyId,
    pub(crate) rows: (u32, u32),
    pub(crate) statements: (u32, u32),
}

/// Everything that rows refer to.
pub(crate) struct Lowering<'w> {
    pub(crate) world: &'w PolicySet,
    pub(crate) heap: Heap,
    pub(crate) patterns: Patterns,
    pub(crate) segments: Names,
    pub(crate) uins: Names,
    pub(crate) appids: Names,
    pub(crate) keys: Names,
    pub(crate) names: Names,
    pub(crate) actions: Actions<'w>,
    pub(crate) conditions: Conditions,
    pub(crate) principal_sets: Interner<Vec<[u32; 3]>>,
    pub(crate) extras: Interner<[u32; 5]>,
    pub(crate) rows: Vec<Row>,
    pub(crate) policies: Vec<Lowered>,
    numbers: HashMap<(PolicyId, Attachment), u32>,
}

/// What the rows of one statement have in common.
struct Common {
    effect: u32,
    actions: u32,
    guard: u32,
    principals: u32,
    statement: u32,
    star: bool,
}

impl<'w> Lowering<'w> {
    pub(crate) fn new(world: &'w PolicySet) -> Self {
        let mut heap = Heap::default();
        let mut segments = Names::default();
        // The empty segment is id 0: a request without a region.
        segments.id("");
        let actions = Actions::new(world, &mut heap, &mut segments);
        let mut lowering = Self {
            world,
            heap,
            patterns: Patterns::default(),
            segments,
            uins: Names::default(),
            appids: Names::default(),
            keys: Names::default(),
            names: Names::default(),
            actions,
            conditions: Conditions::default(),
            principal_sets: Interner::default(),
            extras: Interner::default(),
            rows: Vec::new(),
            policies: Vec::new(),
            numbers: HashMap::new(),
        };
        for key in camshaft_bundle::schema::key::TEXTS {
            lowering.keys.id(key);
        }
        for account in &world.accounts {
            lowering.uins.id(&account.uin);
        }
        for appid in world.accounts.iter().filter_map(|account| account.appid.as_deref()) {
            lowering.appids.id(appid);
        }
        for service in &world.options.resource_policy_services {
            lowering.segments.id(service);
        }
        lowering
    }

    /// The bundle's number of a policy at an attachment; its rows are made on first use.
    pub(crate) fn policy(&mut self, id: PolicyId, attachment: Attachment) -> u32 {
        if let Some(number) = self.numbers.get(&(id, attachment)) {
            return *number;
        }
        let (first_row, first_statement) =
            (self.rows.len(), self.policies.last().map_or(0, |last| last.statements.1));
        let world = self.world;
        let mut statement_number = first_statement;
        if let Some(policy) = world.policies.get(id.0 as usize) {
            for statement in &policy.statements {
                self.statement(policy, statement, attachment, statement_number);
                statement_number += 1;
            }
        }
        let lowered = Lowered {
            policy: id,
            rows: (number(first_row), number(self.rows.len())),
            statements: (first_statement, statement_number),
        };
        let policy = number(self.policies.len());
        self.policies.push(lowered);
        self.numbers.insert((id, attachment), policy);
        policy
    }

    fn statement(&mut self, policy: &Policy, statement: &Statement, attachment: Attachment, id: u32) {
        let denies = statement.effect == Effect::Deny;
        let scope = self.scope(attachment);
        let principals = match &statement.principals {
            Some(entries) => self.principals(entries, policy.kind, denies, scope) + 1,
            None => 0,
        };
        let common = Common {
            effect: if denies { row::flag::DENY } else { 0 },
            actions: self.actions.set(&statement.actions),
            guard: self.conditions.guard(
                &statement.condition,
                &mut self.heap,
                &mut self.patterns,
                &mut self.keys,
            ),
            principals,
            statement: id,
            star: denies && policy.kind != Kind::Resource && !self.world.options.list_deny_cam,
        };
        for entry in &statement.resources {
            match (entry, scope) {
                (ResourceEntry::All, None) => self.all(&common),
                (ResourceEntry::All, Some(scope)) => self.scoped(&common, &anything(), scope, attachment),
                (ResourceEntry::Segments(pattern), None) => self.unscoped(&common, pattern, attachment),
                (ResourceEntry::Segments(pattern), Some(scope)) => {
                    self.scoped(&common, pattern, scope, attachment)
                }
            }
        }
    }

    fn scope(&self, attachment: Attachment) -> Option<&'w ResourcePolicy> {
        match attachment {
            Attachment::Scope(index) => self.world.resource_policies.get(index as usize),
            _ => None,
        }
    }

    /// The entry `*`.
    fn all(&mut self, common: &Common) {
        let mut words = self.common(common, row::flag::ALL, None);
        words[row::SERVICE] = NONE;
        words[row::REGION] = NONE;
        self.rows.push(Row { words, tail: tail::ANY, star: false });
    }

    /// Six segments of an identity, boundary, session, organization or trust policy.
    fn unscoped(&mut self, common: &Common, pattern: &ResourcePattern, attachment: Attachment) {
        self.segments(common, pattern, attachment, None);
        if pattern.service.is_none()
            && let Some(path) = with_slash(&pattern.path)
        {
            // CITE RES-24: read so against requests of `cos`.
            let bucket = ResourcePattern { service: Some("cos".into()), path, ..pattern.clone() };
            self.segments(common, &bucket, attachment, None);
        }
    }

    /// Six segments inside a scope (CITE EVA-9): what cannot meet the scope makes no row.
    fn scoped(
        &mut self,
        common: &Common,
        entry: &ResourcePattern,
        policy: &ResourcePolicy,
        attachment: Attachment,
    ) {
        let scope = &policy.scope;
        let meets = |a: &Option<Box<str>>, b: &Option<Box<str>>| a.is_none() || b.is_none() || a == b;
        if !meets(&entry.service, &scope.service) || !meets(&entry.region, &scope.region) {
            return;
        }
        let owner = self.world.accounts.get(policy.account as usize);
        let denies = common.effect != 0;
        let is_owner = match &entry.account {
            AccountPattern::Own | AccountPattern::Any => true,
            AccountPattern::Uin(uin) => owner.is_some_and(|owner| owner.uin == *uin),
            AccountPattern::AppId(appid) => match owner.and_then(|owner| owner.appid.as_ref()) {
                Some(own) => own == appid,
                None => denies,
            },
            AccountPattern::Unvalued => denies,
        };
        if !is_owner {
            return;
        }
        let slashed = match (&scope.service, with_slash(&entry.path)) {
            (Some(service), Some(path)) if &**service == "cos" => path,
            _ => entry.path.clone(),
        };
        // CITE RES-21: scope and entry may go by different spellings of one object, so both are tested.
        let spelled = scope.service.as_deref() == Some("cam");
        let met = if spelled { Some((slashed, true)) } else { inside(&scope.path, slashed) };
        let (Some((path, residual)), Some(project)) = (met, both(&scope.project, &entry.project)) else {
            return;
        };
        let row = ResourcePattern {
            project,
            service: scope.service.clone(),
            region: entry.region.clone().or_else(|| scope.region.clone()),
            account: scope.account.clone(),
            path,
        };
        self.segments(common, &row, attachment, residual.then_some(&scope.path));
    }

    fn segments(
        &mut self,
        common: &Common,
        pattern: &ResourcePattern,
        attachment: Attachment,
        residual: Option<&Pattern>,
    ) {
        let owner = match attachment {
            Attachment::Caller => None,
            Attachment::Account(account) => Some(account),
            Attachment::Scope(index) => {
                self.world.resource_policies.get(index as usize).map(|policy| policy.account)
            }
        };
        let account = match (&pattern.account, owner) {
            // A scope's owner is known by its uin whichever id the scope is written with.
            (_, Some(account)) if matches!(attachment, Attachment::Scope(_)) => (row::account::UIN, account),
            (AccountPattern::Any, _) => (row::account::ANY, 0),
            (AccountPattern::Own, Some(account)) => (row::account::UIN, account),
            (AccountPattern::Own, None) => (row::account::OWN, 0),
            (AccountPattern::Uin(uin), _) => (row::account::UIN, self.uins.id(uin)),
            (AccountPattern::AppId(appid), _) => (row::account::APPID, self.appids.id(appid)),
            (AccountPattern::Unvalued, _) if common.effect != 0 => (row::account::UNVALUED, 0),
            // An allow on an account that is never known grants nothing (CITE EVA-2).
            (AccountPattern::Unvalued, _) => return,
        };
        let mut tail = tail::classify(&pattern.path, &mut self.heap, &mut self.patterns);
        let residual = match residual {
            None => NONE,
            Some(scope) => {
                let scope_tail = tail::classify(scope, &mut self.heap, &mut self.patterns);
                // The row must also match its scope, so the longer literal of the two finds it, unless the
                // scope may be met by another spelling.
                let spelled = pattern.service.as_deref() == Some("cam");
                if !spelled && scope_tail.head.1 > tail.head.1 {
                    tail = Tail { head: scope_tail.head, ..tail };
                }
                tail::store(scope, &mut self.heap, &mut self.patterns)
            }
        };
        let project = match &pattern.project {
            ProjectPattern::Any => None,
            ProjectPattern::Default => Some([row::project::DEFAULT, 0, 0]),
            ProjectPattern::Id(id) => {
                let (start, length) = self.heap.place(id);
                Some([row::project::ID, start, length])
            }
        };
        let flags = tail.kind << row::flag::TAIL_SHIFT | account.0 << row::flag::ACCOUNT_SHIFT;
        let mut words = self.common(common, flags, Some((residual, project)));
        let segments = &mut self.segments;
        let mut segment = |text: &Option<Box<str>>| text.as_deref().map_or(NONE, |text| segments.id(text));
        words[row::SERVICE] = segment(&pattern.service);
        words[row::REGION] = segment(&pattern.region);
        words[row::ACCOUNT] = account.1;
        words[row::TAIL] = tail.operand.0;
        words[row::TAIL_LENGTH] = tail.operand.1;
        self.rows.push(Row { words, tail, star: common.star });
    }

    fn common(
        &mut self,
        common: &Common,
        flags: u32,
        special: Option<(u32, Option<[u32; 3]>)>,
    ) -> [u32; row::WORDS] {
        let (residual, project) = special.unwrap_or((NONE, None));
        let plain = common.principals == 0 && residual == NONE && project.is_none();
        let extra = if plain {
            0
        } else {
            let [kind, start, length] = project.unwrap_or([row::project::ANY, 0, 0]);
            self.extras.id([common.principals.wrapping_sub(1), residual, kind, start, length]) + 1
        };
        let mut words = [0; row::WORDS];
        words[row::FLAGS] = flags | common.effect;
        words[row::ACTIONS] = common.actions;
        words[row::GUARD] = common.guard;
        words[row::STATEMENT] = common.statement;
        words[row::EXTRA] = extra;
        words
    }

    fn principals(
        &mut self,
        entries: &[PrincipalEntry],
        kind: Kind,
        denies: bool,
        scope: Option<&ResourcePolicy>,
    ) -> u32 {
        let owner = scope.and_then(|scope| self.world.accounts.get(scope.account as usize));
        let cos = scope.is_some_and(|scope| scope.scope.service.as_deref() == Some("cos"));
        let unsigned_only = denies && cos && self.world.options.cos_anyone_deny_unsigned;
        let mut set: Vec<[u32; 3]> = Vec::with_capacity(entries.len());
        for entry in entries {
            let uins = &mut self.uins;
            let names = &mut self.names;
            let mut named = |kind, root: &str, name: &str| [kind, uins.id(root), names.id(name)];
            set.push(match entry {
                // CITE EVA-14
                PrincipalEntry::Anyone if unsigned_only => [principal::ANONYMOUS, 0, 0],
                PrincipalEntry::Everyone | PrincipalEntry::Anyone => [principal::EVERYONE, 0, 0],
                PrincipalEntry::Anonymous => [principal::ANONYMOUS, 0, 0],
                // CITE PRI-6
                PrincipalEntry::Root { root }
                    if kind == Kind::Resource && owner.is_some_and(|owner| owner.uin == *root) =>
                {
                    [principal::ROOT, self.uins.id(root), 0]
                }
                PrincipalEntry::Root { root } => [principal::ACCOUNT, self.uins.id(root), 0],
                PrincipalEntry::SubAccount { root, uin } => {
                    [principal::SUB_ACCOUNT, self.uins.id(root), self.uins.id(uin)]
                }
                PrincipalEntry::Group { root, id } => named(principal::GROUP, root, id),
                PrincipalEntry::RoleName { root, name } => named(principal::ROLE_NAME, root, name),
                PrincipalEntry::RoleId { root, id } => named(principal::ROLE_ID, root, id),
                PrincipalEntry::ServiceRole { root, name } => named(principal::SERVICE_ROLE, root, name),
                PrincipalEntry::AccountService { root, name } => {
                    named(principal::ACCOUNT_SERVICE, root, name)
                }
                PrincipalEntry::Service { domain } => [principal::SERVICE, 0, self.names.id(domain)],
                PrincipalEntry::Provider { root, kind: ProviderKind::Saml, name } => {
                    named(principal::SAML, root, name)
                }
                PrincipalEntry::Provider { root, kind: ProviderKind::Oidc, name } => {
                    named(principal::OIDC, root, name)
                }
            });
        }
        set.sort_unstable();
        set.dedup();
        self.principal_sets.id(set)
    }
}

/// Six segments that leave everything to the scope.
fn anything() -> ResourcePattern {
    ResourcePattern {
        project: ProjectPattern::Any,
        service: None,
        region: None,
        account: AccountPattern::Any,
        path: Pattern(vec![Piece::Star]),
    }
}

/// The projects that lie in both, `None` for none (CITE RES-3).
fn both(a: &ProjectPattern, b: &ProjectPattern) -> Option<ProjectPattern> {
    match (a, b) {
        (ProjectPattern::Any, project) | (project, ProjectPattern::Any) => Some(project.clone()),
        (a, b) => (a == b).then(|| a.clone()),
    }
}

/// The bucket with its slash, where the pattern is one literal that lacks it.
fn with_slash(path: &Pattern) -> Option<Pattern> {
    match path.0.as_slice() {
        [Piece::Literal(text)] if lacks_slash("cos", text) => {
            Some(Pattern(vec![Piece::Literal(format!("{text}/").into())]))
        }
        _ => None,
    }
}

/// The pattern of what lies in both, and whether the scope must still be tested; `None` when nothing does.
fn inside(scope: &Pattern, entry: Pattern) -> Option<(Pattern, bool)> {
    let star = [Piece::Star];
    match (scope.0.as_slice(), entry.0.as_slice()) {
        (scope, _) if scope == star => Some((entry, false)),
        (_, entry) if entry == star => Some((scope.clone(), false)),
        ([Piece::Literal(literal), Piece::Star], [Piece::Literal(head), ..])
            if head.starts_with(&**literal) =>
        {
            Some((entry, false))
        }
        ([Piece::Literal(literal)], pieces) => match fixed(pieces) {
            Some(fixed) => matches(fixed.into_iter(), literal).then(|| (scope.clone(), false)),
            None => Some((entry, true)),
        },
        (pieces, [Piece::Literal(literal)]) => match fixed(pieces) {
            Some(fixed) => matches(fixed.into_iter(), literal).then_some((entry, false)),
            None => Some((entry, true)),
        },
        _ => Some((entry, true)),
    }
}

/// The pieces for the matcher, where there are no variables.
fn fixed(pieces: &[Piece]) -> Option<Vec<Text<'_>>> {
    let piece = |piece| match piece {
        &Piece::Star => Some(Text::Star),
        Piece::Literal(text) => Some(Text::Literal(text)),
        Piece::Variable(_) => None,
    };
    pieces.iter().map(piece).collect()
}
