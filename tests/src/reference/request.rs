//! Reading requests for the reference evaluator, checked in the order of the rules.

use serde_json::{Value, json};

use super::read::{account, bucket, list, members, region_code, text, texts};
use super::value::{instant, is_digits, is_id, is_name, is_operator, is_service, made_of};
use super::{ASSUME, Ask, DERIVED, EVERYONE, Reference, Statement, Target, VARIABLES};

type Query = (Ask, Vec<Target>, Option<Vec<Statement>>);

impl Reference {
    /// Checks and reads a request and its session policy; else the first error (CITE REQ-12).
    pub(super) fn query(&self, request: &Value) -> Result<Query, &'static str> {
        let check = |holds: bool, code| if holds { Ok(()) } else { Err(code) };
        let well_typed = |(name, value): (&String, &Value)| match name.as_str() {
            "id" | "principal" | "action" | "time" => value.is_string(),
            "resource" => !value.is_null() && list(value).iter().all(Value::is_string),
            "context" => value.is_object(),
            "signed" => value.is_boolean(),
            "artifact_age_s" => value.is_u64(),
            name => name == "session_policy",
        };
        let complete = request.get("principal").is_some() && request.get("action").is_some();
        check(complete && members(request).all(well_typed), "CAM0600")?;
        let (context, resources) = (&request["context"], list(&request["resource"]));
        let short = |value: &Value| list(value).iter().all(|value| text(value).len() <= 4096);
        let policy = |name: &str| name == "session_policy";
        check(members(request).all(|(name, value)| policy(name) || short(value)), "CAM0608")?;
        let small =
            |key: &str, values: &Value| key.len() <= 4096 && list(values).len() <= 256 && short(values);
        check(members(context).all(|(key, values)| small(key, values)), "CAM0608")?;
        check(members(context).count() <= 256, "CAM0608")?;
        let principal = text(&request["principal"]);
        let mut ask = self.caller(principal).ok_or("CAM0601")?;
        let signed = ask.kind != "anonymous";
        check(request["signed"].as_bool().is_none_or(|claimed| claimed == signed), "CAM0609")?;
        let action = text(&request["action"]).strip_prefix("name/").unwrap_or(text(&request["action"]));
        let (service, operation) = action.split_once(':').ok_or("CAM0602")?;
        check(is_service(service) && !operation.is_empty() && made_of(operation, "A./_-"), "CAM0602")?;
        check(!principal.contains("-provider/") || ASSUME[1..].contains(&action), "CAM0601")?;
        ask.action = action.to_owned();
        check((1..=64).contains(&resources.len()), "CAM0604")?;
        let targets = resources.iter().map(|resource| self.target(text(resource), &ask.uin));
        let targets = targets.collect::<Option<Vec<_>>>().ok_or("CAM0603")?;
        check(DERIVED.iter().all(|key| context.get(key).is_none()), "CAM0605")?;
        let scalar = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
        let sound = |values: &Value| !values.is_null() && list(values).iter().all(scalar);
        check(members(context).all(|(_, values)| sound(values)), "CAM0608")?;
        let time = request["time"].as_str().map(String::from);
        check(time.as_ref().is_none_or(|time| instant(time, true).is_some()), "CAM0610")?;
        ask.context = members(context).map(|(key, values)| (key.clone(), texts(values))).collect();
        for (key, value) in
            DERIVED.into_iter().zip([ask.variables[0].clone(), ask.variables[1].clone(), time])
        {
            ask.context.extend(value.map(|value| (key.to_owned(), vec![value])));
        }
        let (known, session) = (account(&self.world, &ask.uin), request.get("session_policy"));
        check(session.is_none_or(|policy| signed && self.accepts(known, policy)), "CAM0606")?;
        check(session.is_some() || !principal.contains(":federated-user/"), "CAM0606")?;
        let (limit, age) = (&self.world["options"]["max_artifact_age_s"], request["artifact_age_s"].as_u64());
        check(limit.as_u64().is_none_or(|limit| age.is_some_and(|age| age <= limit)), "CAM0607")?;
        check(!ASSUME.contains(&action) || (targets.len() == 1 && targets[0].1.is_some()), "CAM0611")?;
        let named = !ask.uin.is_empty() && known.is_null(); // CITE RES-8: an empty account is the caller's
        let account = if named { &json!({"uin": ask.uin}) } else { known };
        Ok((ask, targets, session.map(|policy| self.statements(account, policy, "session"))))
    }

    /// Who asks (CITE REQ-3).
    fn caller(&self, principal: &str) -> Option<Ask> {
        let label = |text: &str| !text.is_empty() && made_of(text, "-") && text.trim_matches('-') == text;
        let forms = ["qcs::cam::uin/", "qcs::cam:", "qcs::sts:", "service/"];
        let (form, rest) = forms.iter().find_map(|form| Some((*form, principal.strip_prefix(form)?)))?;
        if principal == "qcs::cam::anonymous:anonymous" {
            return Some(Ask::stranger("anonymous", EVERYONE[0]));
        } else if form == "service/" {
            let domain = rest.contains('.') && rest.split('.').all(label);
            return domain.then(|| Ask::stranger("machine", principal));
        }
        let (uin, below) = rest.split_once(':').filter(|(uin, _)| is_id(uin))?;
        let (what, id) = below.split_once('/').unwrap_or((below, ""));
        let (role, session) = id.split_once('/').unwrap_or((id, "-"));
        let linked = |id: &str| id.strip_prefix("tencentcloudServiceRoleName/").is_some_and(is_name);
        let (kind, below) = match (form, what) {
            ("qcs::cam::uin/", "root") if below == "root" => ("root", format!("uin/{uin}")),
            ("qcs::cam::uin/" | "qcs::cam:", "uin") | ("qcs::sts:", "federated-user") if is_id(id) => {
                (if id == uin { "root" } else { "user" }, format!("uin/{id}"))
            }
            ("qcs::cam::uin/", "role") if is_id(id) || linked(id) => ("role", below.to_owned()),
            ("qcs::cam::uin/", "roleName") if is_name(id) => ("role", below.to_owned()),
            ("qcs::sts:", "assumed-role") if is_id(role) && is_name(&session.replace(',', "_")) => {
                ("role", format!("role/{role}"))
            }
            ("qcs::cam::uin/", "service" | "saml-provider" | "oidc-provider") if is_name(id) => {
                return Some(Ask {
                    uin: uin.to_owned(),
                    ..Ask::stranger("machine", &format!("uin/{uin}:{below}"))
                });
            }
            _ => return None,
        };
        let name = format!("uin/{uin}:{below}");
        let mut ask = Ask { uin: uin.to_owned(), ..Ask::stranger(kind, &format!("uin/{uin}:all")) };
        let own = below.strip_prefix("uin/").map(String::from);
        ask.variables = [own, Some(uin.to_owned()), self.appids.get(uin).cloned()];
        ask.known = self.names.contains_key(&name);
        let names = self.names.get(&name).cloned().unwrap_or(vec![name]);
        ask.names = [names, ask.names].concat();
        Some(ask)
    }

    fn target(&self, spelled: &str, caller: &str) -> Option<Target> {
        if spelled == "*" {
            return Some(Target::default());
        }
        let segments: Vec<&str> = spelled.splitn(6, ':').collect();
        let ["qcs", project, service, region, owner, sixth] = segments[..] else { return None };
        let (space, id) = owner.split_once('/').unwrap_or(("uin", caller));
        let capable = match &self.world["options"]["resource_policy_services"] {
            Value::Null => ["cos", "cas"].contains(&service),
            services => list(services).iter().any(|capable| capable == service),
        };
        let sound = (project.is_empty() || project.strip_prefix("id/").is_some_and(is_digits))
            && (is_service(service) && made_of(region, "-") && !sixth.is_empty())
            && (owner.is_empty() || (owner.contains('/') && ["uin", "uid"].contains(&space) && is_id(id)))
            && !(capable && (region.is_empty() || owner.is_empty())); // CITE REQ-5
        let uin = self.uin_of(space, id).filter(|uin| !uin.is_empty());
        let appid = if space == "uid" { Some(id.to_owned()) } else { self.appids.get(id).cloned() };
        let (mut spellings, mut role) = (vec![sixth.to_owned()], None);
        if service == "cos" {
            spellings = vec![bucket(sixth)];
        } else if let ("cam", Some(uin)) = (service, &uin) {
            let name =
                if sixth == "root" { format!("uin/{uin}:uin/{uin}") } else { format!("uin/{uin}:{sixth}") };
            // CITE RES-21
            let names = self.names.get(&name).filter(|_| sixth.starts_with("role"));
            let below = |name: &String| Some(name.split_once(':')?.1.to_owned());
            role = names.map(|names| names[0].clone());
            spellings = names.map_or(spellings, |names| names.iter().filter_map(below).collect());
            if name == format!("uin/{uin}:uin/{uin}") {
                spellings = vec!["root".into(), format!("uin/{uin}")];
            }
        }
        let project =
            if project.is_empty() { vec![String::new(), "id/0".into()] } else { vec![project.into()] };
        let region = Some(region_code(region).to_owned()).filter(|region| !region.is_empty());
        let [region, uin, appid] = [region, uin, appid].map(|known| known.into_iter().collect());
        let segments = vec![project, vec![service.into()], region, uin, appid, spellings];
        sound.then_some((segments, role))
    }

    /// Whether a session policy can be read (CITE REQ-11).
    fn accepts(&self, account: &Value, policy: &Value) -> bool {
        let filled = self.filled(account, policy).to_string();
        let filled = VARIABLES.iter().fold(filled, |text, name| text.replace(name, ""));
        let some =
            |all: &Value| !list(all).is_empty() && list(all).iter().all(|entry| !text(entry).is_empty());
        let effect = |s: &Value| s["effect"] == "allow" || s["effect"] == "deny";
        let complete = |s: &Value| effect(s) && some(&s["action"]) && some(&s["resource"]);
        let term =
            |(operator, _, values): &(String, _, Vec<String>)| is_operator(operator) && !values.is_empty();
        let open = |s: &Statement| s.principals == ["*"]; // CITE PRI-10
        let read = self.statements(account, policy, "session");
        !filled.contains("${")
            && list(&policy["statement"]).iter().all(complete)
            && read.iter().all(|s| open(s) && s.conditions.iter().all(term))
            && !read.is_empty()
    }
}

impl Ask {
    /// Someone known by one name beside those of everyone.
    fn stranger(kind: &'static str, name: &str) -> Self {
        let names = [name, EVERYONE[1], EVERYONE[2]].map(String::from).to_vec();
        Ask { kind, known: true, names, ..Ask::default() }
    }
}
