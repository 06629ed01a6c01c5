//! Reading worlds for the reference evaluator.

use std::collections::HashMap;
use std::slice::from_ref;

use serde_json::{Value, json};

use super::{EVERYONE, Reference, Resource, Statement};

impl Reference {
    /// Reads a world.
    pub fn new(world: &Value) -> Self {
        let (appids, names, tied) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut read = Reference { world: world.clone(), appids, names, tied, scoped: Vec::new() };
        let (accounts, general) = (&world["accounts"], &world["general_policies"]);
        read.tied.insert("general uin/".into(), read.all(&Value::Null, general, "general"));
        for account in list(accounts) {
            let (uin, name) = (text(&account["uin"]), format!("uin/{}", text(&account["uin"])));
            let names = vec![format!("{name}:{name}"), format!("{name}:root")];
            read.names.extend(names.iter().map(|name| (name.clone(), names.clone())));
            read.appids.extend(account["appid"].as_str().map(|appid| (uin.into(), appid.into())));
            read.tied.insert(format!("general {name}"), read.all(account, general, "general"));
            let levels = list(&world["organization"]).iter().filter(|of| of["account"] == *uin);
            for (i, level) in levels.flat_map(|of| list(&of["levels"])).enumerate() {
                read.tied.insert(format!("scp{i} {name}"), read.all(account, level, &format!("scp{i}")));
            }
            for holder in list(&account["users"]).iter().chain(list(&account["roles"])) {
                read.holder(account, holder);
            }
        }
        for (i, policy) in list(&world["resource_policies"]).iter().enumerate() {
            let scope = text(&policy["resource"]);
            let owner = scope.split(':').nth(4).and_then(|owner| owner.split_once('/'));
            let owner = owner.and_then(|(space, id)| read.uin_of(space, id)).unwrap_or_default();
            let name = policy["name"].as_str().map_or(format!("rp{i}"), String::from);
            let account = account(world, &owner);
            let mut statements = read.statements(account, &policy["policy"], &name);
            let of_cos = scope.split(':').nth(2) == Some("cos");
            let lenient = of_cos && world["options"]["cos_anyone_deny"] == "unsigned"; // CITE EVA-14
            let denies = statements.iter_mut().filter(|s| s.deny && lenient).flat_map(|s| &mut s.principals);
            denies.filter(|name| *name == EVERYONE[2]).for_each(|name| *name = EVERYONE[0].into());
            let scope = read.resources(account, scope).pop();
            read.scoped.extend(scope.map(|scope| (scope, statements)));
        }
        read
    }

    /// A user or a role of an account.
    fn holder(&mut self, account: &Value, holder: &Value) {
        let (name, uin) = (text(&holder["name"]), holder["uin"].as_str());
        let label = uin.map_or(format!("inline:role/{name}"), |uin| format!("inline:{uin}"));
        let mut names = vec![uin.map_or(format!("roleName/{name}"), |uin| format!("uin/{uin}"))];
        names.extend(holder["id"].as_str().map(|id| format!("role/{id}")));
        if holder["service_linked"] == true {
            names.push(format!("role/tencentcloudServiceRoleName/{name}"));
        }
        let mut identity = self.all(account, &holder["policies"], &label);
        let member_of = |group: &&Value| list(&holder["groups"]).contains(&group["name"]);
        for group in list(&account["groups"]).iter().filter(member_of) {
            let label = format!("inline:group/{}", text(&group["name"]));
            identity.extend(self.all(account, &group["policies"], &label));
            names.extend(group["id"].as_str().map(|id| format!("groupid/{id}")));
        }
        let names: Vec<_> =
            names.iter().map(|name| format!("uin/{}:{name}", text(&account["uin"]))).collect();
        self.tied.insert(format!("identity {}", names[0]), identity);
        for (kind, label) in [("boundary", format!("{label}.boundary")), ("trust", format!("trust:{name}"))] {
            let policy = holder.get(kind).map(|policy| self.attached(account, policy, label));
            self.tied.extend(policy.map(|policy| (format!("{kind} {}", names[0]), policy)));
        }
        self.names.extend(names.iter().map(|name| (name.clone(), names.clone())));
    }

