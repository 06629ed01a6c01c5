//! Random worlds and requests: a seed and [`Features`] in, JSON out. Callers: the differential suites and fuzzing.
//!
//! Worlds are valid by the rules (they may bring warnings, never errors). All texts are made of a few services,
//! operations, keys and values, so that patterns overlap, requests meet many statements, and a miss is a near miss.

mod draft;
mod fitting;
mod organization;
mod request;
mod words;

use serde_json::{Map, Value, json};

pub use organization::{Organization, Size};
pub use request::Requests;
use words::{
    ACCOUNTS, ASSUME, CAM_OBJECTS, COS_KEYS, DOMAINS, FAMILIES, OBJECTS, OPERATION_PATTERNS, OPERATIONS,
    REGIONS, SERVICES, UNKNOWN,
};

/// A deterministic source of choices (splitmix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Equal seeds make equal choices, whatever the platform.
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.bits() % limit as u64) as usize
    }

    /// True in `percent` of the cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `all`, which is not empty.
    pub fn pick<'a, X>(&mut self, all: &'a [X]) -> &'a X {
        &all[self.below(all.len())]
    }

    /// One of `all`, which is not empty.
    fn word<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    /// 1 to `most` values of `make`.
    fn some<X>(&mut self, most: usize, mut make: impl FnMut(&mut Self) -> X) -> Vec<X> {
        (0..=self.below(most)).map(|_| make(self)).collect()
    }
}

/// What generated worlds and requests may use besides identity policies of users, groups and presets.
#[derive(Clone, Copy, Debug)]
pub struct Features {
    /// Resource policies; without `cross_account` and the like their principals are the root and users of their account.
    pub resource_policies: bool,
    /// Resources of other known accounts in requests, and principals of other accounts.
    pub cross_account: bool,
    /// Roles, their sessions, trust policies and the three actions of EVA-18.
    pub roles: bool,
    /// Permissions boundaries.
    pub boundaries: bool,
    /// Session policies and federated sessions.
    pub sessions: bool,
    /// Service control policies.
    pub organization: bool,
    /// General policies.
    pub general: bool,
    /// Policy variables, and the built-in template parameters.
    pub variables: bool,
    /// Unsigned callers, and principals that admit them.
    pub anonymous: bool,
    /// Groups, services and providers as principals; collaborators; the rarer options.
    pub other_principals: bool,
    /// Most statements of a document.
    pub statements: usize,
}

impl Features {
    /// Identity policies and the caller's own account only.
    pub fn pipeline() -> Self {
        Features {
            resource_policies: true,
            cross_account: false,
            roles: false,
            boundaries: false,
            sessions: false,
            organization: false,
            general: true,
            variables: true,
            anonymous: false,
            other_principals: false,
            statements: 4,
        }
    }

    /// Everything.
    pub fn all() -> Self {
        Features {
            cross_account: true,
            roles: true,
            boundaries: true,
            sessions: true,
            organization: true,
            anonymous: true,
            other_principals: true,
            ..Features::pipeline()
        }
    }

    /// Everything, and documents of so many statements that keys are crowded.
    pub fn crowded() -> Self {
        Features { statements: 24, ..Features::all() }
    }
}

/// What stands around a document while it is made.
#[derive(Clone, Copy)]
struct Place {
    /// Place of its account in [`ACCOUNTS`].
    account: usize,
    /// `uin/-1` is allowed.
    preset: bool,
    /// Every account that sees the document has an APPID.
    appids: bool,
    legacy_project: bool,
}

