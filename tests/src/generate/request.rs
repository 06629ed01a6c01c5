//! Requests that nearly or just match: one statement of a world is taken, a request that fits it is made, then little or
//! nothing of the request is changed.

use serde_json::{Value, json};

use super::draft::{Caller, CallerKind, Draft, edit, fill_stars, list, member, operations, strings, text};
use super::fitting::fits;
use super::words::{
    ACCOUNTS, ADDRESSES, CAM_OBJECTS, DATES, DOMAINS, OPERATIONS, REGIONS, SERVICES, UNKNOWN,
};
use super::{Features, Place, Random, broad, user_uin};

/// Statements of a world with what is needed to make requests of them.
#[derive(Debug)]
pub struct Requests {
    features: Features,
    sources: Vec<Source>,
    /// (place of the account, spelling below it) of every known user and role.
    identities: Vec<(usize, String)>,
    accounts: usize,
    legacy_project: bool,
    /// The session policies that requests bring along; empty for a new one every time.
    sessions: Vec<Value>,
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
            sessions: Vec::new(),
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

    /// Lets requests choose among so many session policies, which the caller can then keep prepared.
    pub fn pooled_sessions(mut self, count: usize, r: &mut Random) -> Self {
        self.sessions = (0..count).map(|i| self.session(r, i % self.accounts)).collect();
        self
    }

    fn session(&self, r: &mut Random, account: usize) -> Value {
        let place = Place { account, preset: false, appids: false, legacy_project: self.legacy_project };
        broad(r, Features { variables: false, ..self.features }, place)
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
            draft.session = Some(match self.sessions.as_slice() {
                [] => self.session(r, source.account),
                pool => r.pick(pool).clone(),
            });
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
                let fitting: Vec<&str> =
                    operations(service).filter(|op| fits("string_like", op, pattern)).collect();
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
