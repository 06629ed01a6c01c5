//! A large organization: many small worlds side by side in one, each moved to accounts of its own, with
//! their users, roles and buckets multiplied.
//!
//! Requests come from the small worlds, where near misses are easy to make, and are moved the same way.

use serde_json::{Map, Value, json};

use super::{Features, Random, Requests, world};

/// How large it is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Root accounts, at least.
    pub accounts: usize,
    /// Users and roles of each.
    pub identities: usize,
    /// Resource policies in all, at least.
    pub resource_policies: usize,
}

/// An organization and the sources of its requests.
#[derive(Debug)]
pub struct Organization {
    /// The world.
    pub world: Value,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    number: usize,
    requests: Requests,
    /// Copies of every user: the uin in the small world, then uins in the large one.
    copies: Vec<(String, Vec<String>)>,
    buckets: usize,
}

/// Shares of roles among the identities of an account.
const ROLES_OF_FIVE: usize = 1;

impl Organization {
    /// Makes one.
    pub fn new(seed: u64, size: Size) -> Self {
        let features = Features::all();
        let mut smalls = Vec::new();
        let (mut accounts, mut scopes, mut next) = (0, 0, seed);
        while accounts < size.accounts {
            let mut small = world(next, features);
            next += 1;
            // Options belong to a whole world, and so do general policies: those of the first are kept.
            if small["options"].as_object().is_some_and(|options| !options.is_empty()) {
                continue;
            }
            if !smalls.is_empty() {
                small.as_object_mut().expect("a world").remove("general_policies");
            }
            accounts += small["accounts"].as_array().map_or(0, Vec::len);
            scopes += small["resource_policies"].as_array().map_or(0, Vec::len);
            smalls.push(small);
        }
        let buckets = size.resource_policies.div_ceil(scopes.max(1));
        let mut large = json!({ "accounts": [], "presets": {}, "resource_policies": [], "organization": [],
            "catalogue": smalls[0]["catalogue"], "options": {} });
        let mut parts = Vec::new();
        for (number, small) in smalls.iter().enumerate() {
            let requests = Requests::new(small, features);
            let mut moved: Value =
                serde_json::from_str(&moved(&small.to_string(), number)).expect("still JSON");
            let copies = multiply(&mut moved, size.identities);
            append(&mut large, moved, number, buckets);
            parts.push(Part { number, requests, copies, buckets });
        }
        Self { world: large, parts }
    }

    /// A request that nearly or just matches.
    pub fn next(&self, r: &mut Random) -> Value {
        let part = r.pick(&self.parts);
        let text = moved(&part.requests.next(r).to_string(), part.number);
        let mut request: Value = serde_json::from_str(&text).expect("still JSON");
        let copy = r.below(part.buckets);
        if let Some(principal) = request["principal"].as_str() {
            for (uin, copies) in &part.copies {
                if principal.ends_with(uin.as_str()) && r.chance(80) {
                    request["principal"] =
                        principal.replace(uin.as_str(), &copies[r.below(copies.len())]).into();
                    break;
                }
            }
        }
        if copy > 0 {
            let text = request["resource"].to_string();
            request["resource"] = serde_json::from_str(&bucket(&text, copy)).expect("still JSON");
        }
        request
    }
}

/// The text of a small world or request, in accounts of its own.
fn moved(text: &str, number: usize) -> String {
    let mut text = text.to_string();
    for (old, new) in [("10000000", '1'), ("20000000", '2'), ("30000000", '3')] {
        text = text.replace(old, &format!("{new}{:07}", number + 1));
    }
    for appid in ["125", "130", "135"] {
        text = text.replace(&format!("{appid}0000000"), &format!("{appid}{:07}", number + 1));
    }
    for preset in ["preset0", "preset1", "preset2"] {
        text = text.replace(&format!("\"{preset}\""), &format!("\"w{number}{preset}\""));
    }
    text
}

/// The same in another bucket.
fn bucket(text: &str, copy: usize) -> String {
    text.replace(":b-1", &format!(":b{copy}-1"))
}

/// Copies users and roles until every account has enough; what became of each user.
fn multiply(world: &mut Value, identities: usize) -> Vec<(String, Vec<String>)> {
    let mut copies = Vec::new();
    for account in world["accounts"].as_array_mut().expect("accounts") {
        let root = account["uin"].as_str().expect("a uin").to_string();
        let users: Vec<Value> = account["users"].as_array().expect("users").clone();
        // A collaborator is another root and stays alone.
        let own: Vec<Value> = users.iter().filter(|user| user.get("kind").is_none()).cloned().collect();
        let roles: Vec<Value> = account["roles"].as_array().cloned().unwrap_or_default();
        let wanted = if roles.is_empty() { identities } else { identities - identities * ROLES_OF_FIVE / 5 };
        let mut all = users.clone();
        for user in &own {
            let uin = user["uin"].as_str().expect("a uin").to_string();
            copies.push((uin.clone(), vec![uin]));
        }
        let first = copies.len() - own.len();
        for at in 0..wanted.saturating_sub(users.len()) {
            let pattern = at % own.len();
            let mut user = own[pattern].clone();
            let uin = format!("{}7{:03}", &root[..8], at);
            user["uin"] = uin.clone().into();
            copies[first + pattern].1.push(uin);
            all.push(user);
        }
        account["users"] = all.into();
        let mut all_roles = roles.clone();
        for at in 0..(identities - wanted).saturating_sub(roles.len()) {
            let mut role = roles[at % roles.len()].clone();
            role["name"] = format!("copy{at}").into();
            role["id"] = format!("7{at:03}").into();
            all_roles.push(role);
        }
        account["roles"] = all_roles.into();
    }
    copies
}

fn append(large: &mut Value, small: Value, number: usize, buckets: usize) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let Value::Object(target) = large else { return };
    for name in ["accounts", "organization"] {
        if let Some(Value::Array(all)) = target.get_mut(name) {
            all.extend(list(&small[name]));
        }
    }
    if let Some(Value::Object(all)) = target.get_mut("presets") {
        all.extend(small["presets"].as_object().cloned().unwrap_or_default());
    }
    if number == 0 && small.get("general_policies").is_some() {
        target.insert("general_policies".into(), small["general_policies"].clone());
    }
    let policies = list(&small["resource_policies"]).into_iter().enumerate().flat_map(|(at, policy)| {
        (0..buckets).map(move |copy| {
            let text = if copy == 0 { policy.to_string() } else { bucket(&policy.to_string(), copy) };
            let mut policy: Map<String, Value> = serde_json::from_str(&text).expect("still JSON");
            policy.insert("name".into(), format!("w{number}p{at}c{copy}").into());
            Value::Object(policy)
        })
    });
    if let Some(Value::Array(all)) = target.get_mut("resource_policies") {
        all.extend(policies);
    }
}
