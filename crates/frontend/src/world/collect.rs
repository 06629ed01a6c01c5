//! From parsed JSON to [`raw::World`]: members, types, forms of names and ids (CAM0701, CAM0702, CAM0707).
//!
//! One [`Collector`] reads one source: a world, a line of a stream, or a case. What the names mean is not
//! looked at here, nor is any document opened.

use core::fmt::Display;

use camshaft_value::{action::Action, alphabet, resource::Requested};

use super::raw;
use crate::diagnostic::{Diagnostic, Fix, code};
use crate::json::{Member, Node, Value};
use crate::options::WorldOptions;
use crate::source::Span;
use crate::strict::{Strict, embedded_text};

/// Reads the values of one source into a world.
pub(crate) struct Collector<'c, 's> {
    pub(crate) reader: Strict<'s>,
    pub(crate) world: &'c mut raw::World,
    /// Documents in place: what is inside is theirs.
    pub(crate) documents: Vec<Span>,
}

/// The members of a world.
pub(crate) const WORLD: [&str; 9] = [
    "accounts",
    "presets",
    "resource_policies",
    "organization",
    "general_policies",
    "catalogue",
    "parameters",
    "options",
    "prerequisites",
];

/// What a line of a stream can be.
pub(crate) const LINE: [&str; 6] =
    ["account", "preset", "resource_policy", "organization", "general_policy", "settings"];

impl Collector<'_, '_> {
    /// What was found, departures from JSON outside documents included.
    pub(crate) fn finish(mut self, tolerated: Vec<Diagnostic>) -> Vec<Diagnostic> {
        self.documents.sort_unstable();
        self.reader.refuse_outside(tolerated, &self.documents);
        self.reader.diagnostics
    }

    // ------------------------------------------------------------------------------------ whole worlds

    /// A world in one object.
    pub(crate) fn world(&mut self, value: &Value) {
        let Some(members) = self.reader.members(value, "a world", WORLD) else { return };
        if members[0].is_none() {
            self.reader.missing(value, "a world", WORLD[0]);
        }
        for member in members.into_iter().flatten() {
            self.world_member(member);
        }
    }

    /// One member of a world.
    pub(crate) fn world_member(&mut self, member: &Member) {
        let some = Some(member);
        match &*member.name {
            "accounts" => self.reader.entries(some).iter().for_each(|value| self.account(value)),
            "presets" => self.policies(some, "presets", |world| &mut world.presets),
            "resource_policies" => {
                self.reader.entries(some).iter().for_each(|value| self.resource_policy(value));
            }
            "organization" => self.reader.entries(some).iter().for_each(|value| self.organization(value)),
            "general_policies" => {
                self.reader.entries(some).iter().for_each(|value| self.general_policy(value))
            }
            _ => self.setting(member),
        }
    }

    /// The implicit account, with the policies of a case.
    pub(crate) fn implicit(&mut self, member: Option<&Member>) {
        let mut account = super::implicit_account();
        for (index, value) in self.reader.entries(member).iter().enumerate() {
            let name = raw::Name { text: format!("p{index}").into(), at: self.place(value.span) };
            let document = self.document(value, "an entry of `policies`", format_args!("policies.{index}"));
            if let Some(document) = document {
                account
                    .users
                    .iter_mut()
                    .for_each(|user| user.policies.push(raw::Reference::Name(name.clone())));
                account.policies.push(raw::Policy { name, document });
            }
        }
        self.world.accounts.push(account);
    }

    /// One line of a stream.
    pub(crate) fn line(&mut self, value: &Value, settings_seen: &mut bool) {
        let Some(members) = self.reader.object(value, "a line of a world") else { return };
        if members.len() != 1 {
            self.reader.malformed(value.span, "a line of a world is an object of one member");
        }
        for member in members {
            match &*member.name {
                "account" => self.account(&member.value),
                "preset" => self.preset(&member.value),
                "resource_policy" => self.resource_policy(&member.value),
                "organization" => self.organization(&member.value),
                "general_policy" => self.general_policy(&member.value),
                "settings" if core::mem::replace(settings_seen, true) => {
                    self.reader.malformed(member.name_span, "a world has one line of `settings`");
                }
                "settings" => {
                    let names = ["catalogue", "parameters", "options", "prerequisites"];
                    let settings = self.reader.members(&member.value, "`settings`", names);
                    settings.into_iter().flatten().flatten().for_each(|setting| self.setting(setting));
                }
                _ => self.reader.unknown(member, "a line of a world", &LINE),
            }
        }
    }

    // ----------------------------------------------------------------------------------------- accounts

