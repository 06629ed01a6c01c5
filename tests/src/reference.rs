//! Reference evaluator: the plain reading of the rules, which every engine is compared with.
//!
//! In: a world and requests as strict JSON; the frontend has accepted the world. Out: an [`Outcome`]. Callers: the
//! suites. It shares no parsing, matching or normalising code with the product, so that an error has to be made twice
//! to go unseen. It favours obviousness: a world is read once into plain structures, then everything is a loop.
//! Reading is in [`read`].

mod read;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use read::{address, decimal, instant, network};

/// What a request comes to (CITE EVA-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Granted.
    Allow,
    /// A deny matched.
    ExplicitDeny,
    /// No deny, and some layer grants nothing.
    ImplicitDeny,
    /// The request has no decision (CITE REQ-12).
    Error,
}

/// Decision with its ground.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The decision.
    pub decision: Decision,
    /// `policy#index` of the deciding statements (CITE EVA-23, EVA-27); empty for implicit denies and errors.
    pub reasons: BTreeSet<String>,
    /// For an implicit deny: the layer that failed.
    pub blocked_by: Option<&'static str>,
    /// For an error: its code.
    pub code: Option<&'static str>,
}

/// The world, read.
pub struct Reference {
    accounts: HashMap<String, Account>,
    uin_of_appid: HashMap<String, String>,
    resource_policies: Vec<(Resource, Vec<Statement>)>,
    /// General policies as they bind sub-accounts of unknown accounts (CITE EVA-8).
    general: Vec<Statement>,
    list_deny_cam: bool,
    anyone_deny_unsigned: bool,
    resource_policy_services: Vec<String>,
    max_artifact_age_s: Option<u64>,
    /// As given, for the catalogue and the parameters of session policies.
    world: Value,
}

#[derive(Default)]
struct Account {
    json: Value,
    appid: Option<String>,
    identities: Vec<Identity>,
    /// Every spelling of a user or role below the account, to its place in `identities`.
    by_name: HashMap<String, usize>,
    levels: Vec<Vec<Statement>>,
    general: Vec<Statement>,
}

/// A user or a role. `names` is all it is called below its account: `uin/…` and then the `groupid/…` of a user, the
/// spellings of a role (CITE RES-21).
struct Identity {
    names: Vec<String>,
    linked: bool,
    policies: Vec<Statement>,
    boundary: Option<Vec<Statement>>,
    trust: Vec<Statement>,
}

/// Principals are (root account, name below it), `None` where the kind of document has none; actions are (service,
/// operation). In all texts policy variables, and parameters without a value (CITE EVA-8), are left as `${…}`.
struct Statement {
    id: String,
    deny: bool,
    principals: Option<Vec<(String, String)>>,
    actions: Vec<(String, String)>,
    resources: Vec<Resource>,
    terms: Vec<Term>,
}

/// Project, service, region, account, sixth segment, and the last as read against requests of `cos` (CITE RES-24);
/// `None` for the entry `*`.
type Resource = Option<[String; 6]>;

/// Operator, key, values.
type Term = (String, String, Vec<String>);

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Root,
    SubAccount,
    Role,
    /// Services and identity providers.
    Machine,
    Anonymous,
}

/// `known`: the directory holds it (CITE REQ-13); `uin`: its root account, empty for `service/D` and the unsigned.
struct Caller<'a> {
    kind: Kind,
    known: bool,
    uin: &'a str,
    account: Option<&'a Account>,
    identity: Option<&'a Identity>,
    names: Vec<Cow<'a, str>>,
}

struct Query<'a> {
    caller: Caller<'a>,
    service: &'a str,
    operation: &'a str,
    targets: Vec<Target<'a>>,
    context: Vec<(&'a str, Vec<Cow<'a, str>>)>,
    session: Option<Vec<Statement>>,
}

/// A requested resource; `*` is one without spelling.
#[derive(Default)]
struct Target<'a> {
    project: &'a str,
    service: &'a str,
    region: &'a str,
    uin: Option<&'a str>,
    appid: Option<&'a str>,
    spellings: Vec<Cow<'a, str>>,
    role: Option<&'a Identity>,
}

/// Kleene truth, in the order in which AND is the least and OR the greatest (CITE CON-5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Truth {
    F,
    U,
    T,
}
use Truth::{F, T, U};