    fn all(&self, account: &Value, references: &Value, label: &str) -> Vec<Statement> {
        let each = list(references).iter().enumerate();
        each.flat_map(|(i, policy)| self.attached(account, policy, format!("{label}.{i}"))).collect()
    }

    /// A policy by its name, or in place (CITE EVA-27).
    fn attached(&self, account: &Value, policy: &Value, in_place: String) -> Vec<Statement> {
        let Some(name) = policy.as_str() else { return self.statements(account, policy, &in_place) };
        let bearers = list(&self.world["accounts"]).iter().filter(|of| of["policies"].get(name).is_some());
        let full = json!({"statement": {"effect": "allow", "action": "*", "resource": "*"}}); // CITE PRE-1
        match account["policies"].get(name) {
            Some(policy) if bearers.count() == 1 => self.statements(account, policy, name),
            Some(policy) => self.statements(account, policy, &format!("{}/{name}", text(&account["uin"]))),
            None => self.statements(account, self.world["presets"].get(name).unwrap_or(&full), name),
        }
    }

    /// The statements of a document attached in an account (null for none), by the name of the policy.
    pub(super) fn statements(&self, account: &Value, document: &Value, policy: &str) -> Vec<Statement> {
        let (document, any) = (self.filled(account, document), json!("*"));
        let read = |(i, s): (usize, &Value)| {
            let principal = member(s, "principal", member(&document, "principal", &any));
            let action = texts(member(s, "action", &Value::Null));
            let resource = texts(member(s, "resource", &any));
            let of_operator = |(operator, keys): (&String, &'_ Value)| {
                let term = |(key, values): (&String, &Value)| (operator.clone(), key.clone(), texts(values));
                members(keys).map(term).collect::<Vec<_>>()
            };
            Statement {
                id: format!("{policy}#{i}"),
                deny: text(member(s, "effect", &Value::Null)).eq_ignore_ascii_case("deny"),
                principals: principals(principal, text(&account["uin"]), policy.starts_with("trust:")),
                actions: action.iter().flat_map(|entry| self.actions(entry)).collect(),
                resources: resource.iter().flat_map(|entry| self.resources(account, entry)).collect(),
                conditions: members(member(s, "condition", &Value::Null)).flat_map(of_operator).collect(),
            }
        };
        list(member(&document, "statement", &Value::Null)).iter().enumerate().map(read).collect()
    }

    /// A document with the template parameters filled that have a value (CITE VAR-6, VAR-7).
    pub(super) fn filled(&self, account: &Value, document: &Value) -> Value {
        let builtin = json!({"OwnerUin": account["uin"], "OwnerAppid": account["appid"]});
        let builtin = members(&builtin).filter(|_| self.world["options"]["builtin_parameters"] != false);
        let mut text = document.to_string();
        for (name, value) in members(&self.world["parameters"]).chain(builtin) {
            let value = if value.is_string() { value.to_string() } else { format!("\"${{{name}}}\"") };
            text = text.replace(&format!("${{{name}}}"), &value[1..value.len() - 1]);
        }
        serde_json::from_str(&text).expect("a document stays JSON")
    }

    /// An action less `name/`, or those of a set (CITE ACT-2, ACT-7).
    fn actions(&self, entry: &str) -> Vec<String> {
        let set = texts(&self.world["catalogue"][entry]);
        let entries = if set.is_empty() { vec![entry.to_owned()] } else { set };
        entries.iter().map(|entry| entry.strip_prefix("name/").unwrap_or(entry).to_owned()).collect()
    }

    /// An entry as it is to be read; where it can be a COS bucket, also with the slash (CITE RES-24).
    fn resources(&self, account: &Value, entry: &str) -> Vec<Resource> {
        let segments: Vec<&str> = entry.splitn(6, ':').collect();
        let [_, project, service, region, owner, sixth] = segments[..] else { return vec![None] };
        let own = account["uin"].as_str().unwrap_or("${owner_uin}");
        let mine = owner.is_empty() || owner == "uin/-1"; // CITE RES-8, RES-11
        let uin = if mine { own } else { owner.strip_prefix("uin/").unwrap_or("*") };
        let appid = owner.strip_prefix("uid/").unwrap_or("*");
        let read = |sixth: &str, service: &str| {
            let texts = [project, service, region_code(region), uin, appid, sixth];
            Some(texts.map(|text| if text.is_empty() { "*".into() } else { text.to_owned() }))
        };
        let of_cos = ["", "*", "cos"].contains(&service).then(|| read(&bucket(sixth), "cos"));
        [read(sixth, service)].into_iter().chain(of_cos).collect()
    }