    fn account(&mut self, value: &Value) {
        let names = ["uin", "appid", "users", "groups", "roles", "policies"];
        let Some(members) = self.reader.members(value, "an account", names) else { return };
        let [uin, appid, users, groups, roles, policies] = members;
        let uin = self.required_number(value, uin, "an account", "uin");
        let appid = self.number(appid);
        let account = uin.text.clone();
        let users = self.reader.entries(users).iter().filter_map(|user| self.user(user, &account)).collect();
        let groups =
            self.reader.entries(groups).iter().filter_map(|group| self.group(group, &account)).collect();
        let roles = self.reader.entries(roles).iter().filter_map(|role| self.role(role, &account)).collect();
        let place = format_args!("accounts.{account}.policies");
        let policies = self.named_documents(policies, place);
        self.world.accounts.push(raw::Account { uin, appid, users, groups, roles, policies });
    }

    fn user(&mut self, value: &Value, account: &str) -> Option<raw::User> {
        let names = ["uin", "name", "kind", "groups", "policies", "boundary"];
        let [uin, name, kind, groups, policies, boundary] = self.reader.members(value, "a user", names)?;
        let uin = self.required_number(value, uin, "a user", "uin");
        let holder = format!("accounts.{account}.users.{}", uin.text);
        Some(raw::User {
            name: self.name(name).map(|name| name.text),
            collaborator: self.collaborator(kind),
            groups: self
                .reader
                .entries(groups)
                .iter()
                .filter_map(|group| self.string(group, "a group"))
                .collect(),
            policies: self.references(policies, &holder),
            boundary: self.boundary(boundary, &holder),
            uin,
        })
    }

    fn collaborator(&mut self, member: Option<&Member>) -> bool {
        match self.reader.text(member) {
            Some("collaborator") => true,
            Some("sub-user") | None => false,
            Some(other) => {
                let message = format!("`kind` must be `sub-user` or `collaborator`, not `{other}`");
                let span = member.map_or_else(Span::default, |member| member.value.span);
                self.reader.malformed(span, message);
                false
            }
        }
    }

    fn group(&mut self, value: &Value, account: &str) -> Option<raw::Group> {
        let [name, id, policies] = self.reader.members(value, "a group", ["name", "id", "policies"])?;
        let name = self.required_name(value, name, "a group");
        let holder = format!("accounts.{account}.groups.{}", name.text);
        Some(raw::Group { id: self.number(id), policies: self.references(policies, &holder), name })
    }

    fn role(&mut self, value: &Value, account: &str) -> Option<raw::Role> {
        let names = ["name", "id", "policies", "boundary", "trust", "service_linked"];
        let [name, id, policies, boundary, trust, linked] = self.reader.members(value, "a role", names)?;
        let name = self.required_name(value, name, "a role");
        let holder = format!("accounts.{account}.roles.{}", name.text);
        let service_linked = self.reader.flag(linked).unwrap_or_default();
        if let (true, Some(boundary)) = (service_linked, boundary) {
            let message = format!("the service-linked role `{}` has a boundary", name.text);
            let fix = without_member(value, boundary);
            self.reader.error(code::BOUNDARY_SERVICE_ROLE, boundary.name_span, message).fix = fix;
        }
        Some(raw::Role {
            id: self.number(id),
            policies: self.references(policies, &holder),
            boundary: self.boundary(boundary, &holder),
            trust: trust
                .and_then(|trust| self.document(&trust.value, "`trust`", format_args!("{holder}.trust"))),
            service_linked,
            name,
        })
    }

    // -------------------------------------------------------------------------------- beside the accounts

    fn policies(
        &mut self,
        member: Option<&Member>,
        place: &str,
        field: fn(&mut raw::World) -> &mut Vec<raw::Policy>,
    ) {
        let policies = self.named_documents(member, format_args!("{place}"));
        field(self.world).extend(policies);
    }

    /// A preset of a stream.
    fn preset(&mut self, value: &Value) {
        let Some([name, policy]) = self.reader.members(value, "a preset", ["name", "policy"]) else { return };
        let name = self.required_name(value, name, "a preset");
        match policy {
            None => self.reader.missing(value, "a preset", "policy"),
            Some(policy) => {
                let place = format_args!("presets.{}", name.text);
                if let Some(document) = self.document(&policy.value, "`policy`", place) {
                    self.world.presets.push(raw::Policy { name, document });
                }
            }
        }
    }

    fn resource_policy(&mut self, value: &Value) {
        let index = self.world.resource_policies.len();
        let names = ["name", "resource", "policy"];
        let mut read = raw::ResourcePolicy { name: None, index, scope: None, document: None };
        if let Some([name, resource, policy]) = self.reader.members(value, "a resource policy", names) {
            for (member, required) in [(resource, "resource"), (policy, "policy")] {
                if member.is_none() {
                    self.reader.missing(value, "a resource policy", required);
                }
            }
            read.name = self.name(name);
            read.scope = resource.and_then(|resource| self.string(&resource.value, "`resource`"));
            read.document = policy.and_then(|policy| {
                let place = format_args!("resource_policies.{index}");
                self.document(&policy.value, "`policy`", place)
            });
        }
        // Pushed in any case: the index of the next one depends on it.
        self.world.resource_policies.push(read);
    }

