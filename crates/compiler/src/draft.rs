//! Policies to rows: one for every resource entry of every statement, holding every test of it.
//!
//! In: some policies at their attachments, and the numbers that are already given. Out: a [`Draft`], whose texts,
//! patterns, sets and conditions have numbers of its own, in order of appearance; `lower` puts the drafts of a
//! world together. Drafts know nothing of each other, so that many threads can make them.

use camshaft_bundle::NONE;
use camshaft_bundle::schema::{principal, row};
use camshaft_frontend::policy::{
    AccountPattern, Effect, Kind, Pattern, Piece, Policy, PolicyId, PrincipalEntry, ProjectPattern,
    ResourceEntry, ResourcePattern, ResourcePolicy, Statement,
};
use camshaft_value::pattern::{Piece as Text, matches};
use camshaft_value::principal::ProviderKind;
use camshaft_value::resource::lacks_slash;

use crate::actions::Sets;
use crate::condition::Conditions;
use crate::intern::{Hashing, Heap, Interner, Names, OWN, number};
use crate::lower::{Attached, Attachment, Lowering};
use crate::row::Row;
use crate::tail::{self, Patterns, Tail};

/// Statements of one draft: enough that few texts stand in several, few enough to stay in a cache.
pub(crate) const CHUNK: usize = 4_096;

/// The texts of a draft; a place is a number from 1 and a length, and 0 stands for none.
#[derive(Debug)]
pub(crate) struct Scraps(Heap);

impl Scraps {
    /// How many texts there are, and their bytes.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.0.len(), self.0.text().len())
    }

    /// Number and length of a text.
    pub(crate) fn place(&mut self, text: &str) -> (u32, u32) {
        (self.0.id(text) + 1, number(text.len()))
    }
}

/// Some policies as rows. Numbers with [`OWN`] in them are of the draft's tables, others of the world's.
#[derive(Debug)]
pub(crate) struct Draft<'w> {
    pub(crate) heap: Scraps,
    pub(crate) patterns: Patterns,
    pub(crate) segments: Names,
    pub(crate) uins: Names,
    pub(crate) appids: Names,
    pub(crate) keys: Names,
    pub(crate) names: Names,
    pub(crate) sets: Sets,
    pub(crate) conditions: Conditions<'w>,
    pub(crate) principal_sets: Interner<Vec<[u32; 3]>>,
    pub(crate) extras: Interner<[u32; 5]>,
    pub(crate) rows: Vec<Row>,
    /// Where each policy ends.
    pub(crate) ends: Vec<Mark>,
}

/// How far the tables of a draft are filled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    /// The policy that ends here.
    pub(crate) policy: PolicyId,
    pub(crate) attachment: Attachment,
    pub(crate) rows: u32,
    pub(crate) statements: u32,
    heap: u32,
    patterns: u32,
    segments: u32,
    uins: u32,
    appids: u32,
    keys: u32,
    names: u32,
    sets: u32,
    networks: u32,
    terms: u32,
    guards: u32,
    principal_sets: u32,
    extras: u32,
}

/// The numbers that the items of a draft have in the world.
#[derive(Debug, Default)]
pub(crate) struct Maps {
    /// Starts of texts.
    heap: Vec<u32>,
    patterns: Vec<u32>,
    segments: Vec<u32>,
    uins: Vec<u32>,
    appids: Vec<u32>,
    keys: Vec<u32>,
    names: Vec<u32>,
    sets: Vec<u32>,
    networks: Vec<u32>,
    terms: Vec<u32>,
    guards: Vec<u32>,
    principal_sets: Vec<u32>,
    extras: Vec<u32>,
}

/// Numbers the items between those that have a number and a mark.
fn extend(map: &mut Vec<u32>, to: u32, mut number: impl FnMut(usize) -> u32) {
    map.extend((map.len()..to as usize).map(&mut number));
}

fn look(map: &[u32], at: u32) -> u32 {
    map.get(at as usize).copied().unwrap_or(0)
}

/// The number in the world of what may be an item of the draft.
fn own(map: &[u32], id: u32) -> u32 {
    if id == NONE || id & OWN == 0 { id } else { look(map, id & !OWN) }
}

impl Maps {
    /// The start of a text, 0 for none.
    pub(crate) fn text(&self, id: u32) -> u32 {
        id.checked_sub(1).map_or(0, |id| look(&self.heap, id))
    }

    fn place(&self, (id, length): (u32, u32)) -> (u32, u32) {
        (self.text(id), length)
    }

    pub(crate) fn pattern(&self, id: u32) -> u32 {
        look(&self.patterns, id)
    }