/// Makes a world.
pub fn world(seed: u64, features: Features) -> Value {
    let mut random = Random::new(seed);
    let r = &mut random;
    let count = r.below(3) + 1;
    // An account without APPID cannot fill `${OwnerAppid}`, and leaves `uid/` of a request open.
    let appids = r.chance(80);
    let legacy_project = features.other_principals && r.chance(10);
    let place = |account| Place { account, preset: false, appids, legacy_project };
    let preset = Place { preset: true, ..place(0) };

    let presets: Map<String, Value> =
        (0..r.below(3)).map(|i| (format!("preset{i}"), document(r, features, preset))).collect();
    let preset_names: Vec<String> = presets.keys().cloned().collect();
    let accounts: Vec<Value> = (0..count)
        .map(|i| {
            let own = if i == 2 && !appids { Place { appids: false, ..place(i) } } else { place(i) };
            account(r, features, own, count, &preset_names)
        })
        .collect();
    let mut world = json!({"accounts": accounts, "presets": presets, "options": {}});
    world["catalogue"] =
        json!({"permid/1": ["cos:GetObject", "name/cos:Put*"], "actionName/x": ["cvm:Get*"]});
    if features.resource_policies {
        let policies = (0..r.below(4)).map(|i| {
            let at = place(r.below(count));
            let mut policy = resource_policy(r, features, at, count);
            if r.chance(60) {
                policy["name"] = format!("bucket{i}").into();
            }
            policy
        });
        world["resource_policies"] = policies.collect();
    }
    if features.general && r.chance(40) {
        let mut policies = vec![statements(r, features, Place { preset: false, ..preset }, 2)];
        policies.extend(preset_names.first().filter(|_| r.chance(50)).map(|name| name.as_str().into()));
        world["general_policies"] = policies.into();
    }
    if features.organization {
        let levels = |r: &mut Random, at| {
            r.some(2, |r| match r.below(4) {
                0 => json!([broad(r, features, at)]),
                1 => json!(["FullQcloudAccess", statements(r, features, at, 1)]),
                _ => json!(["FullQcloudAccess"]),
            })
        };
        let bound: Vec<usize> = (0..count).filter(|_| r.chance(40)).collect();
        let all = bound.into_iter().map(|i| json!({"account": ACCOUNTS[i].0, "levels": levels(r, place(i))}));
        world["organization"] = all.collect();
    }
    let options = &mut world["options"];
    if r.chance(20) {
        options["list_deny"] = "cam".into();
    }
    if legacy_project {
        options["legacy_project"] = true.into();
    }
    if features.other_principals && r.chance(20) {
        options["cos_anyone_deny"] = "unsigned".into();
    }
    world
}

/// User `j` of account `i`; from the sixth on they exist in no world.
fn user_uin(i: usize, j: usize) -> String {
    format!("{}0000000{:04}", i + 1, 11 + j)
}

fn account(r: &mut Random, features: Features, at: Place, count: usize, presets: &[String]) -> Value {
    let (uin, appid) = ACCOUNTS[at.account];
    let policies: Map<String, Value> =
        (0..r.below(5) + 2).map(|i| (format!("p{i}"), document(r, features, at))).collect();
    let names: Vec<String> = policies.keys().chain(presets).cloned().collect();
    let references = |r: &mut Random, most| -> Value {
        let mut all = r.some(most, |r| match r.below(8) {
            0 => document(r, features, at),
            _ => r.pick(&names).as_str().into(),
        });
        all.sort_by_key(Value::is_object);
        let mut once = Vec::new();
        all.retain(|policy| policy.is_object() || (!once.contains(policy), once.push(policy.clone())).0);
        all.into()
    };
    let groups: Vec<Value> = (0..r.below(3))
        .map(|i| json!({"name": format!("g{i}"), "id": (18 + i).to_string(), "policies": references(r, 2)}))
        .collect();
    let mut users: Vec<Value> = (0..r.below(6) + 1)
        .map(|j| {
            let mut user = json!({"uin": user_uin(at.account, j), "policies": references(r, 4)});
            let member_of = groups.iter().filter(|_| r.chance(40)).map(|group| group["name"].clone());
            user["groups"] = member_of.collect();
            if features.boundaries && r.chance(25) {
                user["boundary"] =
                    if r.chance(70) { broad(r, features, at) } else { r.pick(&names).as_str().into() };
            }
            user
        })
        .collect();
    if features.other_principals && count > 1 && r.chance(30) {
        let root = ACCOUNTS[(at.account + 1) % count].0;
        users.push(json!({"uin": root, "kind": "collaborator", "policies": references(r, 3)}));
    }
    let mut account = json!({"uin": uin, "users": users, "groups": groups, "policies": policies});
    if features.roles {
        let roles = (0..r.below(3)).map(|i| {
            let (name, id) = (format!("r{i}"), (4611 + i).to_string());
            let mut role = json!({"name": name, "id": id, "policies": references(r, 2), "trust": trust(r, features, at, count)});
            if i == 1 && r.chance(50) {
                role["service_linked"] = true.into();
            } else if features.boundaries && r.chance(25) {
                role["boundary"] = broad(r, features, at);
            }
            role
        });
        account["roles"] = roles.collect();
    }
    if at.appids || at.account != 2 {
        account["appid"] = appid.into();
    }
    account
}