    fn organization(&mut self, value: &Value) {
        let what = "an entry of `organization`";
        let Some([account, levels]) = self.reader.members(value, what, ["account", "levels"]) else { return };
        let account = self.required_number(value, account, what, "account");
        let mut read = Vec::new();
        for (index, level) in self.reader.entries(levels).iter().enumerate() {
            let entries = self.reader.array(level, "a level").unwrap_or_default();
            if entries.is_empty() && matches!(level.node, Node::Array(_)) {
                let message = format!("level {index} of account `{}` has no policy", account.text);
                let help = "a level without policies denies everything; name `FullQcloudAccess`";
                self.reader.error(code::WORLD_LEVEL_EMPTY, level.span, message).help = Some(help.into());
            }
            let holder = format!("organization.{}.levels.{index}", account.text);
            read.push(self.reference_list(entries, format_args!("{holder}")));
        }
        self.world.organization.push(raw::Organization { account, levels: read });
    }

    fn general_policy(&mut self, value: &Value) {
        let index = self.world.general.len();
        if let Some(reference) = self.reference(index, value, format_args!("general_policies.{index}")) {
            self.world.general.push(reference);
        }
    }

    // ----------------------------------------------------------------------------------------- settings

    fn setting(&mut self, member: &Member) {
        match &*member.name {
            "catalogue" => self.catalogue(member),
            "parameters" => self.parameters(member),
            "options" => self.world.options = WorldOptions::read(&mut self.reader, &member.value),
            _ => self.prerequisites(member),
        }
    }

    fn catalogue(&mut self, member: &Member) {
        for set in self.reader.object(&member.value, "`catalogue`").unwrap_or_default() {
            let entries = self.reader.array(&set.value, "an action set").unwrap_or_default();
            let entries =
                entries.iter().filter_map(|entry| self.string(entry, "an entry of an action set")).collect();
            let name = self.key(set);
            self.world.catalogue.push((name, entries));
        }
    }

    fn parameters(&mut self, member: &Member) {
        for parameter in self.reader.object(&member.value, "`parameters`").unwrap_or_default() {
            if let Some(value) = self.string(&parameter.value, "a parameter") {
                let name = self.key(parameter);
                self.world.parameters.push((name, value));
            }
        }
    }

    fn prerequisites(&mut self, member: &Member) {
        for action in self.reader.object(&member.value, "`prerequisites`").unwrap_or_default() {
            let name = self.key(action);
            if Action::parse(&name.text).is_none() {
                self.reader.malformed(action.name_span, format!("`{}` is not an action", name.text));
            }
            let entries = self.reader.array(&action.value, "a prerequisite").unwrap_or_default();
            let needs = entries.iter().filter_map(|entry| self.need(entry)).collect();
            self.world.prerequisites.push(raw::Prerequisite { action: name, needs });
        }
    }

    fn need(&mut self, value: &Value) -> Option<(raw::Name, raw::Name)> {
        let what = "an entry of a prerequisite";
        let [action, resource] = self.reader.members(value, what, ["action", "resource"])?;
        for (member, required) in [(action, "action"), (resource, "resource")] {
            if member.is_none() {
                self.reader.missing(value, what, required);
            }
        }
        let action = action.and_then(|action| self.string(&action.value, "`action`"));
        let resource = resource.and_then(|resource| self.string(&resource.value, "`resource`"));
        if let Some(action) = action.as_ref().filter(|action| Action::parse(&action.text).is_none()) {
            self.reader.malformed(action.at.span, format!("`{}` is not an action", action.text));
        }
        if let Some(resource) =
            resource.as_ref().filter(|resource| Requested::parse(&resource.text).is_none())
        {
            self.reader.malformed(resource.at.span, format!("`{}` is not a resource", resource.text));
        }
        action.zip(resource)
    }

    // ------------------------------------------------------------------------------- names and documents

    fn place(&self, span: Span) -> raw::Place {
        raw::Place { source: self.reader.index, span }
    }

    fn key(&self, member: &Member) -> raw::Name {
        raw::Name { text: member.name.clone(), at: self.place(member.name_span) }
    }

    fn string(&mut self, value: &Value, what: &str) -> Option<raw::Name> {
        let text = self.reader.string(value, what)?.into();
        Some(raw::Name { text, at: self.place(value.span) })
    }

