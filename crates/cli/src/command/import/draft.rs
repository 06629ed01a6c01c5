//! A world in the making, and its text.

use std::collections::BTreeSet;

use camshaft_frontend::json::{self, Bounds, Node};
use camshaft_frontend::source::{Source, Span};
use camshaft_frontend::world::{self, FileError, Files, Loaded, Overrides, WorldInput};
use serde_json::{Map, Value};

/// A policy document and where it is from.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// What findings call it: the address of its resource, or a file.
    pub(super) origin: String,
    /// Its text.
    pub(super) text: String,
}

/// A policy of the account, or a preset.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub(super) name: String,
    pub(super) document: Document,
}

#[derive(Debug, Default)]
pub(super) struct User {
    pub(super) uin: String,
    pub(super) name: Option<String>,
    pub(super) groups: BTreeSet<String>,
    pub(super) policies: BTreeSet<String>,
    pub(super) boundary: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) id: Option<String>,
    pub(super) policies: BTreeSet<String>,
}

#[derive(Debug, Default)]
pub(super) struct Role {
    pub(super) name: String,
    pub(super) id: Option<String>,
    pub(super) policies: BTreeSet<String>,
    pub(super) boundary: Option<String>,
    pub(super) trust: Option<Document>,
    pub(super) service_linked: bool,
}

#[derive(Debug)]
pub(super) struct ResourcePolicy {
    pub(super) name: Option<String>,
    pub(super) scope: String,
    pub(super) document: Document,
}

/// One account and what belongs to it.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) uin: String,
    pub(super) appid: String,
    pub(super) users: Vec<User>,
    pub(super) groups: Vec<Group>,
    pub(super) roles: Vec<Role>,
    pub(super) policies: Vec<Policy>,
    pub(super) presets: Vec<Policy>,
    pub(super) resource_policies: Vec<ResourcePolicy>,
}

impl Draft {
    /// Puts everything in the order of its name: equal infrastructure makes equal worlds.
    pub(super) fn sort(&mut self) {
        self.users.sort_by(|a, b| (a.uin.len(), &a.uin).cmp(&(b.uin.len(), &b.uin)));
        self.groups.sort_by(|a, b| a.name.cmp(&b.name));
        self.roles.sort_by(|a, b| a.name.cmp(&b.name));
        self.policies.sort_by(|a, b| a.name.cmp(&b.name));
        self.presets.sort_by(|a, b| a.name.cmp(&b.name));
        self.resource_policies.sort_by(|a, b| a.scope.cmp(&b.scope));
    }

    /// The world as JSON, its documents in place.
    pub(super) fn json(&self) -> Value {
        self.render(&mut in_place)
    }

    /// Loads the world. Findings stand in the texts of the documents, under the names of their origins.
    pub(super) fn load(&self, name: &str) -> Loaded {
        let mut documents = Documents::default();
        let world = self.render(&mut |document| {
            documents.0.push(document.clone());
            Documents::path(documents.0.len() - 1).into()
        });
        let world = pretty(&world);
        let mut loaded = world::load(WorldInput::text(name, world), &documents, &Overrides::default());
        for source in &mut loaded.sources {
            if let Some(document) = documents.find(source.name()) {
                *source = Source::new(document.origin.clone(), source.text());
            }
        }
        loaded
    }

    fn render(&self, place: &mut dyn FnMut(&Document) -> Value) -> Value {
        let mut account = Members::default();
        account.put("uin", self.uin.as_str());
        account.put("appid", self.appid.as_str());
        account.list("users", self.users.iter().map(user));
        account.list("groups", self.groups.iter().map(group));
        account.list("roles", self.roles.iter().map(|own| role(own, place)));
        account.some("policies", policies(&self.policies, place));
        let mut world = Members::default();
        world.list("accounts", [account.into()]);
        world.some("presets", policies(&self.presets, place));
        world.list("resource_policies", self.resource_policies.iter().map(|own| resource_policy(own, place)));
        world.into()
    }
}

/// The text of a world.
pub(super) fn pretty(world: &Value) -> String {
    format!("{world:#}\n")
}

/// Members of an object, in order; empty ones are left out.
#[derive(Default)]
struct Members(Map<String, Value>);

impl Members {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.into(), value.into());
    }

    fn text(&mut self, name: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.put(name, value.as_str());
        }
    }

    fn list(&mut self, name: &str, values: impl IntoIterator<Item = Value>) {
        let values: Vec<Value> = values.into_iter().collect();
        if !values.is_empty() {
            self.put(name, values);
        }
    }

    fn names(&mut self, name: &str, names: &BTreeSet<String>) {
        self.list(name, names.iter().map(|own| own.as_str().into()));
    }

    fn some(&mut self, name: &str, members: Self) {
        if !members.0.is_empty() {
            self.put(name, members);
        }
    }
}

