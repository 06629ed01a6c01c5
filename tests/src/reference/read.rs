//! Reading for the reference evaluator: worlds, documents, requests and literals, from JSON to plain structures.
//! Documents are those the frontend accepted; requests are checked in the order of the rules.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::slice::from_ref;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{
    Account, Caller, Identity, Kind, Query, Reference, Resource, Statement, Target, VARIABLES, assumes_role,
    split,
};

impl Reference {
    /// Reads a world.
    pub fn new(world: &Value) -> Self {
        let options = &world["options"];
        let place = |account| Place { world, account, missing: Cell::default() };
        let services = options.get("resource_policy_services").and_then(scalars);
        let services = services
            .map_or(vec!["cos".into(), "cas".into()], |all| all.into_iter().map(Cow::into_owned).collect());
        let mut read = Reference {
            accounts: HashMap::new(),
            uin_of_appid: HashMap::new(),
            resource_policies: Vec::new(),
            general: place(&Value::Null).all(&world["general_policies"], "general"),
            list_deny_cam: options["list_deny"] == "cam",
            anyone_deny_unsigned: options["cos_anyone_deny"] == "unsigned",
            resource_policy_services: services,
            max_artifact_age_s: options["max_artifact_age_s"].as_u64(),
            world: world.clone(),
        };
        for json in list(&world["accounts"]) {
            let (uin, appid) = (text(&json["uin"]), json["appid"].as_str().map(String::from));
            read.uin_of_appid.extend(appid.clone().map(|appid| (appid, uin.to_owned())));
            let holders = list(&json["users"]).iter().chain(list(&json["roles"]));
            let identities: Vec<_> = holders.map(|holder| place(json).identity(holder)).collect();
            let names = |(i, identity): (usize, &Identity)| {
                identity.names.iter().map(move |name| (name.clone(), i)).collect::<Vec<_>>()
            };
            let mut by_name: HashMap<_, _> = identities.iter().enumerate().flat_map(names).collect();
            by_name.retain(|name, _| !name.starts_with("groupid/"));
            let levels = list(&world["organization"]).iter().filter(|of| of["account"] == json["uin"]);
            let levels = levels.flat_map(|of| list(&of["levels"])).enumerate();
            let levels = levels.map(|(i, level)| place(json).all(level, &format!("scp{i}"))).collect();
            let general = place(json).all(&world["general_policies"], "general");
            let account = Account { json: json.clone(), appid, identities, by_name, levels, general };
            read.accounts.insert(uin.to_owned(), account);
        }
        for (i, json) in list(&world["resource_policies"]).iter().enumerate() {
            let scope = text(&json["resource"]);
            let owner = scope.split(':').nth(4).expect("a scope has an owner");
            let of_appid = |id: &str| read.uin_of_appid.get(id).cloned();
            let uin =
                owner.strip_prefix("uid/").map_or(owner.strip_prefix("uin/").map(String::from), of_appid);
            let account = uin.and_then(|uin| read.accounts.get(&uin)).expect("the owner of a scope is known");
            let name = json["name"].as_str().map_or(format!("rp{i}"), String::from);
            let statements = place(&account.json).accepted(&json["policy"], &name, "resource");
            let scope = place(&account.json).resource(scope);
            read.resource_policies.push((scope, statements));
        }
        read
    }