fn truth(holds: Option<bool>) -> Truth {
    holds.map_or(U, |holds| if holds { T } else { F })
}

fn and(parts: impl IntoIterator<Item = Truth>) -> Truth {
    parts.into_iter().min().unwrap_or(T)
}

fn or(parts: impl IntoIterator<Item = Truth>) -> Truth {
    parts.into_iter().max().unwrap_or(F)
}

type Ids<'a> = BTreeSet<&'a str>;

impl Reference {
    /// Decides one request.
    pub fn decide(&self, request: &Value) -> Outcome {
        let outcome = |decision, reasons: Ids, blocked_by, code| {
            let reasons = reasons.into_iter().map(String::from).collect();
            Outcome { decision, reasons, blocked_by, code }
        };
        let query = match self.read(request) {
            Ok(query) => query,
            Err(code) => return outcome(Decision::Error, Ids::new(), None, Some(code)),
        };
        let (mut denies, mut allows, mut open) = (Ids::new(), Ids::new(), None);
        for target in &query.targets {
            let (denied, granted, failed) = self.decide_one(&query, target);
            denies.extend(denied);
            allows.extend(granted);
            open = open.or(failed);
        }
        if !denies.is_empty() {
            outcome(Decision::ExplicitDeny, denies, None, None)
        } else if open.is_some() {
            outcome(Decision::ImplicitDeny, Ids::new(), open, None)
        } else {
            outcome(Decision::Allow, allows, None, None)
        }
    }

