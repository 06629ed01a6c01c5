//! Requests that nearly or just match: one statement of a world is taken, a request that fits it is made, then little or
//! nothing of the request is changed.

use serde_json::{Map, Value, json};

use super::{
    ACCOUNTS, ASSUME, CAM_OBJECTS, DOMAINS, FAMILIES, Features, OPERATIONS, Place, REGIONS, Random, SERVICES,
    UNKNOWN, broad, user_uin,
};
use crate::reference::{compare, split};

/// Values of contexts: those that policies compare with are joined by their neighbours and by unreadable ones.
const STRINGS: [&str; 22] = [
    "",
    "a",
    "b",
    "ab",
    "A",
    "aab",
    "ba",
    "a*",
    "k&v",
    "k&w",
    "K&v",
    "k&",
    "k",
    "YQ==",
    "100000000001",
    "100000000011",
    "100000000012",
    "x100000000001",
    "1250000000",
    "${uin}",
    "11",
    "é",
];
const NUMBERS: [&str; 20] = [
    "1.2",
    "1.20",
    "1.2000000000000000000000000001",
    "1.19999999",
    "1",
    "1.0",
    "-0",
    "0",
    "0.0",
    "-0.0001",
    "0.5",
    "00.5",
    "-1.5",
    "-1.49",
    "10",
    "9.999",
    "100000000000000000000",
    "100000000000000000000.0000000001",
    "1e1",
    "+1",
];
const DATES: [&str; 15] = [
    "2025-12-31T23:59:59.999Z",
    "2025-12-31T23:59:59.998Z",
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.000Z",
    "2026-01-01T00:00:00.001Z",
    "2026-01-01T00:00:00.0019Z",
    "2026-01-01T00:00:00.002Z",
    "2026-01-01T08:00:00+08:00",
    "2025-12-31T19:00:00.001-05:00",
    "2024-02-29T12:00:00Z",
    "2024-02-29T11:59:59.999Z",
    "2024-02-29T12:00:00.001Z",
    "2023-02-29T12:00:00Z",
    "2026-01-01T00:00:00",
    "2026-01-01 00:00:00Z",
];
const ADDRESSES: [&str; 24] = [
    "9.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "11.0.0.0",
    "10.1.0.0",
    "10.1.255.255",
    "10.2.0.0",
    "10.0.255.255",
    "10.1.2.3",
    "10.1.2.2",
    "10.1.2.4",
    "10.1.2.255",
    "10.1.3.0",
    "10.7.5.0",
    "10.7.5.255",
    "10.7.6.0",
    "7.1.2.3",
    "::1",
    "::2",
    "2001:db8::1",
    "2001:db9::",
    "::ffff:10.1.2.3",
    "192.168.0.3",
    "192.168.0.4",
];
const FLAGS: [&str; 3] = ["true", "false", "True"];
/// What the `*` of a pattern may stand for.
const FILLINGS: [&str; 10] = ["", "a", "b", "/", "ab", "a/b", "/b/", ".", "*", "ab/ab"];

/// Statements of a world with what is needed to make requests of them.
#[derive(Debug)]
pub struct Requests {
    features: Features,
    sources: Vec<Source>,
    /// (place of the account, spelling below it) of every known user and role.
    identities: Vec<(usize, String)>,
    accounts: usize,
    legacy_project: bool,
}

#[derive(Debug)]
struct Source {
    statement: Value,
    account: usize,
    /// Whom it binds, by place in `identities`; empty for whoever.
    bound: Vec<usize>,
    /// The scope of a resource policy, or the role of a trust policy.
    resource: Option<String>,
}