fn document(r: &mut Random, features: Features, at: Place) -> Value {
    statements(r, features, at, features.statements)
}

fn statements(r: &mut Random, features: Features, at: Place, most: usize) -> Value {
    let statements = r.some(most, |r| statement(r, features, at));
    finish(r, statements)
}

/// A document that allows much, for what only caps.
fn broad(r: &mut Random, features: Features, at: Place) -> Value {
    let service = r.word(&["cos:*", "*", "*", "cvm:*"]);
    let mut statements = vec![json!({"effect": "allow", "action": [service, "sts:*"], "resource": ["*"]})];
    if r.chance(40) {
        statements.push(statement(r, features, at));
    }
    finish(r, statements)
}

fn finish(r: &mut Random, statements: Vec<Value>) -> Value {
    let bare = statements.len() == 1 && r.chance(10);
    json!({"version": "2.0", "statement": if bare { statements[0].clone() } else { statements.into() }})
}

fn statement(r: &mut Random, features: Features, at: Place) -> Value {
    let service = r.word(&SERVICES[..]);
    let effect = if r.chance(70) { "allow" } else { "deny" };
    let assumes = features.roles && service == "cam" && r.chance(40);
    let actions = r.some(2, |r| match assumes {
        true => r.word(&[ASSUME[0], "sts:*", "sts:Assume*", ASSUME[1]]).to_owned(),
        false => action(r, service),
    });
    let resources = r.some(2, |r| resource(r, features, at, service));
    let mut statement =
        json!({"effect": effect, "action": one_or_list(r, actions), "resource": one_or_list(r, resources)});
    condition(r, features, &mut statement);
    statement
}

/// A list of one may lose its brackets.
fn one_or_list(r: &mut Random, mut values: Vec<String>) -> Value {
    if values.len() == 1 && r.chance(20) { values.remove(0).into() } else { values.into() }
}

fn action(r: &mut Random, service: &str) -> String {
    let name = if r.chance(10) { "name/" } else { "" };
    match r.below(20) {
        0 => "*".into(),
        1 => "*:*".into(),
        2 => "permid/1".into(),
        3 => "actionName/x".into(),
        4..=9 => format!("{name}{service}:{}", r.word(&OPERATIONS)),
        _ => format!("{name}{service}:{}", r.word(&OPERATION_PATTERNS)),
    }
}

