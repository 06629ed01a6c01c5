//! One policy: its rows say what its canonical statements say, for every request.

use camshaft_bundle::schema::{
    ACCOUNT_WORDS, ROLE_WORDS, block, identity, option, policy, principal, row, scalar,
};
use camshaft_bundle::{NONE, Range, Tables};
use camshaft_frontend::limits;
use camshaft_frontend::normalize::Writer;
use camshaft_frontend::policy::{Effect, Kind, PrincipalEntry, ResourcePattern, Statement};
use camshaft_frontend::scope::read_scope;
use camshaft_frontend::setting::Parameters;
use camshaft_frontend::source::Span;
use camshaft_value::principal::ProviderKind;

use super::actions::{self, Compared, Ranks};
use super::condition::{self, Networks};
use super::entry::{self, Entry, Place, Probe, Scope};
use super::glob::Walked;
use super::read;
use super::{Asked, Found};

/// What the proof of every policy needs.
pub(super) struct Shared<'t, 'a> {
    pub(super) tables: &'t Tables<'a>,
    pub(super) ranks: Ranks<'a>,
    networks: Networks,
    /// By policy: the account of the role that trusts by it, `NONE` for none.
    accounts: Vec<u32>,
    /// States of one walk.
    states: usize,
    /// Network sets of all stretches of addresses.
    memberships: usize,
}

/// What came of one policy.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) found: Vec<Found>,
    /// What was over its budget, and the budget.
    pub(super) exhausted: Option<(String, usize)>,
}

/// An entry of a principal element: kind, root account, name or id.
type Admitted<'a> = (u32, &'a str, &'a str);

impl<'t, 'a> Shared<'t, 'a> {
    /// `None` for a bundle that contradicts itself.
    pub(super) fn new(tables: &'t Tables<'a>, states: usize, memberships: usize) -> Option<Self> {
        let networks = Networks::new(tables, memberships)?;
        let mut accounts = vec![NONE; tables.policies.records::<{ policy::WORDS }>() as usize];
        for role in tables.roles.iter_records::<ROLE_WORDS>() {
            let [identity, _, _, trust, ..] = role;
            let [_, _, _, account, ..] = tables.identities.record::<{ identity::WORDS }>(identity)?;
            for policy in policies_of(tables, trust)?.iter() {
                *accounts.get_mut(policy as usize)? = account;
            }
        }
        Some(Self { tables, ranks: Ranks::new(tables)?, networks, accounts, states, memberships })
    }

    /// Proves one policy. `None` for a bundle that contradicts itself.
    pub(super) fn policy(&self, number: u32, compared: &mut Compared) -> Option<Outcome> {
        let tables = self.tables;
        let [first_row, rows, first, statements, _, _, kind, _] =
            tables.policies.record::<{ policy::WORDS }>(number)?;
        let mut outcome = Outcome::default();
        let of = Range { start: first, end: first.checked_add(statements)? };
        let read = match read::statements(tables, of, read::kind(kind)) {
            Ok(read) => read,
            Err((statement, difference)) => {
                outcome.found.push(Found::statement(number, statement, difference));
                return Some(outcome);
            }
        };
        let scope = match self.scope(number) {
            Ok(scope) => scope,
            Err(difference) => {
                outcome.found.push(Found::policy(number, difference));
                return Some(outcome);
            }
        };
        let place = match (&scope, kind) {
            (Some((pattern, uin, appid)), policy::RESOURCE) => {
                Place::Scope(Scope { pattern, uin, appid: *appid })
            }
            (None, policy::RESOURCE) | (Some(_), _) => {
                let difference = "a scope belongs to a policy of resources, and one to each";
                outcome.found.push(Found::policy(number, difference.to_owned()));
                return Some(outcome);
            }
            (None, policy::TRUST) => match tables.uins().get(*self.accounts.get(number as usize)?) {
                Some(uin) => Place::Account(uin),
                None => {
                    outcome.found.push(Found::policy(number, "no role trusts by it".to_owned()));
                    return Some(outcome);
                }
            },
            _ => Place::Caller,
        };
        let mut next = first_row;
        let end = first_row.checked_add(rows)?;
        let mut writer = Writer::default();
        for (at, said) in of.into_iter().zip(&read) {
            let from = next;
            while next < end && statement_of(tables, next)? == at {
                next += 1;
            }
            let mut of_statement = Of { shared: self, number, at, said, place, kind: read::kind(kind) };
            let rows = Range { start: from, end: next };
            of_statement.prove(rows, compared, &mut writer, &mut outcome)?;
        }
        Some(outcome)
    }