impl Requests {
    /// Reads the statements of a world made by [`super::world`].
    pub fn new(world: &Value, features: Features) -> Self {
        let accounts = list(&world["accounts"]);
        let legacy_project = world["options"]["legacy_project"] == true;
        let mut requests = Requests {
            features,
            sources: Vec::new(),
            identities: Vec::new(),
            accounts: accounts.len(),
            legacy_project,
        };
        for (i, account) in accounts.iter().enumerate() {
            let named = |policy: &Value| match policy.as_str() {
                Some(name) => account["policies"].get(name).unwrap_or(&world["presets"][name]).clone(),
                None => policy.clone(),
            };
            let first = requests.identities.len();
            for holder in list(&account["users"]).iter().chain(list(&account["roles"])) {
                let own = requests.identities.len();
                let name = text(&holder["name"]);
                let spelled =
                    holder["uin"].as_str().map_or(format!("roleName/{name}"), |uin| format!("uin/{uin}"));
                requests.identities.push((i, spelled));
                for policy in list(&holder["policies"]).iter().chain(holder.get("boundary")) {
                    requests.add(&named(policy), i, vec![own], None);
                }
                let role = format!("qcs::cam::uin/{}:roleName/{name}", ACCOUNTS[i].0);
                requests.add(&holder["trust"], i, Vec::new(), Some(role));
                for group in
                    list(&account["groups"]).iter().filter(|g| list(&holder["groups"]).contains(&g["name"]))
                {
                    list(&group["policies"])
                        .iter()
                        .for_each(|policy| requests.add(&named(policy), i, vec![own], None));
                }
            }
            let all: Vec<usize> = (first..requests.identities.len()).collect();
            let levels = list(&world["organization"]).iter().filter(|of| of["account"] == account["uin"]);
            let levels = levels.flat_map(|of| list(&of["levels"])).flat_map(list);
            for policy in levels.chain(list(&world["general_policies"])) {
                requests.add(&named(policy), i, all.clone(), None);
            }
        }
        for policy in list(&world["resource_policies"]) {
            let scope = text(&policy["resource"]);
            let owner = |(uin, appid): &(&str, &str)| {
                scope.contains(&format!(":uin/{uin}:")) || scope.contains(&format!(":uid/{appid}:"))
            };
            let account = ACCOUNTS.iter().position(owner).unwrap_or(0);
            // Twice, as there are few of them beside the identity policies.
            for _ in 0..2 {
                requests.add(&policy["policy"], account, Vec::new(), Some(scope.to_owned()));
            }
        }
        requests
    }

    fn add(&mut self, document: &Value, account: usize, bound: Vec<usize>, resource: Option<String>) {
        let Some(statements) = member(document, "statement") else { return };
        let statements = statements.as_array().map_or(std::slice::from_ref(statements), Vec::as_slice);
        for statement in statements {
            let mut statement = statement.clone();
            if let (Some(top), Some(members)) = (member(document, "principal"), statement.as_object_mut()) {
                members.insert("principal".into(), top.clone());
            }
            self.sources.push(Source {
                statement,
                account,
                bound: bound.clone(),
                resource: resource.clone(),
            });
        }
    }

    /// Makes a request.
    pub fn next(&self, r: &mut Random) -> Value {
        let source =
            if r.chance(5) { None } else { (!self.sources.is_empty()).then(|| r.pick(&self.sources)) };
        let nowhere = Source { statement: Value::Null, account: 0, bound: Vec::new(), resource: None };
        let source = source.unwrap_or(&nowhere);
        let mut draft = self.matching(r, source);
        let changes = [0, 0, 0, 1, 1, 1, 2][r.below(7)];
        for _ in 0..changes {
            self.change(r, &mut draft, source);
        }
        if !self.features.cross_account {
            draft.stay_at_home(r);
        }
        if draft.service == "sts" && r.chance(90) {
            self.name_a_role(r, &mut draft);
        }
        draft.finish(r)
    }