    /// Checks and reads a request; else the code of the first thing wrong with it (CITE REQ-12).
    pub(super) fn read<'a>(&'a self, request: &'a Value) -> Result<Query<'a>, &'static str> {
        let check = |holds: bool, code| if holds { Ok(()) } else { Err(code) };
        let is_text = |value: &Value| value.is_string();
        let well_typed = |(name, value): (&String, &Value)| match name.as_str() {
            "id" | "principal" | "action" | "time" => is_text(value),
            "resource" => is_text(value) || value.as_array().is_some_and(|all| all.iter().all(is_text)),
            "context" => value.is_object(),
            "signed" => value.is_boolean(),
            "artifact_age_s" => value.is_u64(),
            name => name == "session_policy",
        };
        check(request.as_object().is_some_and(|members| members.into_iter().all(well_typed)), "CAM0600")?;
        check(is_text(&request["principal"]) && is_text(&request["action"]), "CAM0600")?;
        let members: Vec<_> = request["context"].as_object().into_iter().flatten().collect();
        let short = |value: &Value| scalars(value).iter().flatten().all(|text| text.len() <= 4096);
        let bounded = |(key, values): &(&String, &Value)| {
            key.len() <= 4096 && list(values).len() <= 256 && short(values)
        };
        check(members.len() <= 256 && members.iter().all(bounded), "CAM0608")?;
        check(
            ["id", "principal", "action", "time", "resource"].iter().all(|name| short(&request[name])),
            "CAM0608",
        )?;

        let principal = text(&request["principal"]);
        let caller = self.caller(principal).ok_or("CAM0601")?;
        let signed = caller.kind != Kind::Anonymous;
        check(request["signed"].as_bool().is_none_or(|claimed| claimed == signed), "CAM0609")?;
        let action = text(&request["action"]);
        let action = action.strip_prefix("name/").unwrap_or(action).split_once(':');
        let (service, operation) = action.ok_or("CAM0602")?;
        check(is_service(service) && !operation.is_empty() && made_of(operation, "A./_-"), "CAM0602")?;
        let by_provider =
            service == "sts" && ["AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"].contains(&operation);
        check(by_provider || !principal.contains("-provider/"), "CAM0601")?;
        let resources = request.get("resource").map_or(&[][..], one_or_more);
        check((1..=64).contains(&resources.len()), "CAM0604")?;
        let targets = resources.iter().map(|resource| self.target(text(resource), caller.uin));
        let targets = targets.collect::<Option<_>>().ok_or("CAM0603")?;
        let derived = ["qcs:current_time", "qcs:uin", "qcs:owner_uin"];
        check(members.iter().all(|(key, _)| !derived.contains(&key.as_str())), "CAM0605")?;
        let context = members.into_iter().map(|(key, values)| Some((key.as_str(), scalars(values)?)));
        let mut context: Vec<_> = context.collect::<Option<_>>().ok_or("CAM0608")?;
        if let Some(time) = request["time"].as_str() {
            instant(time, true).ok_or("CAM0610")?;
            context.push(("qcs:current_time", vec![Cow::Borrowed(time)]));
        }
        let [uin, owner_uin, _] = caller.variables().map(|value| Some(vec![Cow::Owned(value?.to_owned())]));
        context.extend(uin.map(|uin| ("qcs:uin", uin)));
        context.extend(owner_uin.map(|uin| ("qcs:owner_uin", uin)));