    /// A string of digits without leading zero.
    fn number(&mut self, member: Option<&Member>) -> Option<raw::Name> {
        let member = member?;
        let text = self.reader.text(Some(member))?;
        if !alphabet::is_number(text) {
            let message = format!("`{}` must be digits without leading zero, not `{text}`", member.name);
            self.reader.malformed(member.value.span, message);
            return None;
        }
        Some(raw::Name { text: text.into(), at: self.place(member.value.span) })
    }

    fn required_number(
        &mut self,
        value: &Value,
        member: Option<&Member>,
        what: &str,
        name: &str,
    ) -> raw::Name {
        if member.is_none() {
            self.reader.missing(value, what, name);
        }
        self.number(member).unwrap_or_else(|| self.nameless(value))
    }

    /// A name (CITE EVA-27).
    fn name(&mut self, member: Option<&Member>) -> Option<raw::Name> {
        let member = member?;
        let text = self.reader.text(Some(member))?;
        let name = raw::Name { text: text.into(), at: self.place(member.value.span) };
        self.check_name(&name).then_some(name)
    }

    fn required_name(&mut self, value: &Value, member: Option<&Member>, what: &str) -> raw::Name {
        if member.is_none() {
            self.reader.missing(value, what, "name");
        }
        self.name(member).unwrap_or_else(|| self.nameless(value))
    }

    /// Stands for a name that is missing, which was reported: reading goes on.
    fn nameless(&self, value: &Value) -> raw::Name {
        raw::Name { text: "".into(), at: self.place(value.span) }
    }

    fn check_name(&mut self, name: &raw::Name) -> bool {
        let sound = alphabet::is_name(&name.text);
        if !sound {
            let message = format!("`{}` is not a name", name.text);
            let help = "a name has 1 to 128 letters, digits and `_.@=+-`";
            self.reader.error(self.reader.codes.malformed, name.at.span, message).help = Some(help.into());
        }
        sound
    }

    /// An object from names to documents.
    fn named_documents(&mut self, member: Option<&Member>, place: impl Display) -> Vec<raw::Policy> {
        let Some(member) = member else { return Vec::new() };
        let what = format!("`{}`", member.name);
        let mut documents = Vec::new();
        for policy in self.reader.object(&member.value, &what).unwrap_or_default() {
            let name = self.key(policy);
            self.check_name(&name);
            let place = format_args!("{place}.{}", name.text);
            if let Some(document) = self.document(&policy.value, &format!("`{}`", name.text), place) {
                documents.push(raw::Policy { name, document });
            }
        }
        documents
    }

    fn references(&mut self, member: Option<&Member>, holder: &str) -> Vec<raw::Reference> {
        let entries = self.reader.entries(member);
        self.reference_list(entries, format_args!("{holder}.policies"))
    }

    fn reference_list(&mut self, entries: &[Value], holder: impl Display) -> Vec<raw::Reference> {
        let reference = |(index, entry)| self.reference(index, entry, format_args!("{holder}.{index}"));
        entries.iter().enumerate().filter_map(reference).collect()
    }

    fn boundary(&mut self, member: Option<&Member>, holder: &str) -> Option<raw::Reference> {
        self.reference(0, &member?.value, format_args!("{holder}.boundary"))
    }

    fn reference(&mut self, index: usize, value: &Value, place: impl Display) -> Option<raw::Reference> {
        match &value.node {
            Node::String(_) => self.string(value, "a reference").map(raw::Reference::Name),
            _ => {
                let document = self.document(value, "a reference that is no name", place)?;
                Some(raw::Reference::Document(index, document))
            }
        }
    }

    fn document(&mut self, value: &Value, what: &str, place: impl Display) -> Option<raw::Document> {
        if let Some(text) = embedded_text(value) {
            let name = format!("{}#{place}", self.reader.source.name()).into();
            return Some(raw::Document::Text { name, text: text.into() });
        }
        match &value.node {
            Node::String(path) => {
                Some(raw::Document::Path(raw::Name { text: path.clone(), at: self.place(value.span) }))
            }
            Node::Object(_) | Node::Skimmed => {
                self.documents.push(value.span);
                Some(raw::Document::Inline(self.place(value.span)))
            }
            _ => {
                self.reader.malformed(
                    value.span,
                    format!("{what} must be a policy document, not {}", value.describe()),
                );
                None
            }
        }
    }
}

/// The edit that removes a member and one comma.
fn without_member(object: &Value, member: &Member) -> Option<Fix> {
    let members = object.as_object()?;
    let at = members.iter().position(|other| other.name_span == member.name_span)?;
    let span = match (members.get(at + 1), at.checked_sub(1).and_then(|before| members.get(before))) {
        (Some(next), _) => Span::new(member.name_span.start, next.name_span.start),
        (None, Some(before)) => Span::new(before.value.span.end, member.value.span.end),
        (None, None) => Span::new(member.name_span.start, member.value.span.end),
    };
    Some(Fix::machine(span, ""))
}