fn resource(r: &mut Random, features: Features, at: Place, service: &str) -> String {
    if r.chance(20) {
        return "*".into();
    }
    let project = match r.below(4) {
        _ if !at.legacy_project => "",
        0 => r.word(&["*", "id/*", "id/0", "id/7"]),
        _ => "",
    };
    let region = match r.below(20) {
        0 => "*",
        1..=10 => "",
        _ => r.word(&REGIONS),
    };
    let (own, other) = (ACCOUNTS[at.account], *r.pick(&ACCOUNTS));
    let account = match r.below(20) {
        0 => r.word(&["*", "uin/*", "uid/*"]).into(),
        1 if at.preset => "uin/-1".into(),
        2 if features.variables => "uin/${OwnerUin}".into(),
        3 if features.variables && at.appids => "uid/${OwnerAppid}".into(),
        4 => format!("uin/{}", other.0),
        5 => format!("uid/{}", other.1),
        6..=9 => format!("uin/{}", own.0),
        10..=13 => format!("uid/{}", own.1),
        _ => String::new(),
    };
    let every_service = r.chance(7);
    let sixth = sixth(r, features, at, if every_service { "" } else { service });
    let service = if every_service { r.word(&["", "*"]) } else { service };
    format!("qcs:{project}:{service}:{region}:{account}:{sixth}")
}

fn sixth(r: &mut Random, features: Features, at: Place, service: &str) -> String {
    // A variable may not stand where a COS path could be meant (CITE VAR-10).
    let variables = features.variables && !service.is_empty();
    let objects = if service == "cam" && r.chance(70) { &CAM_OBJECTS[..] } else { &OBJECTS[..] };
    let objects: Vec<&str> =
        objects.iter().filter(|text| variables || !text.contains('$')).copied().collect();
    match service {
        "" if r.chance(50) => bucket_path(r, at),
        "cos" => bucket_path(r, at),
        _ => r.word(&objects).into(),
    }
}

fn bucket_path(r: &mut Random, at: Place) -> String {
    match r.below(12) {
        0 => "*".into(),
        1 => format!("*{}", r.word(&COS_KEYS[3..])),
        _ => format!("{}-{}{}", r.word(&["b", "b", "b", "bb"]), ACCOUNTS[at.account].1, r.word(&COS_KEYS)),
    }
}

fn condition(r: &mut Random, features: Features, statement: &mut Value) {
    match r.below(20) {
        0 => statement["condition"] = if r.chance(50) { json!({}) } else { json!([]) },
        1..=8 => {
            let mut operators = Map::new();
            for _ in 0..=r.below(2) {
                let (operator, key, values) = term(r, features);
                let keys = operators.entry(operator).or_insert_with(|| json!({}));
                keys[key] = values;
            }
            statement["condition"] = operators.into();
        }
        _ => {}
    }
}

fn term(r: &mut Random, features: Features) -> (String, &'static str, Value) {
    let (bases, keys, values) = r.pick(&FAMILIES);
    let (base, key) = (r.word(bases), r.word(keys));
    if r.chance(8) {
        let wanted = if r.chance(50) { json!("true") } else { json!(["false"]) };
        return ("null_equal".into(), key, wanted);
    }
    let qualifier = r.word(&["", "", "", "for_any_value:", "for_all_value:"]);
    let suffix = if r.chance(30) { "_if_exist" } else { "" };
    let values: Vec<&str> =
        values.iter().filter(|text| features.variables || !text.contains('$')).copied().collect();
    let values = r.some(2, |r| match r.word(&values) {
        number @ ("1" | "10") if base.starts_with("numeric") && r.chance(30) => {
            serde_json::from_str(number).unwrap_or_default()
        }
        flag if base == "bool_equal" && r.chance(30) => json!(flag == "true"),
        text => json!(text),
    });
    let values = if values.len() == 1 && r.chance(20) { values[0].clone() } else { values.into() };
    (format!("{qualifier}{base}{suffix}"), key, values)
}

fn trust(r: &mut Random, features: Features, at: Place, count: usize) -> Value {
    let statements = r.some(2, |r| {
        let effect = if r.chance(75) { "allow" } else { "deny" };
        let actions =
            r.some(2, |r| r.word(&[ASSUME[0], ASSUME[1], ASSUME[2], "sts:*", "sts:AssumeRole*"]).to_owned());
        let mut statement =
            json!({"effect": effect, "principal": principal(r, features, at, count), "action": actions});
        if r.chance(20) {
            statement["resource"] = json!(["*", "qcs::cam:::roleName/r0"]);
        }
        condition(r, features, &mut statement);
        statement
    });
    finish(r, statements)
}