    pub(crate) fn network_set(&self, id: u32) -> u32 {
        look(&self.networks, id)
    }

    pub(crate) fn key(&self, id: u32) -> u32 {
        own(&self.keys, id)
    }

    pub(crate) fn term(&self, id: u32) -> u32 {
        look(&self.terms, id)
    }

    /// Gives the items of a draft up to a mark their numbers: in order of appearance, and what refers to others
    /// after them.
    pub(crate) fn advance<'w>(&mut self, draft: &mut Draft<'w>, to: &Mark, world: &mut Lowering<'w>) {
        extend(&mut self.heap, to.heap, |at| {
            let (hash, text) = draft.heap.0.hashed(at);
            world.heap.place_hashed(hash, text).0
        });
        let names = [
            (&mut self.segments, to.segments, &draft.segments, &mut world.segments),
            (&mut self.uins, to.uins, &draft.uins, &mut world.uins),
            (&mut self.appids, to.appids, &draft.appids, &mut world.appids),
            (&mut self.keys, to.keys, &draft.keys, &mut world.keys),
            (&mut self.names, to.names, &draft.names, &mut world.names),
        ];
        for (map, to, draft, world) in names {
            extend(map, to, |at| {
                let (hash, text) = draft.hashed(at);
                world.id_hashed(hash, text)
            });
        }
        while self.patterns.len() < to.patterns as usize {
            let pieces = draft.patterns.items().get(self.patterns.len()).map_or(&[][..], |pieces| pieces);
            let pieces: Vec<[u32; 3]> =
                pieces.iter().map(|[kind, text, length]| [*kind, self.text(*text), *length]).collect();
            self.patterns.push(world.patterns.id(pieces));
        }
        extend(&mut self.sets, to.sets, |at| world.actions.take(&mut draft.sets, at));
        extend(&mut self.networks, to.networks, |at| {
            world.conditions.networks.take(&draft.conditions.networks, at)
        });
        while self.terms.len() < to.terms as usize {
            let term = world.conditions.take_term(&mut draft.conditions, self.terms.len(), self);
            self.terms.push(term);
        }
        while self.guards.len() < to.guards as usize {
            let guard = world.conditions.take_guard(&draft.conditions, self.guards.len(), self);
            self.guards.push(guard);
        }
        while self.principal_sets.len() < to.principal_sets as usize {
            let set = draft.principal_sets.items().get(self.principal_sets.len());
            let mut set: Vec<[u32; 3]> =
                set.into_iter().flatten().map(|entry| self.principal(*entry)).collect();
            set.sort_unstable();
            self.principal_sets.push(world.principal_sets.id(set));
        }
        while self.extras.len() < to.extras as usize {
            let extra = draft.extras.items().get(self.extras.len()).copied().unwrap_or_default();
            let [principals, residual, project, text, length] = extra;
            let principals = if principals == NONE { NONE } else { look(&self.principal_sets, principals) };
            let residual = if residual == NONE { NONE } else { self.pattern(residual) };
            self.extras.push(world.extras.id([principals, residual, project, self.text(text), length]));
        }
    }

    fn principal(&self, [kind, root, id]: [u32; 3]) -> [u32; 3] {
        let id = if kind == principal::SUB_ACCOUNT { own(&self.uins, id) } else { own(&self.names, id) };
        [kind, own(&self.uins, root), id]
    }

    /// Puts the world's numbers into a row whose statements begin at a number.
    pub(crate) fn translate(&self, row: &mut Row, first_statement: u32) {
        let plus_one = |map: &[u32], id: u32| id.checked_sub(1).map_or(0, |id| look(map, id) + 1);
        let account_kind = row.account_kind();
        let words = &mut row.words;
        words[row::SERVICE] = own(&self.segments, words[row::SERVICE]);
        words[row::REGION] = own(&self.segments, words[row::REGION]);
        words[row::ACCOUNT] = match account_kind {
            row::account::UIN => own(&self.uins, words[row::ACCOUNT]),
            row::account::APPID => own(&self.appids, words[row::ACCOUNT]),
            _ => words[row::ACCOUNT],
        };
        words[row::ACTIONS] = look(&self.sets, words[row::ACTIONS]);
        words[row::GUARD] = plus_one(&self.guards, words[row::GUARD]);
        words[row::STATEMENT] += first_statement;
        words[row::EXTRA] = plus_one(&self.extras, words[row::EXTRA]);
        let tail = &mut row.tail;
        tail.operand = match tail.kind {
            row::tail::ANY => tail.operand,
            row::tail::PATTERN | row::tail::VARIABLE => (self.pattern(tail.operand.0), 0),
            _ => self.place(tail.operand),
        };
        (tail.head, tail.foot) = (self.place(tail.head), self.place(tail.foot));
        (words[row::TAIL], words[row::TAIL_LENGTH]) = tail.operand;
    }
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

