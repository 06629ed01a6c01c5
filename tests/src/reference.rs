//! Reference evaluator: the plain reading of the rules, which every engine is compared with.
//!
//! In: a world and requests as strict JSON; the frontend has accepted the world. Out: an [`Outcome`]. Callers: the
//! suites. It shares no code with the product, so that an error has to be made twice to go unseen, and favours
//! obviousness: `read` brings a world into lists of statements once, then everything is a loop.

#[path = "observe.rs"]
mod observe;
mod read;
mod request;
mod value;

use std::borrow::Cow;
use std::cmp::Ordering::{self as Truth, Equal as U, Greater as T, Less as F};
use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use value::{compare, glob, split};

/// What a request comes to (CITE EVA-3, REQ-12).
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Allow,
    ExplicitDeny,
    ImplicitDeny,
    Error,
}

/// Decision with its ground: the deciding statements (CITE EVA-23), the layer that failed, or the code of an error.
#[allow(missing_docs)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub decision: Decision,
    pub reasons: BTreeSet<String>,
    pub blocked_by: Option<&'static str>,
    pub code: Option<&'static str>,
}

/// A world, read. Callers have the names that principals have after `qcs::cam::`, as in `uin/1:roleName/x`.
pub struct Reference {
    world: Value,
    appids: HashMap<String, String>,
    /// For every name of a root account, user or role all its names (CITE RES-21) and those of its groups.
    names: HashMap<String, Vec<String>>,
    /// What is tied to whom: `identity`, `boundary` or `trust` and a first name; `scp<i>` or `general` and `uin/…`.
    tied: HashMap<String, Vec<Statement>>,
    scoped: Vec<(Resource, Vec<Statement>)>,
}

/// Texts still hold policy variables, and parameters without a value (CITE EVA-8), as `${…}`.
struct Statement {
    id: String,
    deny: bool,
    /// Names, `*` where the kind of document has none, `uin/…:all` for a whole account.
    principals: Vec<String>,
    actions: Vec<String>,
    resources: Vec<Resource>,
    /// Operator, key, values.
    conditions: Vec<(String, String, Vec<String>)>,
}

/// Project, service, region, uin, APPID, sixth segment, each `*` where it is of no matter; `None` for the entry `*`.
type Resource = Option<[String; 6]>;

/// A caller who asks for one resource.
#[derive(Clone, Default)]
struct Ask {
    /// `root`, `user`, `role`, `machine` (services and providers) or `anonymous`.
    kind: &'static str,
    /// The directory holds the caller, or need not (CITE REQ-13).
    known: bool,
    uin: String,
    names: Vec<String>,
    variables: [Option<String>; 3],
    action: String,
    context: HashMap<String, Vec<String>>,
    target: Target,
}

/// The spellings of every segment, none where it is unknown, no segments for `*`; a known role by its first name.
type Target = (Vec<Vec<String>>, Option<String>);

const VARIABLES: [&str; 3] = ["${uin}", "${owner_uin}", "${app_id}"];
/// Keys that a request may not have (CITE REQ-8).
const DERIVED: [&str; 3] = ["qcs:uin", "qcs:owner_uin", "qcs:current_time"];
const ASSUME: [&str; 3] = ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];

/// Names of unsigned callers, and of all others but for the first.
const EVERYONE: [&str; 3] = ["anonymous:anonymous", "*", "anyone:anyone"];

type Ids = BTreeSet<String>;
type Layer = Option<&'static str>;

/// Kleene truth: F < U < T, AND is the least, OR the greatest, NOT the reverse (CITE CON-5).
fn truth(holds: Option<bool>) -> Truth {
    holds.map_or(U, |holds| if holds { T } else { F })
}

fn or(parts: impl Iterator<Item = Truth>) -> Truth {
    parts.max().unwrap_or(F)
}