        let account = caller.account.map_or(&Value::Null, |account| &account.json);
        let place = Place { world: &self.world, account, missing: Cell::default() };
        let session =
            request.get("session_policy").map(|policy| place.document(policy, "session", "session"));
        check(
            session.is_none() || (signed && session.iter().all(Option::is_some) && !place.missing.get()),
            "CAM0606",
        )?;
        check(session.is_some() || !principal.contains(":federated-user/"), "CAM0606")?;
        let age = request["artifact_age_s"].as_u64();
        let stale = |limit| age.is_none_or(|age| age > limit);
        check(!self.max_artifact_age_s.is_some_and(stale), "CAM0607")?;
        let query = Query { caller, service, operation, targets, context, session: session.flatten() };
        check(
            !assumes_role(&query) || matches!(query.targets[..], [Target { role: Some(_), .. }]),
            "CAM0611",
        )?;
        Ok(query)
    }

    fn caller<'a>(&'a self, text: &'a str) -> Option<Caller<'a>> {
        let is_name = |text: &str| (1..=128).contains(&text.len()) && made_of(text, "A_.@=+-");
        if text == "qcs::cam::anonymous:anonymous" {
            return Some(Caller::unsigned());
        }
        if let Some(domain) = text.strip_prefix("service/") {
            let label =
                |label: &str| !label.is_empty() && made_of(label, "-") && label.trim_matches('-') == label;
            let caller = Caller { kind: Kind::Machine, names: vec![text.into()], ..Caller::unsigned() };
            return (domain.contains('.') && domain.split('.').all(label)).then_some(caller);
        }
        let segments: Vec<&str> = text.split(':').collect();
        let (product, uin, name) = match segments[..] {
            ["qcs", "", "cam", "", account, name] => ("cam", account.strip_prefix("uin/")?, name),
            ["qcs", "", "cam", uin, name] if name.starts_with("uin/") => ("cam", uin, name),
            ["qcs", "", "sts", uin, name] => ("sts", uin, name),
            _ => return None,
        };
        let (form, id) = name.split_once('/').unwrap_or((name, ""));
        let (role, session) = id.split_once('/').unwrap_or((id, "-"));
        let (kind, name, valid) = match (product, form) {
            ("cam", "root") => (Kind::Root, "root".into(), name == "root"),
            ("cam", "uin") | ("sts", "federated-user") if id == uin => (Kind::Root, "root".into(), true),
            ("cam", "uin") | ("sts", "federated-user") => (Kind::SubAccount, format!("uin/{id}"), is_id(id)),
            ("cam", "role") if role == "tencentcloudServiceRoleName" => {
                (Kind::Role, name.into(), is_name(session))
            }
            ("cam", "role") => (Kind::Role, name.into(), is_id(id)),
            ("cam", "roleName") => (Kind::Role, name.into(), is_name(id)),
            ("sts", "assumed-role") if is_name(&session.replace(',', "_")) => {
                (Kind::Role, format!("role/{role}"), is_id(role))
            }
            ("cam", "service" | "saml-provider" | "oidc-provider") => {
                (Kind::Machine, name.into(), is_name(id))
            }
            _ => return None,
        };
        let account = self.accounts.get(uin);
        let identity = account.and_then(|account| Some(&account.identities[*account.by_name.get(&name)?]));
        let known = kind == Kind::Machine || identity.is_some() || (kind == Kind::Root && account.is_some());
        let names = identity.map_or(vec![name.into()], |i| i.names.iter().map(|name| name.into()).collect());
        (valid && is_id(uin)).then_some(Caller { kind, known, uin, account, identity, names })
    }

    fn target<'a>(&'a self, text: &'a str, caller: &'a str) -> Option<Target<'a>> {
        if text == "*" {
            return Some(Target::default());
        }
        let segments: Vec<&str> = text.splitn(6, ':').collect();
        let ["qcs", project, service, region, owner, sixth] = segments[..] else { return None };
        let is_number = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
        let capable = self.resource_policy_services.iter().any(|capable| capable == service);
        let valid = (project.is_empty() || project.strip_prefix("id/").is_some_and(is_number))
            && (is_service(service) && made_of(region, "-") && !sixth.is_empty())
            && !(capable && (region.is_empty() || owner.is_empty()));
        let uin = match owner.split_once('/') {
            None if owner.is_empty() => Some(caller).filter(|uin| !uin.is_empty()),
            Some(("uin", id)) if is_id(id) => Some(id),
            Some(("uid", id)) if is_id(id) => self.uin_of_appid.get(id).map(String::as_str),
            _ => return None,
        };
        let account = uin.and_then(|uin| self.accounts.get(uin));
        let appid = owner.strip_prefix("uid/").or(account.and_then(|account| account.appid.as_deref()));
        let mut spellings = vec![Cow::Borrowed(sixth)];
        if service == "cos" {
            spellings = vec![bucket(sixth).into()];
        }
        let mut role = None;
        if service == "cam" {
            // CITE RES-21
            let root = uin.map(|uin| format!("uin/{uin}")).filter(|root| sixth == "root" || sixth == root);
            spellings.extend(root.into_iter().flat_map(|root| [Cow::Borrowed("root"), root.into()]));
            let place =
                account.filter(|_| sixth.starts_with("role")).and_then(|account| account.by_name.get(sixth));
            role = account.zip(place).map(|(account, &place)| &account.identities[place]);
            spellings.extend(role.iter().flat_map(|role| role.names.iter().map(|name| name.into())));
        }
        let region = region_code(region);
        valid.then_some(Target { project, service, region, uin, appid, spellings, role })
    }
}