/// Makes one draft.
struct Drafter<'l, 'w> {
    /// The numbers that were given before.
    base: &'l Lowering<'w>,
    draft: Draft<'w>,
}

impl<'w> Draft<'w> {
    /// The rows of some policies at their attachments.
    pub(crate) fn new(base: &Lowering<'w>, policies: &[Attached], hashing: &Hashing) -> Self {
        let names = || Names::new(hashing);
        let draft = Draft {
            heap: Scraps(Heap::new(hashing)),
            patterns: Patterns::new(hashing),
            segments: names(),
            uins: names(),
            appids: names(),
            keys: names(),
            names: names(),
            sets: Sets::new(hashing),
            conditions: Conditions::new(hashing, base.conditions.list_networks),
            principal_sets: Interner::new(hashing),
            extras: Interner::new(hashing),
            rows: Vec::new(),
            ends: Vec::with_capacity(policies.len()),
        };
        let mut drafter = Drafter { base, draft };
        let mut statement_number = 0;
        for (id, attachment) in policies {
            if let Some(policy) = base.world.policies.get(id.0 as usize) {
                for statement in &policy.statements {
                    drafter.statement(policy, statement, *attachment, statement_number);
                    statement_number += 1;
                }
            }
            let mark = drafter.draft.mark((*id, *attachment), statement_number);
            drafter.draft.ends.push(mark);
        }
        drafter.draft
    }

    fn mark(&self, (policy, attachment): Attached, statements: u32) -> Mark {
        Mark {
            policy,
            attachment,
            rows: number(self.rows.len()),
            statements,
            heap: number(self.heap.0.len()),
            patterns: number(self.patterns.items().len()),
            segments: number(self.segments.texts().len()),
            uins: number(self.uins.texts().len()),
            appids: number(self.appids.texts().len()),
            keys: number(self.keys.texts().len()),
            names: number(self.names.texts().len()),
            sets: number(self.sets.len()),
            networks: number(self.conditions.networks.len()),
            terms: number(self.conditions.terms.len()),
            guards: number(self.conditions.guards.items().len()),
            principal_sets: number(self.principal_sets.items().len()),
            extras: number(self.extras.items().len()),
        }
    }
}

