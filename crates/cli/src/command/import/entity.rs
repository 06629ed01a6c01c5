//! Policies, users, groups and roles.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::class::Class;
use super::draft::{Document, Group, Policy, Role, User};
use super::map::{Entity, Mapper, is_id, is_name};
use super::report::Effect;
use super::show::{Attribute, Resource, Show, scalar};

impl<'s> Mapper<'s> {
    /// The document in an attribute; lists the resource if there is none.
    pub(super) fn document(&mut self, own: &Resource, attribute: &str, effect: Effect) -> Option<Document> {
        let reason = match own.get(attribute) {
            Attribute::Known(text) => return Some(Document { origin: own.address.clone(), text }),
            Attribute::Unknown => format!("its `{attribute}` is known only after apply"),
            Attribute::Absent => format!("it has no `{attribute}`"),
        };
        self.miss(own, reason, effect);
        None
    }

    /// The name of a resource, or one made of its id where a world cannot have it.
    fn name(&mut self, own: &Resource, prefix: &str, effect: Effect) -> Option<String> {
        let name = match own.get("name") {
            Attribute::Known(name) if is_name(&name) => return Some(name),
            Attribute::Known(name) => name,
            Attribute::Unknown => {
                self.miss(own, "its `name` is known only after apply", effect);
                return None;
            }
            Attribute::Absent => {
                self.miss(own, "it has no `name`", effect);
                return None;
            }
        };
        match own.text("id").filter(|id| !prefix.is_empty() && is_id(id)) {
            Some(id) => {
                let other = format!("{prefix}-{id}");
                self.note(
                    &own.address,
                    format!("a world has no name `{name}`; it is called `{other}` there"),
                );
                Some(other)
            }
            None => {
                self.miss(own, format!("a world has no name `{name}`"), effect);
                None
            }
        }
    }

    pub(super) fn policy(&mut self, own: &'s Resource) {
        let Some(name) = self.name(own, "policy", Effect::MoreOrLess) else { return };
        let Some(document) = self.document(own, "document", Effect::MoreOrLess) else { return };
        if self.is_ambiguous(own, "policy", &name) {
            return;
        }
        // A preset that was imported into the state.
        let preset = own.text("type").as_deref() == Some("2");
        if let Some(id) = own.text("id") {
            self.policy_ids.insert(id, (name.clone(), preset));
        }
        if preset {
            self.presets.insert(name.clone(), document);
        } else if self.draft.policies.iter().all(|policy| policy.name != name) {
            self.draft.policies.push(Policy { name: name.clone(), document });
        }
        self.entities.insert(&own.address, Entity::Policy(name));
    }

    /// Lists a resource whose name does not tell which one it is.
    fn is_ambiguous(&mut self, own: &Resource, what: &'static str, name: &str) -> bool {
        let key = (what, own.text("name").unwrap_or_default());
        let ambiguous = self.ambiguous.contains(&key);
        if ambiguous {
            let reason = format!(
                "there are several of the name `{name}`; which of them is of the account is not known"
            );
            self.miss(own, reason, Effect::MoreOrLess);
        }
        ambiguous
    }

    pub(super) fn user(&mut self, own: &'s Resource) {
        let uin = match own.get("uin") {
            Attribute::Known(uin) if is_id(&uin) => uin,
            Attribute::Known(uin) => {
                return self.miss(own, format!("`{uin}` is not a uin"), Effect::AllowsLess);
            }
            Attribute::Unknown => {
                return self.miss(own, "its `uin` is known only after apply", Effect::AllowsLess);
            }
            Attribute::Absent => return self.miss(own, "it has no `uin`", Effect::AllowsLess),
        };
        // Managed twice, but one user.
        if let Some(at) = self.draft.users.iter().position(|user| user.uin == uin) {
            self.users.extend(own.text("name").map(|name| (name, at)));
            self.entities.insert(&own.address, Entity::User(at));
            return;
        }
        let name = own.text("name");
        if let Some(name) = name.as_ref().filter(|name| !is_name(name)) {
            self.note(&own.address, format!("a world has no name `{name}`; user {uin} has none there"));
        }
        let at = self.draft.users.len();
        // The provider uses the name as id. Names come first: one may look like the uin of another.
        let ids = [own.text("uid"), Some(uin.clone())];
        for key in [own.text("id"), name.clone()].into_iter().flatten() {
            self.users.insert(key, at);
        }
        for key in ids.into_iter().flatten() {
            self.users.entry(key).or_insert(at);
        }
        self.draft.users.push(User { uin, name: name.filter(|name| is_name(name)), ..User::default() });
        self.entities.insert(&own.address, Entity::User(at));
    }