impl Reference {
    /// Decides one request.
    pub fn decide(&self, request: &Value) -> Outcome {
        let outcome = |decision, reasons, blocked_by, code| Outcome { decision, reasons, blocked_by, code };
        let (mut denies, mut allows, mut open) = (Ids::new(), Ids::new(), None);
        let (mut ask, targets, session) = match self.query(request) {
            Ok(query) => query,
            Err(code) => return outcome(Decision::Error, denies, None, Some(code)),
        };
        for target in targets {
            ask.target = target;
            let (grants, failed) = self.decide_one(&ask, session.as_deref(), &mut denies);
            allows.extend(grants);
            open = open.or(failed);
        }
        match open {
            _ if !denies.is_empty() => outcome(Decision::ExplicitDeny, denies, None, None),
            Some(_) => outcome(Decision::ImplicitDeny, denies, open, None),
            None => outcome(Decision::Allow, allows, None, None),
        }
    }

    /// Granting allows, and the first layer that failed; the denies that match are added to `denies`.
    fn decide_one(&self, ask: &Ask, session: Option<&[Statement]>, denies: &mut Ids) -> (Ids, Layer) {
        let (name, account, (segments, role)) = (&ask.names[0], format!("uin/{}", ask.uin), &ask.target);
        let machine = ["machine", "anonymous"].contains(&ask.kind);
        let linked = ask.known && ask.names.iter().any(|name| name.contains("/tencentcloudServiceRoleName/"));
        let mut run = |policy: &[Statement]| self.run(policy, ask, denies);

        let levels = (0..).map_while(|i| self.tied.get(&format!("scp{i} {account}")));
        let levels = levels.filter(|_| !machine && !linked); // CITE EVA-17
        let scp = levels.filter(|level| run(level).is_empty()).count() == 0;
        let capped = session.is_none_or(|policy| !run(policy).is_empty());
        let (mut by_owner, mut anon, mut anon_denies) = (Ids::new(), Ids::new(), Ids::new());
        for (_, policy) in self.scoped.iter().filter(|(scope, _)| self.covers(scope, false, ask) == T) {
            let mut unsigned = Ask { variables: Default::default(), ..ask.clone() }; // CITE EVA-13
            unsigned.names = EVERYONE.map(String::from).to_vec();
            DERIVED[..2].iter().for_each(|key| drop(unsigned.context.remove(*key)));
            by_owner.extend(run(policy));
            anon.extend(self.run(policy, &unsigned, &mut anon_denies));
        }
        if !anon_denies.is_empty() {
            anon.clear();
        }
        let mut tied = |kind: &str, name: &str| Some(run(self.tied.get(&format!("{kind} {name}"))?));
        let boundary = tied("boundary", name).is_none_or(|allows| !allows.is_empty());
        let mut identity = tied("identity", name).unwrap_or_default();
        if ask.kind == "user" {
            let general = tied("general", &account).or_else(|| tied("general", "uin/")); // CITE EVA-8
            identity.extend(general.unwrap_or_default());
        }
        let assumed = role.as_ref().filter(|_| ASSUME.contains(&ask.action.as_str()));
        let mut trust = assumed.and_then(|role| tied("trust", role)).unwrap_or_default();
        if !ask.known {
            (identity, by_owner, trust) = Default::default(); // CITE REQ-13
        }

        let is_root = ask.kind == "root" && ask.known;
        let right = is_root || !identity.is_empty();
        let own = assumed.is_none() && (segments.is_empty() || segments[3] == [ask.uin.as_str()]);
        let (grants, layer) = if assumed.is_some() {
            let layer = if trust.is_empty() { "trust" } else { "identity" };
            let both = !trust.is_empty() && (right || ask.kind == "machine");
            (if both { &trust | &identity } else { Ids::new() }, layer)
        } else if machine {
            (by_owner, "resource")
        } else if own || (right && !by_owner.is_empty()) {
            (&(&identity | &by_owner) | &anon, "identity")
        } else {
            (anon, if by_owner.is_empty() { "resource" } else { "identity" })
        };
        let granted = !grants.is_empty() || (own && is_root);
        let layers = [(scp, "scp"), (boundary, "boundary"), (capped, "session"), (granted, layer)];
        (grants, layers.into_iter().find(|(passed, _)| !passed).map(|(_, layer)| layer))
    }