impl<'w> Drafter<'_, 'w> {
    fn statement(&mut self, policy: &'w Policy, statement: &'w Statement, attachment: Attachment, id: u32) {
        let denies = statement.effect == Effect::Deny;
        let scope = self.scope(attachment);
        let principals = match &statement.principals {
            Some(entries) => self.principals(entries, policy.kind, denies, scope) + 1,
            None => 0,
        };
        let draft = &mut self.draft;
        let common = Common {
            effect: if denies { row::flag::DENY } else { 0 },
            actions: draft.sets.set(&self.base.actions, &statement.actions),
            guard: draft.conditions.guard(
                &statement.condition,
                &mut draft.heap,
                &mut draft.patterns,
                |key| self.base.keys.id_or_own(&mut draft.keys, key),
            ),
            principals,
            statement: id,
            star: denies && policy.kind != Kind::Resource && !self.base.world.options.list_deny_cam,
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
            Attachment::Scope(index) => self.base.world.resource_policies.get(index as usize),
            _ => None,
        }
    }

    fn uin(&mut self, uin: &str) -> u32 {
        self.base.uins.id_or_own(&mut self.draft.uins, uin)
    }

    fn name(&mut self, name: &str) -> u32 {
        self.base.names.id_or_own(&mut self.draft.names, name)
    }

    /// The entry `*`.
    fn all(&mut self, common: &Common) {
        let mut words = self.common(common, row::flag::ALL, None);
        words[row::SERVICE] = NONE;
        words[row::REGION] = NONE;
        self.draft.rows.push(Row { words, tail: tail::ANY, star: false });
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
        let owner = self.base.world.accounts.get(policy.account as usize);
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
                self.base.world.resource_policies.get(index as usize).map(|policy| policy.account)
            }
        };
        let account = match (&pattern.account, owner) {
            // A scope's owner is known by its uin whichever id the scope is written with.
            (_, Some(account)) if matches!(attachment, Attachment::Scope(_)) => (row::account::UIN, account),
            (AccountPattern::Any, _) => (row::account::ANY, 0),
            (AccountPattern::Own, Some(account)) => (row::account::UIN, account),
            (AccountPattern::Own, None) => (row::account::OWN, 0),
            (AccountPattern::Uin(uin), _) => (row::account::UIN, self.uin(uin)),
            (AccountPattern::AppId(appid), _) => {
                (row::account::APPID, self.base.appids.id_or_own(&mut self.draft.appids, appid))
            }
            (AccountPattern::Unvalued, _) if common.effect != 0 => (row::account::UNVALUED, 0),
            // An allow on an account that is never known grants nothing (CITE EVA-2).
            (AccountPattern::Unvalued, _) => return,
        };
        let mut tail = tail::classify(&pattern.path, &mut self.draft.heap, &mut self.draft.patterns);
        let residual = match residual {
            None => NONE,
            Some(scope) => {
                let scope_tail = tail::classify(scope, &mut self.draft.heap, &mut self.draft.patterns);
                // The row must also match its scope, so the longer literal of the two finds it, unless the
                // scope may be met by another spelling.
                let spelled = pattern.service.as_deref() == Some("cam");
                if !spelled && scope_tail.head.1 > tail.head.1 {
                    tail = Tail { head: scope_tail.head, ..tail };
                }
                tail::store(scope, &mut self.draft.heap, &mut self.draft.patterns)
            }
        };
        let project = match &pattern.project {
            ProjectPattern::Any => None,
            ProjectPattern::Default => Some([row::project::DEFAULT, 0, 0]),
            ProjectPattern::Id(id) => {
                let (start, length) = self.draft.heap.place(id);
                Some([row::project::ID, start, length])
            }
        };
        let flags = tail.kind << row::flag::TAIL_SHIFT | account.0 << row::flag::ACCOUNT_SHIFT;
        let mut words = self.common(common, flags, Some((residual, project)));
        let (base, own) = (&self.base.segments, &mut self.draft.segments);
        let mut segment =
            |text: &Option<Box<str>>| text.as_deref().map_or(NONE, |text| base.id_or_own(own, text));
        words[row::SERVICE] = segment(&pattern.service);
        words[row::REGION] = segment(&pattern.region);
        words[row::ACCOUNT] = account.1;
        words[row::TAIL] = tail.operand.0;
        words[row::TAIL_LENGTH] = tail.operand.1;
        self.draft.rows.push(Row { words, tail, star: common.star });
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
            self.draft.extras.id([common.principals.wrapping_sub(1), residual, kind, start, length]) + 1
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
        let owner = scope.and_then(|scope| self.base.world.accounts.get(scope.account as usize));
        let cos = scope.is_some_and(|scope| scope.scope.service.as_deref() == Some("cos"));
        let unsigned_only = denies && cos && self.base.world.options.cos_anyone_deny_unsigned;
        let mut set: Vec<[u32; 3]> = Vec::with_capacity(entries.len());
        for entry in entries {
            let mut named = |kind, root: &str, name: &str| [kind, self.uin(root), self.name(name)];
            set.push(match entry {
                // CITE EVA-14
                PrincipalEntry::Anyone if unsigned_only => [principal::ANONYMOUS, 0, 0],
                PrincipalEntry::Everyone | PrincipalEntry::Anyone => [principal::EVERYONE, 0, 0],
                PrincipalEntry::Anonymous => [principal::ANONYMOUS, 0, 0],
                // CITE PRI-6
                PrincipalEntry::Root { root }
                    if kind == Kind::Resource && owner.is_some_and(|owner| owner.uin == *root) =>
                {
                    [principal::ROOT, self.uin(root), 0]
                }
                PrincipalEntry::Root { root } => [principal::ACCOUNT, self.uin(root), 0],
                PrincipalEntry::SubAccount { root, uin } => {
                    [principal::SUB_ACCOUNT, self.uin(root), self.uin(uin)]
                }
                PrincipalEntry::Group { root, id } => named(principal::GROUP, root, id),
                PrincipalEntry::RoleName { root, name } => named(principal::ROLE_NAME, root, name),
                PrincipalEntry::RoleId { root, id } => named(principal::ROLE_ID, root, id),
                PrincipalEntry::ServiceRole { root, name } => named(principal::SERVICE_ROLE, root, name),
                PrincipalEntry::AccountService { root, name } => {
                    named(principal::ACCOUNT_SERVICE, root, name)
                }
                PrincipalEntry::Service { domain } => [principal::SERVICE, 0, self.name(domain)],
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
        self.draft.principal_sets.id(set)
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
            // A variable without a value leaves the entry open, not the scope (CITE VAR-4, EVA-9).
            let open = fixed(&entry.0).is_none();
            Some((entry, open))
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