    /// The uin meant by an account segment (CITE RES-9).
    pub(super) fn uin_of(&self, space: &str, id: &str) -> Option<String> {
        let bearer = || Some(self.appids.iter().find(|(_, appid)| *appid == id)?.0.clone());
        if space == "uid" { bearer() } else { Some(id.to_owned()) }
    }
}

/// An account of a world, null if it is not there.
pub(super) fn account<'w>(world: &'w Value, uin: &str) -> &'w Value {
    list(&world["accounts"]).iter().find(|account| account["uin"] == *uin).unwrap_or(&Value::Null)
}

/// The names a principal element admits (CITE PRI-4), in a document of the account `own`.
fn principals(principal: &Value, own: &str, trust: bool) -> Vec<String> {
    let lists = principal.as_object().map_or(vec![principal], |kinds| kinds.values().collect());
    let named = |entry: String| match entry.strip_prefix("qcs::cam::") {
        None if entry == "*" => entry,
        None => format!("service/{entry}"),
        Some(name) => {
            let (account, below) = name.split_once(':').unwrap_or_default();
            let root = account.starts_with("uin/") && (below == "root" || below == account);
            let all = root && (trust || account[4..] != *own); // CITE PRI-6
            if all { format!("{account}:all") } else { name.to_owned() }
        }
    };
    lists.into_iter().flat_map(texts).map(named).collect()
}

/// A COS bucket with its slash (CITE RES-24).
pub(super) fn bucket(sixth: &str) -> String {
    if sixth.contains(['/', '*']) { sixth.to_owned() } else { format!("{sixth}/") }
}

/// A region by its present code (CITE RES-6).
pub(super) fn region_code(code: &str) -> &str {
    let current = |pair: &'static str| pair.strip_prefix(code)?.strip_prefix('=');
    REGIONS.split_whitespace().find_map(current).unwrap_or(code)
}

const REGIONS: &str = "gz=ap-guangzhou cn-south=ap-guangzhou gzopen=ap-guangzhou-open szx=ap-shenzhen
    szjr=ap-shenzhen-fsi sh=ap-shanghai cn-east=ap-shanghai shjr=ap-shanghai-fsi bj=ap-beijing tj=ap-beijing-1
    cn-north=ap-beijing-1 bjjr=ap-beijing-fsi cd=ap-chengdu cn-southwest=ap-chengdu cq=ap-chongqing nj=ap-nanjing
    tsn=ap-tianjin tpe=ap-taipei hk=ap-hongkong sg=ap-singapore sgp=ap-singapore kr=ap-seoul jp=ap-tokyo
    th=ap-bangkok in=ap-mumbai jkt=ap-jakarta use=na-ashburn usw=na-siliconvalley ca=na-toronto de=eu-frankfurt
    ger=eu-frankfurt sao=sa-saopaulo";

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

/// What one value or a list has, none for null (CITE DOC-13, REQ-7).
pub(super) fn list(value: &Value) -> &[Value] {
    match value {
        Value::Null => &[],
        Value::Array(all) => all,
        one => from_ref(one),
    }
}

/// The same as texts, numbers and booleans as in JSON (CITE LIT-1).
pub(super) fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), String::from);
    list(value).iter().map(text).collect()
}

pub(super) fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> + Clone {
    value.as_object().into_iter().flatten()
}

/// A member by its keyword, initial capitals allowed (CITE DOC-8).
fn member<'v>(object: &'v Value, keyword: &str, otherwise: &'v Value) -> &'v Value {
    let found = members(object).find(|(name, _)| name.eq_ignore_ascii_case(keyword));
    found.map_or(otherwise, |(_, value)| value)
}