    /// The scope of a policy and its owner; why it cannot be read otherwise.
    #[expect(clippy::type_complexity, reason = "three parts that live together")]
    fn scope(&self, number: u32) -> Result<Option<(ResourcePattern, &'a str, Option<&'a str>)>, String> {
        let tables = self.tables;
        let text = tables
            .policy_scopes
            .record::<2>(number)
            .and_then(|[start, length]| tables.scope_text.get(start, length))
            .filter(|text| !text.is_empty());
        let Some(text) = text else { return Ok(None) };
        let pattern = read_scope(text, 0, Span::default(), &Parameters::new(), true).pattern;
        let pattern = pattern.ok_or_else(|| format!("its scope `{text}` cannot be read"))?;
        let account = match &pattern.account {
            camshaft_frontend::policy::AccountPattern::Uin(uin) => tables.uins().find(uin),
            camshaft_frontend::policy::AccountPattern::AppId(appid) => {
                tables.appids().find(appid).and_then(|appid| tables.appid_accounts.get(appid))
            }
            _ => None,
        };
        let account = account.filter(|account| *account < tables.scalar(scalar::ACCOUNTS));
        let uin = account.and_then(|account| tables.uins().get(account));
        let (Some(account), Some(uin)) = (account, uin) else {
            return Err(format!("no account owns its scope `{text}`"));
        };
        let appid = tables
            .accounts
            .record::<ACCOUNT_WORDS>(account)
            .and_then(|[appid, ..]| tables.appids().get(appid));
        Ok(Some((pattern, uin, appid)))
    }
}

/// The policies of a block, none for `NONE`.
pub(crate) fn policies_of<'a>(tables: &Tables<'a>, number: u32) -> Option<camshaft_bundle::Words<'a>> {
    if number == NONE {
        return tables.block_policies.slice(Range { start: 0, end: 0 });
    }
    let [_, _, _, _, _, first, policies, ..] = tables.blocks.record::<{ block::WORDS }>(number)?;
    tables.block_policies.slice(Range { start: first, end: first.checked_add(policies)? })
}

pub(super) fn statement_of(tables: &Tables<'_>, row: u32) -> Option<u32> {
    tables.rows.record::<{ row::WORDS }>(row).map(|words| words[row::STATEMENT])
}

/// A statement and its place.
struct Of<'s, 't, 'a> {
    shared: &'s Shared<'t, 'a>,
    number: u32,
    at: u32,
    said: &'s Statement,
    place: Place<'s>,
    kind: Kind,
}

impl<'s> Of<'s, '_, '_> {
    fn prove(
        &mut self,
        rows: Range,
        compared: &mut Compared,
        writer: &mut Writer,
        outcome: &mut Outcome,
    ) -> Option<()> {
        let shared = self.shared;
        let tables = shared.tables;
        let deny = self.said.effect == Effect::Deny;
        let said = entry::of_statement(self.said, self.place);
        let mut stored = Vec::with_capacity(said.len());
        let mut last_guard = None;
        for number in rows {
            let words = tables.rows.record::<{ row::WORDS }>(number)?;
            let Some(entry) = entry::of_row(tables, &words) else {
                let difference = format!("row {number} contradicts itself");
                outcome.found.push(Found::statement(self.number, self.at, difference));
                return Some(());
            };
            if (words[row::FLAGS] & row::flag::DENY != 0) != deny {
                let (does, should) = if deny { ("allows", "deny") } else { ("denies", "allow") };
                self.report(outcome, format!("row {number} {does}, the statement is to {should}"), &entry);
                return Some(());
            }
            if !compared.same(&shared.ranks, tables, words[row::ACTIONS], &self.said.actions) {
                let action = shared.ranks.difference(tables, words[row::ACTIONS], &self.said.actions);
                self.report(outcome, format!("the actions of row {number} are others"), &entry);
                let asked = outcome.found.last_mut().and_then(|found| found.asked.as_mut());
                if let (Some(asked), Some(action)) = (asked, action) {
                    asked.action = action;
                }
                return Some(());
            }
            if last_guard != Some(words[row::GUARD]) {
                last_guard = Some(words[row::GUARD]);
                let said = (self.said.condition.as_slice(), deny);
                let guard = words[row::GUARD];
                match condition::compare(tables, &shared.networks, guard, said, writer) {
                    condition::Compared::Same => {}
                    condition::Compared::Exhausted => {
                        outcome.exhausted =
                            Some(("the addresses of its network sets".to_owned(), shared.memberships));
                    }
                    condition::Compared::Differs { how, shows } => {
                        self.report(outcome, format!("the condition of row {number} differs: {how}"), &entry);
                        let asked = outcome.found.last_mut().and_then(|found| found.asked.as_mut());
                        if let (Some(asked), Some((key, values))) = (asked, shows) {
                            asked.context.retain(|(other, _)| *other != key);
                            asked.context.extend(values.map(|values| (key, values)));
                        }
                        return Some(());
                    }
                }
            }
            if let Some(principal) = self.principals(&words)? {
                self.report(outcome, format!("row {number} binds other principals"), &entry);
                if let Some(asked) = outcome.found.last_mut().and_then(|found| found.asked.as_mut()) {
                    asked.principal = principal.or(asked.principal.take());
                }
                return Some(());
            }
            stored.push(entry);
        }
        self.entries(&said, &stored, outcome);
        Some(())
    }