    /// Matching denies, granting allows, and the first layer that failed.
    fn decide_one<'s>(&'s self, q: &'s Query, r: &'s Target) -> (Ids<'s>, Ids<'s>, Option<&'static str>) {
        let c = &q.caller;
        let mut denies = Ids::new();
        let mut run = |statements: &mut dyn Iterator<Item = &'s Statement>| {
            let mut allows = Ids::new();
            for s in statements {
                match (s.deny, self.matches(s, c, q, r)) {
                    (true, T | U) => drop(denies.insert(&s.id)),
                    (false, T) => drop(allows.insert(&s.id)),
                    _ => {}
                }
            }
            allows
        };
        let is_root = c.kind == Kind::Root && c.known;
        let linked = c.identity.is_some_and(|identity| identity.linked);
        let bound = !linked && !matches!(c.kind, Kind::Machine | Kind::Anonymous); // CITE EVA-17
        let levels = c.account.filter(|_| bound).map_or(&[][..], |account| &account.levels);
        let mut scp = true;
        for level in levels {
            scp &= !run(&mut level.iter()).is_empty();
        }
        let general = c.account.map_or(&self.general, |account| &account.general);
        let general = general.iter().filter(|_| c.kind == Kind::SubAccount);
        let mut identity = run(&mut c.identity.iter().flat_map(|i| &i.policies).chain(general));
        let boundary = c.identity.and_then(|i| i.boundary.as_ref());
        let boundary = boundary.is_none_or(|policy| !run(&mut policy.iter()).is_empty());
        let capped = q.session.as_ref().is_none_or(|policy| !run(&mut policy.iter()).is_empty());

        let (mut by_owner, mut anon, mut anon_denied) = (Ids::new(), Ids::new(), false);
        let unsigned = Caller::unsigned();
        for (scope, statements) in &self.resource_policies {
            if r.is_star() || self.covers(scope, false, &unsigned, q, r) != T {
                continue;
            }
            by_owner.extend(run(&mut statements.iter()));
            for s in statements {
                match (s.deny, self.matches(s, &unsigned, q, r)) {
                    (true, T | U) => anon_denied = true,
                    (false, T) => drop(anon.insert(&s.id)),
                    _ => {}
                }
            }
        }
        if anon_denied {
            anon = Ids::new();
        }
        let assumes = assumes_role(q);
        let mut trust = run(&mut r.role.filter(|_| assumes).iter().flat_map(|role| &role.trust));
        if !c.known {
            (identity, by_owner, trust) = Default::default(); // CITE REQ-13
        }

        let own = r.is_star() || (r.uin.is_some_and(|owner| owner == c.uin));
        let (grant, ok, layer) = if assumes {
            let right = is_root || c.kind == Kind::Machine || !identity.is_empty();
            let layer = if trust.is_empty() { "trust" } else { "identity" };
            (&trust | &identity, !trust.is_empty() && right, layer)
        } else if matches!(c.kind, Kind::Machine | Kind::Anonymous) {
            (by_owner.clone(), !by_owner.is_empty(), "resource")
        } else if own {
            let grant = &(&identity | &by_owner) | &anon;
            (grant.clone(), is_root || !grant.is_empty(), "identity")
        } else {
            let both = !by_owner.is_empty() && (is_root || !identity.is_empty());
            let layer = if by_owner.is_empty() && anon.is_empty() { "resource" } else { "identity" };
            let ok = both || !anon.is_empty();
            (if both { &(&anon | &by_owner) | &identity } else { anon }, ok, layer)
        };
        let layers = [(scp, "scp"), (boundary, "boundary"), (capped, "session"), (ok, layer)];
        (denies, grant, layers.into_iter().find(|(passed, _)| !passed).map(|(_, layer)| layer))
    }

    /// An AND of four parts (CITE EVA-1): the cheap ones first, and nothing after a false one.
    fn matches(&self, s: &Statement, c: &Caller, q: &Query, r: &Target) -> Truth {
        let action = or(s.actions.iter().map(|(service, operation)| match service.as_str() {
            "*" => T,
            _ => like(service, q.service, c).min(like(operation, q.operation, c)),
        }));
        if action == F || !s.principals.as_ref().is_none_or(|entries| self.admits(entries, s.deny, c, r)) {
            return F;
        }
        let covered = or(s.resources.iter().map(|entry| self.covers(entry, s.deny, c, q, r)));
        if covered == F {
            return F;
        }
        action.min(covered).min(and(s.terms.iter().map(|condition| term(condition, c, q))))
    }

    fn admits(&self, entries: &[(String, String)], deny: bool, c: &Caller, r: &Target) -> bool {
        let unsigned_only = deny && self.anyone_deny_unsigned && r.service == "cos"; // CITE EVA-14
        entries.iter().any(|(account, name)| match name.as_str() {
            "anyone" if unsigned_only => c.kind == Kind::Anonymous,
            "anyone" | "*" => true,
            "all" => account == c.uin && matches!(c.kind, Kind::Root | Kind::SubAccount | Kind::Role),
            _ => account == c.uin && c.names.iter().any(|own| own == name),
        })
    }

    fn covers(&self, entry: &Resource, deny: bool, c: &Caller, q: &Query, r: &Target) -> Truth {
        let Some([project, service, region, account, sixth, sixth_of_cos]) = entry else { return T };
        if r.is_star() {
            return if deny && !self.list_deny_cam { like(service, q.service, c) } else { F }; // CITE RES-17, RES-18
        }
        let project = match (project.as_str(), r.project) {
            ("" | "*" | "id/*", _) | ("id/0", "") => T,
            (wanted, given) => truth(Some(wanted == given)),
        };
        let mut covered = project.min(like(service, r.service, c));
        if covered != F && region != "*" {
            covered = covered.min(if r.region.is_empty() { U } else { like(region, r.region, c) });
        }
        if covered != F && account != "*" {
            let id = if account.starts_with("uid/") { r.appid } else { r.uin };
            covered = covered.min(id.map_or(U, |id| like(&account[4..], id, c))); // CITE RES-9
        }
        if covered == F {
            return F;
        }
        let sixth = if r.service == "cos" { sixth_of_cos } else { sixth };
        covered.min(or(r.spellings.iter().map(|spelling| like(sixth, spelling, c))))
    }
}

fn assumes_role(q: &Query) -> bool {
    let operations = ["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"];
    q.service == "sts" && operations.contains(&q.operation)
}

/// Qualifier, positive base operator, whether it is negated, `_if_exist` (CITE CON-4).
pub(crate) fn split(operator: &str) -> (&str, Cow<'_, str>, bool, bool) {
    let (qualifier, rest) = operator.split_once(':').unwrap_or(("", operator));
    let base = rest.strip_suffix("_if_exist").unwrap_or(rest);
    let positive =
        if base.contains("_not_") { base.replacen("_not_", "_", 1).into() } else { Cow::Borrowed(base) };
    let negated = positive != base;
    (qualifier, positive, negated, base != rest)
}