/// Where a document stands: in a world, and at an account (null for none).
pub(super) struct Place<'a> {
    world: &'a Value,
    account: &'a Value,
    /// Set when a parameter has no value.
    missing: Cell<bool>,
}

impl Place<'_> {
    /// A user or a role.
    fn identity(&self, json: &Value) -> Identity {
        let (name, uin, linked) = (text(&json["name"]), json["uin"].as_str(), json["service_linked"] == true);
        let label = uin.map_or(format!("inline:role/{name}"), |uin| format!("inline:{uin}"));
        let mut policies = self.all(&json["policies"], &label);
        let mut names = vec![uin.map_or(format!("roleName/{name}"), |uin| format!("uin/{uin}"))];
        names.extend(json["id"].as_str().map(|id| format!("role/{id}")));
        names.extend(linked.then(|| format!("role/tencentcloudServiceRoleName/{name}")));
        for group in
            list(&self.account["groups"]).iter().filter(|g| list(&json["groups"]).contains(&g["name"]))
        {
            policies.extend(self.all(&group["policies"], &format!("inline:group/{}", text(&group["name"]))));
            names.extend(group["id"].as_str().map(|id| format!("groupid/{id}")));
        }
        let boundary = json.get("boundary").map(|policy| self.attached(policy, format!("{label}.boundary")));
        let trust = json.get("trust").map(|policy| self.accepted(policy, &format!("trust:{name}"), "trust"));
        Identity { names, linked, policies, boundary, trust: trust.unwrap_or_default() }
    }

    fn all(&self, references: &Value, label: &str) -> Vec<Statement> {
        let each = list(references).iter().enumerate();
        each.flat_map(|(i, policy)| self.attached(policy, format!("{label}.{i}"))).collect()
    }

    /// A policy by its name, or in place (CITE EVA-27).
    fn attached(&self, policy: &Value, in_place: String) -> Vec<Statement> {
        let Some(name) = policy.as_str() else { return self.accepted(policy, &in_place, "") };
        let bearers =
            list(&self.world["accounts"]).iter().filter(|account| account["policies"].get(name).is_some());
        let full = json!({"statement": {"effect": "allow", "action": "*", "resource": "*"}});
        match self.account["policies"].get(name) {
            Some(policy) if bearers.count() == 1 => self.accepted(policy, name, ""),
            Some(policy) => self.accepted(policy, &format!("{}/{name}", text(&self.account["uin"])), ""),
            None => self.accepted(self.world["presets"].get(name).unwrap_or(&full), name, ""),
        }
    }

    fn accepted(&self, document: &Value, name: &str, kind: &str) -> Vec<Statement> {
        self.document(document, name, kind).unwrap_or_else(|| panic!("`{name}` is not an accepted policy"))
    }

    /// The statements of a document, `None` when it cannot be read.
    fn document(&self, document: &Value, policy: &str, kind: &str) -> Option<Vec<Statement>> {
        let statements = one_or_more(member(document, "statement")?).iter().enumerate();
        let read = statements.map(|(i, s)| {
            let principal = member(s, "principal").or(member(document, "principal"));
            let named = matches!(kind, "trust" | "resource");
            let vacuous = |p: &Value| kind == "session" && (*p == "*" || *p == json!({"qcs": ["*"]}));
            if !named && !principal.is_none_or(vacuous) {
                return None;
            }
            let principals = named.then(|| self.principals(principal.expect("a principal"), kind));
            let actions = scalars(member(s, "action")?)?
                .iter()
                .flat_map(|entry| self.actions(entry))
                .collect::<Vec<_>>();
            let resources = member(s, "resource").map_or(Some(vec!["*".into()]), scalars)?;
            let resources: Vec<_> = resources.iter().map(|entry| self.resource(entry)).collect();
            let mut terms = Vec::new();
            for (operator, keys) in member(s, "condition").and_then(Value::as_object).into_iter().flatten() {
                is_operator(operator).then_some(())?;
                for (key, values) in keys.as_object()? {
                    let values = scalars(values)?.iter().map(|value| self.fill(value)).collect();
                    terms.push((operator.clone(), key.clone(), values));
                }
            }
            let deny = text(member(s, "effect")?).eq_ignore_ascii_case("deny");
            let id = format!("{policy}#{i}");
            let complete = !actions.is_empty() && !resources.is_empty();
            complete.then_some(Statement { id, deny, principals, actions, resources, terms })
        });
        read.collect::<Option<Vec<_>>>().filter(|read| !read.is_empty())
    }

    fn principals(&self, principal: &Value, kind: &str) -> Vec<(String, String)> {
        let lists = principal.as_object().map_or(vec![principal], |kinds| kinds.values().collect());
        let entries = lists.into_iter().flat_map(one_or_more).map(|entry| self.fill(text(entry)));
        let read = entries.map(|entry| match entry.split(':').collect::<Vec<_>>()[..] {
            ["qcs", _, _, _, account, name] if account.starts_with("uin/") => {
                let (uin, id) = (&account[4..], name.split_once('/').map_or("", |(_, id)| id));
                let whole = kind == "trust" || self.account["uin"] != uin; // CITE PRI-6
                let name = if name == "root" || (name.starts_with("uin/") && id == uin) {
                    if whole { "all" } else { "root" }
                } else {
                    name
                };
                (uin.to_owned(), name.to_owned())
            }
            ["qcs", _, _, _, _, name] => (String::new(), name.to_owned()),
            ["*"] => (String::new(), "*".into()),
            _ => (String::new(), format!("service/{entry}")),
        });
        read.collect()
    }

    /// (service, operation) of an entry; of the entries of an action set (CITE ACT-7).
    fn actions(&self, entry: &str) -> Vec<(String, String)> {
        let entry = self.fill(entry.strip_prefix("name/").unwrap_or(entry));
        if let Some(set) = self.world["catalogue"].get(&entry) {
            return one_or_more(set).iter().flat_map(|entry| self.actions(text(entry))).collect();
        }
        vec![
            entry
                .split_once(':')
                .map_or(("*".into(), "*".into()), |(service, of)| (service.into(), of.into())),
        ]
    }

    fn resource(&self, entry: &str) -> Resource {
        let segments: Vec<String> = entry.splitn(6, ':').map(|segment| self.fill(segment)).collect();
        let [_, project, service, region, account, sixth] = &segments[..] else { return None };
        let any = |text: &str| {
            if ["", "*", "uin/*", "uid/*"].contains(&text) { "*".into() } else { text.to_owned() }
        };
        // CITE RES-8, RES-11: the empty account is that of the document, for a general policy that of the caller.
        let own = self.account["uin"].as_str().map_or("uin/${owner_uin}".into(), |uin| format!("uin/{uin}"));
        let account = if ["", "uin/-1"].contains(&account.as_str()) { own } else { any(account) };
        let region = any(region_code(region));
        Some([project.clone(), any(service), region, account, sixth.clone(), bucket(sixth)])
    }

    /// Text with the template parameters that have a value (CITE VAR-6, VAR-7).
    fn fill(&self, text: &str) -> String {
        let Some((before, rest)) = text.split_once("${") else { return text.to_owned() };
        let (name, after) = rest.split_once('}').expect("an accepted `${…}`");
        let builtin = match name {
            _ if self.world["options"]["builtin_parameters"] == false => &Value::Null,
            "OwnerUin" => &self.account["uin"],
            "OwnerAppid" => &self.account["appid"],
            _ => &Value::Null,
        };
        let spelled = format!("${{{name}}}");
        let value = self.world["parameters"].get(name).unwrap_or(builtin).as_str();
        self.missing.set(self.missing.get() || (value.is_none() && !VARIABLES.contains(&spelled.as_str())));
        format!("{before}{}{}", value.unwrap_or(&spelled), self.fill(after))
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn one_or_more(value: &Value) -> &[Value] {
    value.as_array().map_or(from_ref(value), Vec::as_slice)
}

/// One value or a list of them, numbers and booleans as their text; `None` for other types.
fn scalars<'v>(value: &'v Value) -> Option<Vec<Cow<'v, str>>> {
    let scalar = |value: &'v Value| match value {
        Value::String(text) => Some(Cow::Borrowed(text.as_str())),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string().into()),
        _ => None,
    };
    one_or_more(value).iter().map(scalar).collect()
}