fn resource_policy(r: &mut Random, features: Features, at: Place, count: usize) -> Value {
    let (uin, appid) = ACCOUNTS[at.account];
    let region = if r.chance(50) { "" } else { r.word(&REGIONS[..5]) };
    // An account without APPID has no `uid/` to name it by.
    let owner = if r.chance(50) || !at.appids { format!("uin/{uin}") } else { format!("uid/{appid}") };
    let covered = r.word(&["*", "*", "b-*", "b-", "b-/*", "b-/*", "b-/a*"]);
    let scope = format!("qcs::cos:{region}:{owner}:{}", covered.replace("b-", &format!("b-{appid}")));
    let top = r.chance(15).then(|| principal(r, features, at, count));
    let mut statements = r.some(3, |r| {
        let mut statement = statement(r, features, at);
        statement["action"] = r.some(2, |r| action(r, "cos")).into();
        statement["resource"] = r.some(2, |r| resource(r, features, at, "cos")).into();
        if top.is_none() {
            statement["principal"] = principal(r, features, at, count);
        }
        if r.chance(10) {
            statement["sid"] = "label".into();
        }
        statement
    });
    let capitals = r.chance(15);
    if capitals {
        statements = statements.iter().map(capitalise).collect();
    }
    let mut policy = finish(r, statements);
    if let Some(principal) = top {
        policy["principal"] = principal;
    }
    json!({"resource": scope, "policy": if capitals { capitalise(&policy) } else { policy }})
}

/// The spelling of older COS consoles: members and effects with an initial capital.
fn capitalise(object: &Value) -> Value {
    let initial = |text: &str| text[..1].to_uppercase() + &text[1..];
    let members = object.as_object().into_iter().flatten().map(|(name, value)| match value.as_str() {
        Some(effect) if name == "effect" => (initial(name), initial(effect).into()),
        _ => (initial(name), value.clone()),
    });
    Value::Object(members.collect())
}

fn principal(r: &mut Random, features: Features, at: Place, count: usize) -> Value {
    if features.anonymous && r.chance(15) {
        return if r.chance(50) { json!("*") } else { json!({"qcs": "*"}) };
    }
    let mut kinds = Map::new();
    let mut add = |kind: &str, entry: String| {
        let entries = kinds.entry(kind).or_insert_with(|| json!([]));
        entries.as_array_mut().into_iter().for_each(|entries| entries.push(entry.clone().into()));
    };
    for _ in 0..=r.below(3) {
        let i = if features.cross_account && r.chance(30) { r.below(count + 1) } else { at.account };
        let uin = if i == count { UNKNOWN.0 } else { ACCOUNTS[i].0 };
        let below = |name: &str| format!("qcs::cam::uin/{uin}:{name}");
        let other = features.other_principals;
        match r.below(16) {
            0 if features.anonymous => add("qcs", "qcs::cam::anyone:anyone".into()),
            1 if features.anonymous => add("qcs", "qcs::cam::anonymous:anonymous".into()),
            2 => add("qcs", below("root")),
            3 | 4 => add("qcs", below(&format!("uin/{uin}"))),
            5 if other => add("qcs", below(r.word(&["groupid/18", "groupid/19"]))),
            6 if other => add("service", r.word(&DOMAINS).into()),
            7 if other => add("qcs", below("service/cdn")),
            8 if other => add("federated", below(r.word(&["saml-provider/s", "oidc-provider/s"]))),
            9 | 10 if features.roles => add("qcs", below(r.word(&CAM_OBJECTS[..4]))),
            11 if features.roles => add("qcs", below("role/tencentcloudServiceRoleName/r1")),
            _ => add("qcs", below(&format!("uin/{}", user_uin(i, r.below(6))))),
        }
    }
    kinds.into()
}