    /// Every entry has a row that means it, and every row an entry.
    fn entries(&self, said: &[Entry<'_>], stored: &[Entry<'_>], outcome: &mut Outcome) {
        let deny = self.said.effect == Effect::Deny;
        // Rows stand in the order of the source, entries in that of the canonical form.
        let (mut left, mut rest): (Vec<bool>, Vec<&Entry<'_>>) = (vec![false; said.len()], Vec::new());
        let mut places: std::collections::HashMap<&Entry<'_>, usize> = std::collections::HashMap::new();
        if said.len() > 8 {
            places.extend(said.iter().zip(0..));
        }
        for row in stored {
            let place = if places.is_empty() {
                said.iter().position(|entry| entry == row)
            } else {
                places.get(row).copied()
            };
            match place.and_then(|place| left.get_mut(place)) {
                Some(met) => *met = true,
                None => rest.push(row),
            }
        }
        let mut unmet = None;
        for row in rest {
            let mut meant = false;
            for (entry, met) in said.iter().zip(&mut left) {
                match row.means(entry, deny, self.shared.states) {
                    Walked::Proven => (*met, meant) = (true, true),
                    Walked::Exhausted => {
                        // Which of the two it is stays open.
                        (*met, meant) = (true, true);
                        outcome.exhausted = Some((format!("the paths of `{entry}`"), self.shared.states));
                    }
                    Walked::Fails(_) => {}
                }
            }
            if !meant && !self.is_void(row, outcome) {
                unmet = unmet.or(Some(row));
            }
        }
        let mut missing = said.iter().zip(&left).filter(|(_, met)| !**met).map(|(entry, _)| entry);
        let missing = missing.find(|entry| !self.is_void(entry, outcome));
        let difference = match (missing, unmet) {
            (None, None) => return,
            (Some(entry), None) => format!("no row says `{entry}`"),
            (None, Some(row)) => format!("a row says `{row}`, the statement nothing like it"),
            (Some(entry), Some(row)) => format!("a row says `{row}`, the statement `{entry}`"),
        };
        let probe = self.probe(said, stored, missing, unmet);
        let asked = probe.map(|probe| self.ask(&probe));
        outcome.found.push(Found { asked, ..Found::statement(self.number, self.at, difference) });
    }

    /// Whether nothing matches an entry; over the budget nothing is said against it.
    fn is_void(&self, entry: &Entry<'_>, outcome: &mut Outcome) -> bool {
        match entry.is_void(self.said.effect == Effect::Deny, self.shared.states) {
            Walked::Proven => true,
            Walked::Fails(_) => false,
            Walked::Exhausted => {
                outcome.exhausted = Some((format!("the paths of `{entry}`"), self.shared.states));
                true
            }
        }
    }

    /// A resource that the statement covers and no row, or the reverse.
    fn probe(
        &self,
        said: &[Entry<'_>],
        stored: &[Entry<'_>],
        missing: Option<&Entry<'_>>,
        unmet: Option<&Entry<'_>>,
    ) -> Option<Probe> {
        let differs = |probe: &Probe| {
            said.iter().any(|entry| entry.covers(probe)) != stored.iter().any(|row| row.covers(probe))
        };
        let sides: Vec<&Entry<'_>> = missing.into_iter().chain(unmet).collect();
        let service = self.service();
        let mut paths: Vec<String> = Vec::new();
        if let (Some(entry), Some(row)) = (missing, unmet) {
            let (a, b) = (entry.path.widened(), row.path.widened());
            if let Walked::Fails(path) = super::glob::same(&[&a], &[&b], self.shared.states) {
                paths.extend(String::from_utf8(path).ok().filter(|path| !path.is_empty()));
            }
        }
        for side in &sides {
            paths.extend(["", "x", "x/y"].map(|filling| side.probe(&service, filling).path));
        }
        let probes: Vec<Probe> = sides.iter().map(|side| side.probe(&service, "")).collect();
        for a in &probes {
            for b in &probes {
                for path in &paths {
                    let candidates = [
                        Probe { path: path.clone(), ..a.clone() },
                        Probe { region: b.region.clone(), path: path.clone(), ..a.clone() },
                        Probe { region: "other".to_owned(), path: path.clone(), ..a.clone() },
                        Probe { owner: b.owner.clone(), path: path.clone(), ..a.clone() },
                        Probe { owner: "uin/1".to_owned(), path: path.clone(), ..a.clone() },
                        Probe { service: "other".to_owned(), path: path.clone(), ..a.clone() },
                        Probe { project: "id/1".to_owned(), path: path.clone(), ..a.clone() },
                    ];
                    if let Some(found) = candidates.into_iter().find(|probe| differs(probe)) {
                        return Some(found);
                    }
                }
            }
        }
        None
    }

    /// The service of the first action.
    fn service(&self) -> String {
        let action = self.said.actions.first().map(actions::witness).unwrap_or_default();
        action.split(':').next().unwrap_or_default().to_owned()
    }

    fn report(&self, outcome: &mut Outcome, difference: String, entry: &Entry<'_>) {
        let asked = Some(self.ask(&entry.probe(&self.service(), "")));
        outcome.found.push(Found { asked, ..Found::statement(self.number, self.at, difference) });
    }

    /// A request that the statement is about.
    fn ask(&self, probe: &Probe) -> Asked {
        Asked { resource: probe.text(), ..about(self.said) }
    }

    /// Where a row does not bind the principals that the statement names: a caller whom only one of the two admits, if
    /// there is one to name.
    fn principals(&self, words: &[u32; row::WORDS]) -> Option<Option<Option<String>>> {
        let tables = self.shared.tables;
        let set = match words[row::EXTRA].checked_sub(1) {
            None => NONE,
            Some(extra) => {
                let [set, ..] = tables.extras.record::<5>(extra)?;
                set
            }
        };
        let Some(said) = &self.said.principals else { return Some((set != NONE).then_some(None)) };
        if set == NONE {
            return Some(Some(None));
        }
        let mut stored: Vec<Admitted<'_>> = Vec::new();
        for at in tables.principal_set_ends.range(set)? {
            let [kind, root, id] = tables.principals.record::<3>(at)?;
            let rootless = matches!(kind, principal::EVERYONE | principal::ANONYMOUS | principal::SERVICE);
            let root = if rootless { "" } else { tables.uins().get(root)? };
            stored.push((
                kind,
                root,
                match kind {
                    principal::EVERYONE | principal::ANONYMOUS | principal::ROOT | principal::ACCOUNT => "",
                    principal::SUB_ACCOUNT => tables.uins().get(id)?,
                    _ => tables.names().get(id)?,
                },
            ));
        }
        let mut expected: Vec<Admitted<'_>> = said.iter().map(|entry| self.admitted(entry)).collect();
        for list in [&mut stored, &mut expected] {
            list.sort_unstable();
            list.dedup();
        }
        if stored == expected {
            return Some(None);
        }
        let of_one = |admitted: &&Admitted<'_>| stored.contains(admitted) != expected.contains(admitted);
        let mut differing = stored.iter().chain(&expected).filter(of_one);
        Some(Some(differing.find_map(|(kind, root, id)| named(tables, *kind, root, id))))
    }

    fn admitted(&self, entry: &'s PrincipalEntry) -> Admitted<'s> {
        let scope = if let Place::Scope(scope) = self.place { Some(scope) } else { None };
        let flags = self.shared.tables.scalar(scalar::OPTIONS);
        let only_unsigned = flags & option::ANYONE_DENY_UNSIGNED != 0
            && self.said.effect == Effect::Deny
            && scope.is_some_and(|scope| scope.pattern.service.as_deref() == Some("cos"));
        match entry {
            // CITE EVA-14
            PrincipalEntry::Anyone if only_unsigned => (principal::ANONYMOUS, "", ""),
            PrincipalEntry::Everyone | PrincipalEntry::Anyone => (principal::EVERYONE, "", ""),
            PrincipalEntry::Anonymous => (principal::ANONYMOUS, "", ""),
            // CITE PRI-6: in its own resource policies a root account is only itself.
            PrincipalEntry::Root { root } => {
                let own = self.kind == Kind::Resource && scope.is_some_and(|scope| scope.uin == &**root);
                (if own { principal::ROOT } else { principal::ACCOUNT }, root, "")
            }
            PrincipalEntry::SubAccount { root, uin } => (principal::SUB_ACCOUNT, root, uin),
            PrincipalEntry::Group { root, id } => (principal::GROUP, root, id),
            PrincipalEntry::RoleName { root, name } => (principal::ROLE_NAME, root, name),
            PrincipalEntry::RoleId { root, id } => (principal::ROLE_ID, root, id),
            PrincipalEntry::ServiceRole { root, name } => (principal::SERVICE_ROLE, root, name),
            PrincipalEntry::AccountService { root, name } => (principal::ACCOUNT_SERVICE, root, name),
            PrincipalEntry::Service { domain } => (principal::SERVICE, "", domain),
            PrincipalEntry::Provider { root, kind: ProviderKind::Saml, name } => {
                (principal::SAML, root, name)
            }
            PrincipalEntry::Provider { root, kind: ProviderKind::Oidc, name } => {
                (principal::OIDC, root, name)
            }
        }
    }
}

/// The action, context and principal of a request that a statement is about, as far as they can be given.
pub(super) fn about(said: &Statement) -> Asked {
    let mut context: Vec<(String, Vec<String>)> = Vec::new();
    for term in &said.condition {
        let known = context.iter().any(|(key, _)| *key == *term.key);
        if let Some(value) =
            condition::witness(term).filter(|_| !known && context.len() < limits::CONTEXT_KEYS)
        {
            context.push((term.key.to_string(), vec![value]));
        }
    }
    Asked {
        principal: said.principals.as_ref().and_then(|entries| entries.iter().find_map(caller)),
        action: said.actions.first().map(actions::witness).unwrap_or_default(),
        resource: String::new(),
        context,
    }
}

/// A caller that an entry of a bundle admits, and as few others do as may be.
fn named(tables: &Tables<'_>, kind: u32, root: &str, id: &str) -> Option<String> {
    let last = match kind {
        principal::ANONYMOUS => return Some("qcs::cam::anonymous:anonymous".to_owned()),
        principal::EVERYONE => {
            let uin = tables.uins().get(0)?;
            return Some(format!("qcs::cam::uin/{uin}:uin/{uin}"));
        }
        principal::SERVICE => return Some(format!("service/{id}")),
        principal::ROOT => format!("uin/{root}"),
        // A stranger of the account.
        principal::ACCOUNT => "uin/999999999998".to_owned(),
        principal::SUB_ACCOUNT => format!("uin/{id}"),
        principal::ROLE_NAME => format!("roleName/{id}"),
        principal::ROLE_ID => format!("role/{id}"),
        principal::SERVICE_ROLE => format!("role/tencentcloudServiceRoleName/{id}"),
        principal::ACCOUNT_SERVICE => format!("service/{id}"),
        principal::SAML => format!("saml-provider/{id}"),
        principal::OIDC => format!("oidc-provider/{id}"),
        _ => return None,
    };
    Some(format!("qcs::cam::uin/{root}:{last}"))
}

/// A caller that an entry admits.
fn caller(entry: &PrincipalEntry) -> Option<String> {
    Some(match entry {
        PrincipalEntry::Everyone | PrincipalEntry::Anyone | PrincipalEntry::Anonymous => {
            "qcs::cam::anonymous:anonymous".to_owned()
        }
        PrincipalEntry::Root { root } => format!("qcs::cam::uin/{root}:uin/{root}"),
        PrincipalEntry::SubAccount { root, uin } => format!("qcs::cam::uin/{root}:uin/{uin}"),
        PrincipalEntry::RoleName { root, name } => format!("qcs::cam::uin/{root}:roleName/{name}"),
        PrincipalEntry::RoleId { root, id } => format!("qcs::sts:{root}:assumed-role/{id}"),
        PrincipalEntry::ServiceRole { root, name } => {
            format!("qcs::cam::uin/{root}:role/tencentcloudServiceRoleName/{name}")
        }
        PrincipalEntry::AccountService { root, name } => format!("qcs::cam::uin/{root}:service/{name}"),
        PrincipalEntry::Service { domain } => format!("service/{domain}"),
        PrincipalEntry::Provider { root, kind, name } => {
            let kind = if *kind == ProviderKind::Saml { "saml" } else { "oidc" };
            format!("qcs::cam::uin/{root}:{kind}-provider/{name}")
        }
        PrincipalEntry::Group { .. } => return None,
    })
}