/// A member by its keyword, initial capitals allowed (CITE DOC-8).
fn member<'v>(object: &'v Value, keyword: &str) -> Option<&'v Value> {
    object.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case(keyword)).map(|(_, value)| value)
}

/// Whether the text is of lower-case letters, digits and `others`, where `A` stands for the upper-case letters.
fn made_of(text: &str, others: &str) -> bool {
    let upper = others.contains('A');
    text.bytes().all(|b| match b {
        b'a'..=b'z' | b'0'..=b'9' => true,
        b'A'..=b'Z' => upper,
        _ => others.as_bytes().contains(&b),
    })
}

fn is_service(text: &str) -> bool {
    made_of(text, "_-") && !text.is_empty() && !text.starts_with(['_', '-'])
}

fn is_id(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() && !text.starts_with('0')
}

fn is_operator(operator: &str) -> bool {
    let (qualifier, base, _, _) = split(operator);
    let text = ["string_equal", "string_equal_ignore_case", "string_like", "binary_equal"];
    let (family, relation) = base.split_once('_').unwrap_or(("", ""));
    let ordered =
        matches!(relation, "equal" | "less_than" | "less_than_equal" | "greater_than" | "greater_than_equal");
    matches!(qualifier, "" | "for_any_value" | "for_all_value")
        && (text.contains(&&*base) || matches!(&*base, "bool_equal" | "ip_equal" | "null_equal"))
        || matches!(family, "numeric" | "date") && ordered
}

