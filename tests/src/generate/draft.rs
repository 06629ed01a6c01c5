//! A request while it is made, and its caller.

use serde_json::{Map, Value, json};

use super::Random;
use super::fitting::{fits, split};
use super::words::{
    ACCOUNTS, ASSUME, DATES, DOMAINS, FAMILIES, FILLINGS, OPERATIONS, STRINGS, UNKNOWN, pool_of,
};

#[derive(Clone, Debug, Default)]
pub(super) struct Caller {
    pub(super) account: usize,
    /// Below the account: `uin/…`, `roleName/…`, `service/cdn`, …; a domain; empty for the unsigned.
    pub(super) name: String,
    pub(super) federated: bool,
    pub(super) kind: CallerKind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum CallerKind {
    #[default]
    Account,
    Domain,
    Unsigned,
}

impl Caller {
    pub(super) fn new(account: usize, name: &str) -> Self {
        let kind = if DOMAINS.contains(&name) { CallerKind::Domain } else { CallerKind::Account };
        Caller { account, name: name.to_owned(), federated: false, kind }
    }

    pub(super) fn unsigned() -> Self {
        Caller { kind: CallerKind::Unsigned, ..Caller::default() }
    }

    /// Fills the policy variables as far as they have a value.
    pub(super) fn fill(&self, text: &str) -> String {
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
pub(super) struct Draft {
    pub(super) caller: Caller,
    pub(super) service: String,
    pub(super) operation: String,
    pub(super) resources: Vec<String>,
    pub(super) context: Map<String, Value>,
    pub(super) time: Option<String>,
    pub(super) session: Option<Value>,
}

impl Draft {
    /// Gives the key a value with which the operator holds, if one comes to mind.
    pub(super) fn satisfy(&mut self, r: &mut Random, operator: &str, key: &str, values: &Value) {
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
        let fit = |x: &&str| negated != values.iter().any(|v| fits(base, x, v));
        let fitting: Vec<&str> =
            pool.iter().copied().chain(values.iter().map(String::as_str)).filter(fit).collect();
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

    pub(super) fn change_context(&mut self, r: &mut Random) {
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

    pub(super) fn change_segment(
        &mut self,
        r: &mut Random,
        at: usize,
        change: impl Fn(&mut Random, &str) -> String,
    ) {
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
    pub(super) fn stay_at_home(&mut self, r: &mut Random) {
        let (home, away) = (ACCOUNTS[self.caller.account], UNKNOWN);
        for resource in &mut self.resources {
            let to = if r.chance(80) { home } else { away };
            for (uin, appid) in ACCOUNTS.iter().filter(|account| **account != home && **account != away) {
                *resource = resource.replace(&format!(":uin/{uin}:"), &format!(":uin/{}:", to.0));
                *resource = resource.replace(&format!(":uid/{appid}:"), &format!(":uid/{}:", to.1));
            }
        }
    }

    pub(super) fn finish(mut self, r: &mut Random) -> Value {
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

pub(super) fn operations(service: &str) -> impl Iterator<Item = &'static str> {
    let operations = if service == "sts" { &ASSUME[..] } else { &OPERATIONS[..] };
    operations.iter().map(|name| name.strip_prefix("sts:").unwrap_or(name))
}

pub(super) fn fill_stars(r: &mut Random, pattern: &str) -> String {
    let mut filled: String =
        pattern.split_inclusive('*').map(|part| part.replace('*', r.word(&FILLINGS))).collect();
    if filled.is_empty() {
        filled.push('a');
    }
    filled
}

/// Replaces, inserts or removes one byte; what stays is never empty.
pub(super) fn edit(r: &mut Random, text: &str, alphabet: &[u8]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let (at, byte) = (r.below(bytes.len() + 1), *r.pick(alphabet));
    match r.below(3) {
        0 if at < bytes.len() => bytes[at] = byte,
        1 if at < bytes.len() && bytes.len() > 1 => drop(bytes.remove(at)),
        _ => bytes.insert(at, byte),
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// One value or a list of them, as text.
pub(super) fn strings(value: &Value) -> Vec<String> {
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), String::from)).collect()
}

pub(super) fn member<'v>(object: &'v Value, keyword: &str) -> Option<&'v Value> {
    object.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case(keyword)).map(|(_, value)| value)
}