    /// The actions on roles are malformed but for one known role (CITE EVA-18).
    fn name_a_role(&self, r: &mut Random, draft: &mut Draft) {
        let known = |resource: &str| {
            self.identities.iter().filter(|(_, name)| name.starts_with("role")).any(|(account, name)| {
                let id = if name.ends_with("r0") { "role/4611" } else { "role/4612" };
                let (uin, appid) = ACCOUNTS[*account];
                let owned = resource.contains(&format!(":uin/{uin}:"))
                    || resource.contains(&format!(":uid/{appid}:"));
                owned && [name, id].iter().any(|name| resource.ends_with(&format!(":{name}")))
            })
        };
        let fitting = draft.resources.iter().find(|resource| known(resource)).cloned();
        match fitting.or_else(|| self.a_role(r)) {
            Some(role) => draft.resources = vec![role],
            None => draft.service = "cam".into(),
        }
    }

    fn matching(&self, r: &mut Random, source: &Source) -> Draft {
        let caller = self.caller(r, source);
        let (service, operation) = self.action(r, source);
        let resource = self.resource(r, source, &caller, &service);
        let mut draft = Draft { caller, service, operation, resources: vec![resource], ..Draft::default() };
        if r.chance(40) {
            draft.time = Some(r.word(&DATES[..12]).into());
        }
        if r.chance(40) {
            draft.context.insert("qcs:ip".into(), json!([r.word(&ADDRESSES)]));
        }
        for (operator, keys) in
            member(&source.statement, "condition").and_then(Value::as_object).into_iter().flatten()
        {
            for (key, values) in keys.as_object().into_iter().flatten() {
                draft.satisfy(r, operator, key, values);
            }
        }
        if self.features.sessions
            && draft.caller.kind != CallerKind::Unsigned
            && (draft.caller.federated || r.chance(10))
        {
            let place = Place {
                account: source.account,
                preset: false,
                appids: false,
                legacy_project: self.legacy_project,
            };
            draft.session = Some(broad(r, Features { variables: false, ..self.features }, place));
        }
        draft
    }

    fn caller(&self, r: &mut Random, source: &Source) -> Caller {
        let principals = member(&source.statement, "principal").and_then(Value::as_object);
        let entries: Vec<String> =
            principals.into_iter().flat_map(|kinds| kinds.values()).flat_map(strings).collect();
        let mut spelled = None;
        if !entries.is_empty() && r.chance(85) {
            let entry = r.pick(&entries).clone();
            let account = ACCOUNTS.iter().position(|(uin, _)| entry.contains(&format!("::uin/{uin}:")));
            let name = entry.rsplit(':').next().unwrap_or("").to_owned();
            spelled = match name.as_str() {
                "anonymous" => Some(Caller::unsigned()),
                "anyone" | "*" => None,
                _ if name.starts_with("groupid/") || (name == "root" && r.chance(50)) => None,
                _ => Some(Caller::new(account.unwrap_or(source.account), &name)),
            };
        } else if !source.bound.is_empty() && r.chance(93) {
            let (account, name) = &self.identities[*r.pick(&source.bound)];
            spelled = Some(Caller::new(*account, name));
        }
        let mut caller = spelled.unwrap_or_else(|| self.any_caller(r));
        caller.federated = self.features.sessions && r.chance(8) && caller.name.starts_with("uin/");
        caller
    }

    fn any_caller(&self, r: &mut Random) -> Caller {
        let account = r.below(self.accounts);
        match r.below(20) {
            0 => Caller::new(account, &format!("uin/{}", ACCOUNTS[account].0)),
            1 => Caller::new(account, &format!("uin/{}", user_uin(account, 7))),
            2 => Caller::new(3, &format!("uin/{}", if r.chance(50) { UNKNOWN.0 } else { "400000000011" })),
            3..=4 if self.features.anonymous => Caller::unsigned(),
            5 if self.features.other_principals => Caller::new(account, "service/cdn"),
            6 if self.features.other_principals => Caller::new(account, r.word(&DOMAINS)),
            7..=8 if self.features.roles => Caller::new(account, r.word(&CAM_OBJECTS[..4])),
            9 if self.features.roles => Caller::new(account, "role/tencentcloudServiceRoleName/r1"),
            _ => self
                .identities
                .get(r.below(self.identities.len().max(1)))
                .map_or_else(|| Caller::new(account, "root"), |(account, name)| Caller::new(*account, name)),
        }
    }