/// A COS bucket with its slash (CITE RES-24).
fn bucket(sixth: &str) -> String {
    if sixth.contains(['/', '*']) { sixth.to_owned() } else { format!("{sixth}/") }
}

/// Old region codes (CITE RES-6).
static REGIONS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let codes = "gz=ap-guangzhou cn-south=ap-guangzhou gzopen=ap-guangzhou-open szx=ap-shenzhen szjr=ap-shenzhen-fsi
        sh=ap-shanghai cn-east=ap-shanghai shjr=ap-shanghai-fsi bj=ap-beijing tj=ap-beijing-1 cn-north=ap-beijing-1
        bjjr=ap-beijing-fsi cd=ap-chengdu cn-southwest=ap-chengdu cq=ap-chongqing nj=ap-nanjing tsn=ap-tianjin
        tpe=ap-taipei hk=ap-hongkong sg=ap-singapore sgp=ap-singapore kr=ap-seoul jp=ap-tokyo th=ap-bangkok
        in=ap-mumbai jkt=ap-jakarta use=na-ashburn usw=na-siliconvalley ca=na-toronto de=eu-frankfurt
        ger=eu-frankfurt sao=sa-saopaulo";
    codes.split_whitespace().filter_map(|pair| pair.split_once('=')).collect()
});

fn region_code(code: &str) -> &str {
    REGIONS.get(code).copied().unwrap_or(code)
}