    pub(super) fn group(&mut self, own: &'s Resource) {
        let Some(name) = self.name(own, "group", Effect::MoreOrLess) else { return };
        if self.is_ambiguous(own, "group", &name) {
            return;
        }
        if let Some(at) = self.draft.groups.iter().position(|group| group.name == name) {
            self.entities.insert(&own.address, Entity::Group(at));
            return;
        }
        let id = own.text("id").filter(|id| is_id(id));
        let at = self.draft.groups.len();
        self.groups.extend(id.clone().map(|id| (id, at)));
        self.draft.groups.push(Group { name, id, ..Group::default() });
        self.entities.insert(&own.address, Entity::Group(at));
    }

    pub(super) fn role(&mut self, own: &'s Resource) {
        let Some(name) = self.name(own, "", Effect::AllowsLess) else { return };
        if self.is_ambiguous(own, "role", &name) {
            return;
        }
        let trust = match own.get("document") {
            Attribute::Known(text) => Some(Document { origin: own.address.clone(), text }),
            _ => {
                let reason = "its `document` is not known; without it nobody can assume the role";
                self.miss_part(own, reason, Effect::AllowsLess);
                None
            }
        };
        self.add_role(own, Role { name, trust, ..Role::default() });
    }

    /// The provider does not tell the name of such a role; a data source may.
    pub(super) fn service_linked_role(&mut self, own: &'s Resource) {
        let id = own.text("id");
        let lists = self.show.data_of("tencentcloud_cam_roles").flat_map(|data| data.objects("role_list"));
        let mut named = lists.filter(|role| id.is_some() && role.get("role_id").and_then(scalar) == id);
        let Some(found) = named.next() else {
            let reason = "the provider does not tell the name of a service-linked role; \
                          add data \"tencentcloud_cam_roles\" with its `role_id`";
            return self.miss(own, reason, Effect::AllowsLess);
        };
        let entry = |name: &str| found.get(name).and_then(scalar);
        let Some(name) = entry("name").filter(|name| is_name(name)) else {
            return self.miss(
                own,
                "its name in data.tencentcloud_cam_roles is not one of a role",
                Effect::AllowsLess,
            );
        };
        let trust = match entry("document") {
            Some(text) => Document { origin: own.address.clone(), text },
            None => {
                let (services, _) = own.list("qcs_service_name");
                self.note(&own.address, "its trust policy was made of `qcs_service_name`");
                Document { origin: own.address.clone(), text: trust_of(&services) }
            }
        };
        self.add_role(own, Role { name, trust: Some(trust), service_linked: true, ..Role::default() });
    }

    fn add_role(&mut self, own: &'s Resource, role: Role) {
        let id = own.text("id").filter(|id| is_id(id));
        if let Some(at) = self.draft.roles.iter().position(|other| other.name == role.name) {
            self.roles.extend(id.clone().map(|id| (id, at)));
            let known = &mut self.draft.roles[at];
            known.id = known.id.take().or(id);
            self.entities.insert(&own.address, Entity::Role(at));
            return;
        }
        let at = self.draft.roles.len();
        self.roles.insert(role.name.clone(), at);
        self.roles.extend(id.clone().map(|id| (id, at)));
        self.draft.roles.push(Role { id, ..role });
        self.entities.insert(&own.address, Entity::Role(at));
    }

    /// A version in force whose document is that of its policy says nothing new.
    pub(super) fn policy_version(&mut self, own: &'s Resource) {
        if own.flag("set_as_default") == Some(false) {
            return;
        }
        let json = |text: &str| serde_json::from_str::<Value>(text).ok();
        let name = own.text("policy_id").and_then(|id| self.policy_ids.get(&id));
        let policy =
            name.and_then(|(name, _)| self.draft.policies.iter().find(|policy| policy.name == *name));
        let same = policy.zip(own.text("policy_document")).is_some_and(|(policy, text)| {
            json(&text).is_some_and(|version| json(&policy.document.text) == Some(version))
        });
        if !same {
            let reason = "it is the version of a policy that is in force, and its document is not the one that was taken";
            self.miss(own, reason, Effect::MoreOrLess);
        }
    }
}

/// Names that several resources have which cannot be one: a file may hold those of several accounts.
pub(super) fn ambiguous(show: &Show) -> HashSet<(&'static str, String)> {
    let mut known: HashMap<(&'static str, String), BTreeSet<Option<String>>> = HashMap::new();
    for own in show.resources.iter().filter(|own| !own.deposed) {
        let (what, tells) = match Class::of(&own.kind) {
            Class::Policy => ("policy", "document"),
            Class::Group => ("group", "id"),
            Class::Role => ("role", "document"),
            _ => continue,
        };
        if let Some(name) = own.text("name") {
            known.entry((what, name)).or_default().insert(own.text(tells));
        }
    }
    known.into_iter().filter(|(_, tells)| tells.len() > 1).map(|(key, _)| key).collect()
}

/// A trust policy that lets services assume a role.
fn trust_of(services: &[String]) -> String {
    let statement = serde_json::json!({
        "effect": "allow", "principal": { "service": services }, "action": ["sts:AssumeRole"]
    });
    serde_json::json!({ "version": "2.0", "statement": [statement] }).to_string()
}