    fn action(&self, r: &mut Random, source: &Source) -> (String, String) {
        let entries = member(&source.statement, "action").map_or(Vec::new(), strings);
        let entry = if entries.is_empty() { "*".into() } else { r.pick(&entries).clone() };
        let resources = member(&source.statement, "resource").map_or(Vec::new(), strings);
        let near =
            resources.first().and_then(|entry| entry.split(':').nth(2)).filter(|service| service.len() > 1);
        match entry.strip_prefix("name/").unwrap_or(&entry) {
            "permid/1" => ("cos".into(), r.word(&["GetObject", "PutObject", "Put"]).into()),
            "actionName/x" => ("cvm".into(), "GetObject".into()),
            "*" | "*:*" if self.a_role(r).is_some() && r.chance(10) => ("sts".into(), "AssumeRole".into()),
            "*" | "*:*" => (near.unwrap_or(r.word(&SERVICES)).into(), r.word(&OPERATIONS).into()),
            entry => {
                let (service, pattern) = entry.split_once(':').unwrap_or(("cos", "*"));
                let fitting: Vec<&str> = operations(service)
                    .filter(|op| compare("string_like", op, pattern) == Some(true))
                    .collect();
                (
                    service.into(),
                    if fitting.is_empty() { pattern.replace('*', "a") } else { r.word(&fitting).into() },
                )
            }
        }
    }

    fn resource(&self, r: &mut Random, source: &Source, caller: &Caller, service: &str) -> String {
        let entries = member(&source.statement, "resource").map_or(Vec::new(), strings);
        let entry = if entries.is_empty() { "*".into() } else { r.pick(&entries).clone() };
        let own = r.chance(50).then(|| source.resource.clone()).flatten();
        let entry =
            own.or(source.resource.clone().filter(|_| entry == "*" || service == "sts")).unwrap_or(entry);
        let role =
            if service == "sts" { self.a_role(r).filter(|_| !entry.contains("roleName/r")) } else { None };
        let entry = role.unwrap_or(entry);
        if entry == "*" && r.chance(20) && service != "sts" {
            return "*".into();
        }
        let mut segments: Vec<&str> = entry.splitn(6, ':').collect();
        if segments.len() < 6 {
            segments = vec!["qcs", "", service, "", "", "*"];
        }
        let of = if matches!(segments[2], "" | "*") { service } else { segments[2] };
        let of = if of == "sts" { "cam" } else { of };
        let region = match segments[3] {
            "" | "*" if of != "cos" && r.chance(40) => "",
            "" | "*" => r.word(&REGIONS[..5]),
            region => region,
        };
        let (uin, appid) = ACCOUNTS[if segments[4].is_empty() { source.account } else { caller.account }];
        let account = match segments[4] {
            "" if of != "cos" && r.chance(30) => String::new(),
            "" | "*" | "uin/*" | "uid/*" | "uin/-1" | "uin/${OwnerUin}" | "uid/${OwnerAppid}" => {
                if r.chance(50) { format!("uin/{uin}") } else { format!("uid/{appid}") }
            }
            account => self.respelled(r, account),
        };
        let sixth =
            if segments[5] == "*" && of == "cos" { format!("b-{appid}/*") } else { segments[5].to_owned() };
        let sixth = if sixth == "*" { r.word(&["instance/a", "roleName/r0", "x"]).to_owned() } else { sixth };
        let sixth = match sixth.as_str() {
            "roleName/r0" if r.chance(30) => "role/4611".into(),
            "roleName/r1" if r.chance(40) => {
                r.word(&["role/4612", "role/tencentcloudServiceRoleName/r1"]).into()
            }
            _ => fill_stars(r, &caller.fill(&sixth)),
        };
        let project = if self.legacy_project { r.word(&["", "", "id/0", "id/7"]) } else { "" };
        format!("qcs:{project}:{of}:{region}:{account}:{sixth}")
    }