/// A decimal as its whole part and 38 digits of fraction, both signed: the order of pairs is the order of numbers.
pub(super) fn decimal(text: &str) -> Option<(i128, i128)> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| (1..=38).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let sign = if unsigned == text { 1 } else { -1 };
    let number = |part: &str| Some(sign * part.parse::<i128>().ok()?);
    if digits(whole) && digits(fraction) {
        number(whole).zip(number(&format!("{fraction:0<38}")))
    } else {
        None
    }
}

/// Milliseconds since the year 0. `strict`: as in requests, with `T`, a zone and any number of digits (CITE LIT-13).
pub(super) fn instant(text: &str, strict: bool) -> Option<i64> {
    let number = |part: Option<&str>| {
        part.filter(|part| part.bytes().all(|b| b.is_ascii_digit()))?.parse::<i64>().ok()
    };
    let field = |from: usize, to: usize| number(text.get(from..to));
    let marks = [4, 7, 10, 13, 16].map(|at| text.as_bytes().get(at).copied().unwrap_or(0));
    let (year, month, day) = (field(0, 4)?, field(5, 7)?, field(8, 10)?);
    let (hour, minute, second) = (field(11, 13)?, field(14, 16)?, field(17, 19)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let months = [31, 28 + i64::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *months.get(usize::try_from(month - 1).ok()?)?;
    let marked = marks == *b"--T::" || (!strict && marks == *b"-- ::");
    if !marked || !(1..=length).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let before = year - 1;
    let leaps = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
    let days = before * 365 + leaps + months[..(month - 1) as usize].iter().sum::<i64>() + day;
    let rest = &text[19..];
    let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let fraction = match rest.strip_suffix(zone)? {
        "" => 0,
        "." => return None,
        digits if !digits[1..].contains('.') => number(format!("{digits:0<4}").get(1..4))?,
        _ => return None,
    };
    let offset = match (zone, zone.get(..1), zone.get(3..4)) {
        ("Z", _, _) => 0,
        ("", _, _) if !strict => 0,
        (_, Some(sign @ ("+" | "-")), Some(":")) if zone.len() == 6 => {
            let (hours, minutes) = (number(zone.get(1..3))?, number(zone.get(4..6))?);
            let minutes = Some(hours * 60 + minutes).filter(|_| hours < 24 && minutes < 60)?;
            if sign == "+" { minutes } else { -minutes }
        }
        _ => return None,
    };
    Some((((days * 24 + hour) * 60 + minute - offset) * 60 + second) * 1000 + fraction)
}

/// Whether IPv6, and the address (CITE LIT-12).
pub(super) fn address(text: &str) -> Option<(bool, u128)> {
    if let Ok(v4) = text.parse::<Ipv4Addr>() {
        return Some((false, v4.to_bits().into()));
    }
    let v6 = text.parse::<Ipv6Addr>().ok()?;
    Some(v6.to_ipv4_mapped().map_or((true, v6.to_bits()), |v4| (false, v4.to_bits().into())))
}

/// Whether IPv6, the address, and the mask of the bits that count; octets `*` do not (CITE LIT-11).
pub(super) fn network(text: &str) -> Option<(bool, u128, u128)> {
    let (host, length) =
        text.split_once('/').map_or((text, None), |(host, length)| (host, length.parse().ok()));
    let octets = if host.contains('*') { host.split('.').collect() } else { Vec::new() };
    let starred = octets.iter().fold(0, |mask, octet| (mask << 8) | if *octet == "*" { 0xff } else { 0 });
    let (v6, address) = address(&host.replace('*', "0"))?;
    let (width, full) = if v6 { (128, u128::MAX) } else { (32, u128::from(u32::MAX)) };
    let mapped = if !v6 && host.contains(':') { 96 } else { 0 };
    let length = length.unwrap_or(width + mapped) - mapped;
    let mask = full.checked_shl(width - length).unwrap_or(0) & full & !starred;
    Some((v6, address, mask))
}