    /// The allows that match; the denies that match are added to `denies` (CITE EVA-2).
    fn run(&self, policy: &[Statement], ask: &Ask, denies: &mut Ids) -> Ids {
        let mut allows = Ids::new();
        for s in policy {
            match (s.deny, self.matches(s, ask)) {
                (true, T | U) => drop(denies.insert(s.id.clone())),
                (false, T) => drop(allows.insert(s.id.clone())),
                _ => {}
            }
        }
        allows
    }

    /// An AND of four parts (CITE EVA-1), the condition last and nothing after a false one.
    fn matches(&self, s: &Statement, ask: &Ask) -> Truth {
        let met = self.meets(s, ask);
        s.conditions.iter().filter(|_| met != F).map(|term| ask.term(term)).fold(met, Truth::min)
    }

    fn meets(&self, s: &Statement, ask: &Ask) -> Truth {
        let action = or(s.actions.iter().map(|pattern| ask.like(pattern, &ask.action)));
        if action == F || !s.principals.iter().any(|entry| ask.names.contains(entry)) {
            return F;
        }
        action.min(or(s.resources.iter().map(|entry| self.covers(entry, s.deny, ask))))
    }

    fn covers(&self, entry: &Resource, deny: bool, ask: &Ask) -> Truth {
        let (Some(patterns), segments) = (entry, &ask.target.0) else { return T };
        if segments.is_empty() {
            let strict = deny && self.world["options"]["list_deny"] != "cam"; // CITE RES-17, RES-18
            return if strict { ask.like(&format!("{}:*", patterns[1]), &ask.action) } else { F };
        }
        // Unknown are a region left out and the id of an owner who has none (CITE RES-5, RES-9).
        let covered = patterns.iter().zip(segments).map(|(pattern, spellings)| match &spellings[..] {
            _ if pattern == "*" => T,
            [] => U,
            spellings => or(spellings.iter().map(|text| ask.like(pattern, text))),
        });
        covered.fold(T, Truth::min)
    }
}

impl Ask {
    fn term(&self, (operator, key, values): &(String, String, Vec<String>)) -> Truth {
        let (qualifier, base, if_exist) = split(operator);
        let given = self.context.get(key);
        if base == "null_equal" {
            let empty = given.is_none_or(|given| given.iter().all(String::is_empty));
            return truth(Some(empty == (values[0] == "true"))); // CITE CON-15
        }
        let Some(given) = given else {
            let always_known = ["qcs:ip", "qcs:current_time"].contains(&key.as_str()); // CITE CON-6
            return if if_exist { T } else { truth((!always_known).then_some(false)) };
        };
        let each = given.iter().map(|x| {
            let one = |v: &String| truth(self.fill(v).and_then(|v| compare(base, x, &v)));
            let positive = or(values.iter().map(one));
            if base.contains("_not_") { positive.reverse() } else { positive }
        });
        let (least, greatest) = (each.clone().min().unwrap_or(U), or(each)); // CITE CON-14
        match qualifier {
            Some("for_any_value") => greatest,
            None if least != greatest => U, // CITE CON-13
            _ => least,
        }
    }

    fn like(&self, pattern: &str, text: &str) -> Truth {
        truth(self.fill(pattern).map(|pattern| glob(&pattern, text)))
    }

    /// The text with the policy variables filled, `None` when something has no value (CITE VAR-3, VAR-4).
    fn fill<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        let (mut filled, open) = (Cow::Borrowed(text), text.contains('$'));
        for (variable, value) in VARIABLES.iter().zip(&self.variables).filter(|_| open) {
            filled = filled.replace(variable, value.as_deref().unwrap_or(variable)).into();
        }
        (!(open && filled.contains("${"))).then_some(filled)
    }
}