    /// A known role as a resource.
    fn a_role(&self, r: &mut Random) -> Option<String> {
        let roles: Vec<_> = self.identities.iter().filter(|(_, name)| name.starts_with("role")).collect();
        let (account, name) = if roles.is_empty() { return None } else { r.pick(&roles) };
        Some(format!("qcs::cam::uin/{}:{name}", ACCOUNTS[*account].0))
    }

    /// The same owner by its other id, now and then.
    fn respelled(&self, r: &mut Random, account: &str) -> String {
        let known = ACCOUNTS.iter().find(|(uin, appid)| account[4..] == **uin || account[4..] == **appid);
        match known {
            Some((uin, _)) if r.chance(30) => format!("uin/{uin}"),
            Some((_, appid)) if r.chance(30) => format!("uid/{appid}"),
            _ => account.to_owned(),
        }
    }

    /// Changes one thing.
    fn change(&self, r: &mut Random, draft: &mut Draft, source: &Source) {
        match r.below(20) {
            0..=2 => draft.change_segment(r, 5, |r, sixth| edit(r, sixth, b"ab/.-0A*")),
            3 => draft.change_segment(r, 3, |r, _| r.word(&REGIONS).into()),
            4 => draft.change_segment(r, 3, |r, region| {
                if r.chance(50) { String::new() } else { edit(r, region, b"ab-1") }
            }),
            5 | 6 => {
                let (uin, appid) = if self.features.cross_account {
                    *r.pick(&ACCOUNTS)
                } else {
                    *r.pick(&[ACCOUNTS[0], UNKNOWN])
                };
                draft.change_segment(r, 4, |r, account| match r.below(4) {
                    0 => format!("uin/{uin}"),
                    1 => format!("uid/{appid}"),
                    2 => String::new(),
                    _ => self.respelled(r, if account.is_empty() { "uin/1" } else { account }),
                });
            }
            7 => draft.change_segment(r, 2, |r, _| r.word(&SERVICES).into()),
            8 => draft.operation = r.word(&OPERATIONS).into(),
            9 => draft.operation = edit(r, &draft.operation, b"aGtO-").replace('*', "x"),
            10 => draft.service = r.word(&SERVICES).into(),
            11..=14 => draft.change_context(r),
            15 | 16 => {
                draft.caller = self.any_caller(r);
                if draft.caller.kind == CallerKind::Unsigned {
                    draft.session = None;
                }
            }
            17 => draft.resources = vec!["*".into()],
            _ => {
                for _ in 0..=r.below(2) {
                    let service = draft.service.clone();
                    let more =
                        if r.chance(50) || self.sources.is_empty() { source } else { r.pick(&self.sources) };
                    let more = self.resource(r, more, &draft.caller, &service);
                    draft.resources.insert(r.below(draft.resources.len() + 1), more);
                }
            }
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Caller {
    account: usize,
    /// Below the account: `uin/…`, `roleName/…`, `service/cdn`, …; a domain; empty for the unsigned.
    name: String,
    federated: bool,
    kind: CallerKind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum CallerKind {
    #[default]
    Account,
    Domain,
    Unsigned,
}

impl Caller {
    fn new(account: usize, name: &str) -> Self {
        let kind = if DOMAINS.contains(&name) { CallerKind::Domain } else { CallerKind::Account };
        Caller { account, name: name.to_owned(), federated: false, kind }
    }

    fn unsigned() -> Self {
        Caller { kind: CallerKind::Unsigned, ..Caller::default() }
    }

    /// Fills the policy variables as far as they have a value.
    fn fill(&self, text: &str) -> String {
        let (uin, appid) = ACCOUNTS[self.account];
        let own = self.name.strip_prefix("uin/").unwrap_or(uin);
        text.replace("${uin}", own).replace("${owner_uin}", uin).replace("${app_id}", appid)
    }

    fn spell(&self, r: &mut Random) -> String {
        let uin = ACCOUNTS[self.account].0;
        let name = &self.name;
        match self.kind {
            CallerKind::Unsigned => "qcs::cam::anonymous:anonymous".into(),
            CallerKind::Domain => format!("service/{name}"),
            CallerKind::Account if self.federated => format!("qcs::sts:{uin}:federated-user/{}", &name[4..]),
            CallerKind::Account => match name.strip_prefix("role/") {
                Some(id) if !id.contains('/') && r.chance(40) => format!("qcs::sts:{uin}:assumed-role/{id}"),
                Some(id) if !id.contains('/') && r.chance(40) => {
                    format!("qcs::sts:{uin}:assumed-role/{id}/a,b")
                }
                _ if name.starts_with("uin/") && r.chance(15) => format!("qcs::cam:{uin}:{name}"),
                _ if *name == format!("uin/{uin}") && r.chance(50) => format!("qcs::cam::uin/{uin}:root"),
                _ => format!("qcs::cam::uin/{uin}:{name}"),
            },
        }
    }
}

#[derive(Debug, Default)]
struct Draft {
    caller: Caller,
    service: String,
    operation: String,
    resources: Vec<String>,
    context: Map<String, Value>,
    time: Option<String>,
    session: Option<Value>,
}

impl Draft {
    /// Gives the key a value with which the operator holds, if one comes to mind.
    fn satisfy(&mut self, r: &mut Random, operator: &str, key: &str, values: &Value) {
        let (qualifier, base, negated, if_exist) = split(operator);
        let values: Vec<String> = strings(values).iter().map(|value| self.caller.fill(value)).collect();
        if base == "null_equal" {
            let given = if values == ["false"] { json!("a") } else { json!(["", ""]) };
            match key {
                "qcs:current_time" => self.time = (values == ["false"]).then(|| DATES[0].into()),
                "qcs:uin" | "qcs:owner_uin" => {}
                _ if values == ["true"] && r.chance(50) => drop(self.context.shift_remove(key)),
                _ => drop(self.context.insert(key.into(), given)),
            }
            return;
        }
        if if_exist && r.chance(30) {
            return;
        }
        let pool = pool_of(key);
        let fits = |x: &&str| negated != values.iter().any(|v| compare(&base, x, v) == Some(true));
        let fitting: Vec<&str> =
            pool.iter().copied().chain(values.iter().map(String::as_str)).filter(fits).collect();
        if fitting.is_empty() {
            return;
        }
        let value = r.word(&fitting);
        match key {
            "qcs:current_time" => {
                self.time = Some(value.into()).filter(|time: &String| time.contains('T') && time.len() > 19)
            }
            "qcs:uin" | "qcs:owner_uin" => {}
            _ => {
                let more = if qualifier == "for_any_value" { r.word(pool) } else { r.word(&fitting) };
                let given = if r.chance(25) { json!([value, more]) } else { json!([value]) };
                self.context.insert(key.into(), given);
            }
        }
    }

    fn change_context(&mut self, r: &mut Random) {
        let keys: Vec<&str> = FAMILIES.iter().flat_map(|(_, keys, _)| keys.iter().copied()).collect();
        let key = match self.context.keys().nth(r.below(self.context.len() + 2)) {
            Some(key) => key.clone(),
            None => r.word(&keys).into(),
        };
        let pool = pool_of(&key);
        match key.as_str() {
            "qcs:uin" | "qcs:owner_uin" => {}
            "qcs:current_time" => self.time = r.chance(80).then(|| r.word(&DATES[..12]).into()),
            _ => {
                let value = match r.below(8) {
                    0 => return drop(self.context.shift_remove(&key)),
                    1 => json!([]),
                    2 => json!(r.some(3, |r| r.word(pool))),
                    3 => json!([r.word(&STRINGS)]),
                    4 => json!(r.word(pool)),
                    5 if key == "kn" => json!(10),
                    6 if key == "kb" => json!([true]),
                    _ => json!([r.word(pool)]),
                };
                self.context.insert(key, value);
            }
        }
    }

    fn change_segment(&mut self, r: &mut Random, at: usize, change: impl Fn(&mut Random, &str) -> String) {
        let i = r.below(self.resources.len());
        let mut segments: Vec<String> = self.resources[i].splitn(6, ':').map(String::from).collect();
        if segments.len() == 6 {
            let changed = change(r, &segments[at]);
            // A COS resource names its region and owner (CITE REQ-5): leaving one out is seldom of interest.
            if !changed.is_empty() || (segments[2] != "cos" && at != 5) || r.chance(10) {
                segments[at] = changed;
            }
            self.resources[i] = segments.join(":");
        }
    }

    /// Gives resources of other known accounts to the account of the caller, or to one that nobody knows.
    fn stay_at_home(&mut self, r: &mut Random) {
        let (home, away) = (ACCOUNTS[self.caller.account], UNKNOWN);
        for resource in &mut self.resources {
            let to = if r.chance(80) { home } else { away };
            for (uin, appid) in ACCOUNTS.iter().filter(|account| **account != home && **account != away) {
                *resource = resource.replace(&format!(":uin/{uin}:"), &format!(":uin/{}:", to.0));
                *resource = resource.replace(&format!(":uid/{appid}:"), &format!(":uid/{}:", to.1));
            }
        }
    }

    fn finish(mut self, r: &mut Random) -> Value {
        // A provider asks for nothing else (CITE REQ-2).
        if self.caller.name.contains("-provider/") && r.chance(95) {
            (self.service, self.operation) = ("sts".into(), "AssumeRoleWithSAML".into());
        }
        let name = if r.chance(5) { "name/" } else { "" };
        let resource = if self.resources.len() == 1 && r.chance(30) {
            json!(self.resources[0])
        } else {
            json!(self.resources)
        };
        let action = format!("{name}{}:{}", self.service, self.operation);
        let mut request = json!({"principal": self.caller.spell(r), "action": action, "resource": resource});
        if !self.context.is_empty() {
            request["context"] = self.context.into();
        }
        if let Some(time) = self.time {
            request["time"] = time.into();
        }
        if let Some(session) = self.session {
            request["session_policy"] = session;
        }
        if r.chance(3) {
            request["signed"] = (self.caller.kind != CallerKind::Unsigned || r.chance(10)).into();
        }
        request
    }
}

fn operations(service: &str) -> impl Iterator<Item = &'static str> {
    let operations = if service == "sts" { &ASSUME[..] } else { &OPERATIONS[..] };
    operations.iter().map(|name| name.strip_prefix("sts:").unwrap_or(name))
}

fn pool_of(key: &str) -> &'static [&'static str] {
    match key {
        "kn" | "cos:content-length" => &NUMBERS,
        "kd" | "qcs:current_time" => &DATES,
        "ki" | "qcs:ip" => &ADDRESSES,
        "kb" => &FLAGS,
        _ => &STRINGS,
    }
}

fn fill_stars(r: &mut Random, pattern: &str) -> String {
    let mut filled: String =
        pattern.split_inclusive('*').map(|part| part.replace('*', r.word(&FILLINGS))).collect();
    if filled.is_empty() {
        filled.push('a');
    }
    filled
}

/// Replaces, inserts or removes one byte; what stays is never empty.
fn edit(r: &mut Random, text: &str, alphabet: &[u8]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let (at, byte) = (r.below(bytes.len() + 1), *r.pick(alphabet));
    match r.below(3) {
        0 if at < bytes.len() => bytes[at] = byte,
        1 if at < bytes.len() && bytes.len() > 1 => drop(bytes.remove(at)),
        _ => bytes.insert(at, byte),
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// One value or a list of them, as text.
fn strings(value: &Value) -> Vec<String> {
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), String::from)).collect()
}

fn member<'v>(object: &'v Value, keyword: &str) -> Option<&'v Value> {
    object.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case(keyword)).map(|(_, value)| value)
}