impl From<Members> for Value {
    fn from(members: Members) -> Self {
        Self::Object(members.0)
    }
}

fn user(own: &User) -> Value {
    let mut out = Members::default();
    out.put("uin", own.uin.as_str());
    out.text("name", own.name.as_ref());
    out.names("groups", &own.groups);
    out.names("policies", &own.policies);
    out.text("boundary", own.boundary.as_ref());
    out.into()
}

fn group(own: &Group) -> Value {
    let mut out = Members::default();
    out.put("name", own.name.as_str());
    out.text("id", own.id.as_ref());
    out.names("policies", &own.policies);
    out.into()
}

fn role(own: &Role, place: &mut dyn FnMut(&Document) -> Value) -> Value {
    let mut out = Members::default();
    out.put("name", own.name.as_str());
    out.text("id", own.id.as_ref());
    out.names("policies", &own.policies);
    out.text("boundary", own.boundary.as_ref());
    if let Some(trust) = &own.trust {
        out.put("trust", place(trust));
    }
    if own.service_linked {
        out.put("service_linked", true);
    }
    out.into()
}

fn resource_policy(own: &ResourcePolicy, place: &mut dyn FnMut(&Document) -> Value) -> Value {
    let mut out = Members::default();
    out.text("name", own.name.as_ref());
    out.put("resource", own.scope.as_str());
    out.put("policy", place(&own.document));
    out.into()
}

fn policies(own: &[Policy], place: &mut dyn FnMut(&Document) -> Value) -> Members {
    let mut out = Members::default();
    for policy in own {
        out.put(&policy.name, place(&policy.document));
    }
    out
}

/// A document as a member of a world: itself if it is strict JSON, else its text.
fn in_place(document: &Document) -> Value {
    let source = Source::new("", document.text.as_str());
    let parsed = json::parse(&source, 0, Span::new(0, source.text().len()), Bounds::POLICY);
    let strict = parsed.value.filter(|_| parsed.tolerated.is_empty());
    let value = strict.and_then(|value| same(&value, &source)).filter(Value::is_object);
    value.unwrap_or_else(|| serde_json::json!({ "text": document.text }))
}

/// A value that is written as it was read; `None` where a member is repeated or a number has another spelling.
fn same(value: &json::Value, source: &Source) -> Option<Value> {
    Some(match &value.node {
        Node::Null => Value::Null,
        // Of such an object only its place is known.
        Node::Skimmed => return None,
        Node::Bool(flag) => (*flag).into(),
        Node::Number => {
            let text = source.slice(value.span);
            let number: serde_json::Number = text.parse().ok()?;
            let spelled = number.to_string();
            (spelled == text).then(|| number.into())?
        }
        Node::String(text) => (**text).into(),
        Node::Array(entries) => {
            entries.iter().map(|entry| same(entry, source)).collect::<Option<Vec<_>>>()?.into()
        }
        Node::Object(members) => {
            let mut object = Map::new();
            for member in members {
                if object.insert((*member.name).into(), same(&member.value, source)?).is_some() {
                    return None;
                }
            }
            object.into()
        }
    })
}

/// The documents as files of a world.
#[derive(Default)]
struct Documents(Vec<Document>);

impl Documents {
    fn path(index: usize) -> String {
        format!("document/{index}")
    }

    fn find(&self, path: &str) -> Option<&Document> {
        self.0.get(path.strip_prefix("document/")?.parse::<usize>().ok()?)
    }
}

impl Files for Documents {
    fn read(&self, path: &str) -> Result<String, FileError> {
        self.find(path).map(|document| document.text.clone()).ok_or(FileError::Missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_that_are_not_strict_keep_their_text() {
        let placed =
            |text: &str| in_place(&Document { origin: String::new(), text: text.into() }).to_string();
        for text in [r#"{"version":"2.0","b":[1,true,null],"a":{}}"#, r#"{"text":"x"}"#] {
            assert_eq!(placed(text), text);
        }
        for text in
            [r#"{"a":1,"a":2}"#, r#"{"a":1,}"#, "{} // x", r#"{"a":1.50}"#, "[]", "", "{", "\u{feff}{}"]
        {
            assert_eq!(placed(text), serde_json::json!({ "text": text }).to_string());
        }
    }
}