fn term((operator, key, values): &Term, c: &Caller, q: &Query) -> Truth {
    let (qualifier, base, negated, if_exist) = split(operator);
    let derived = matches!(key.as_str(), "qcs:uin" | "qcs:owner_uin");
    let given = q.context.iter().find(|(name, _)| name == key && !(derived && c.kind == Kind::Anonymous));
    let given = given.map(|(_, values)| values);
    if base == "null_equal" {
        let empty = given.is_none_or(|given| given.iter().all(|value| value.is_empty()));
        return truth(Some(empty == (values[0] == "true")));
    }
    let Some(given) = given else {
        let always_known = matches!(key.as_str(), "qcs:ip" | "qcs:current_time");
        return if if_exist { T } else { truth((!always_known).then_some(false)) };
    };
    let each = given.iter().map(|x| {
        let positive = or(values.iter().map(|v| truth(fill(v, c).and_then(|v| compare(&base, x, &v)))));
        if negated { [T, U, F][positive as usize] } else { positive }
    });
    match qualifier {
        "for_any_value" => or(each),
        _ if given.is_empty() => U,
        "for_all_value" => and(each),
        _ => Some(and(each.clone())).filter(|least| *least == or(each)).unwrap_or(U),
    }
}

/// `x base v`, or `None` when `x` cannot be read as the operator's type.
pub(crate) fn compare(base: &str, x: &str, v: &str) -> Option<bool> {
    let order = match base {
        "string_equal" | "binary_equal" => return Some(x == v),
        "string_equal_ignore_case" => return Some(x.eq_ignore_ascii_case(v)),
        "string_like" => return Some(glob(v, x)),
        "bool_equal" => return ["true", "false"].contains(&x).then_some(x == v),
        "ip_equal" => {
            let ((x_v6, x), (v6, address, mask)) = (address(x)?, network(v)?);
            return Some(x_v6 == v6 && x & mask == address & mask);
        }
        _ if base.starts_with("numeric") => decimal(x)?.cmp(&decimal(v)?),
        _ => instant(x, true)?.cmp(&instant(v, false)?),
    };
    Some(match base.split_once('_')?.1 {
        "less_than" => order.is_lt(),
        "less_than_equal" => order.is_le(),
        "greater_than" => order.is_gt(),
        "greater_than_equal" => order.is_ge(),
        _ => order.is_eq(),
    })
}

fn glob(pattern: &str, text: &str) -> bool {
    let Some((first, others)) = pattern.split_once('*') else { return pattern == text };
    let (between, last) = others.rsplit_once('*').unwrap_or(("", others));
    let Some(mut rest) = text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else {
        return false;
    };
    for literal in between.split('*') {
        // The leftmost occurrence leaves the most for the literals that follow.
        let Some(at) = rest.find(literal) else { return false };
        rest = &rest[at + literal.len()..];
    }
    true
}

const VARIABLES: [&str; 3] = ["${uin}", "${owner_uin}", "${app_id}"];

/// The text for a caller, `None` when it holds a variable without a value (CITE VAR-4).
fn fill<'t>(text: &'t str, c: &Caller) -> Option<Cow<'t, str>> {
    if !text.contains('$') {
        return Some(Cow::Borrowed(text));
    }
    let mut filled = text.to_owned();
    for (variable, value) in VARIABLES.into_iter().zip(c.variables()) {
        filled = value.map_or(filled.clone(), |value| filled.replace(variable, value));
    }
    (!filled.contains("${")).then_some(Cow::Owned(filled))
}

fn like(pattern: &str, text: &str, c: &Caller) -> Truth {
    truth(fill(pattern, c).map(|pattern| glob(&pattern, text)))
}

impl<'a> Caller<'a> {
    fn unsigned() -> Self {
        let (kind, names) = (Kind::Anonymous, vec![Cow::Borrowed("anonymous")]);
        Caller { kind, known: true, uin: "", account: None, identity: None, names }
    }

    /// Values of [`VARIABLES`] (CITE VAR-1, VAR-4).
    fn variables(&self) -> [Option<&str>; 3] {
        let app_id = self.account.and_then(|account| account.appid.as_deref());
        match self.kind {
            Kind::Root => [Some(self.uin), Some(self.uin), app_id],
            Kind::SubAccount => [self.names[0].strip_prefix("uin/"), Some(self.uin), app_id],
            Kind::Role => [None, Some(self.uin), app_id],
            Kind::Machine | Kind::Anonymous => [None; 3],
        }
    }
}

impl Target<'_> {
    fn is_star(&self) -> bool {
        self.spellings.is_empty()
    }
}
