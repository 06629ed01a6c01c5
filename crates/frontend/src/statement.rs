//! The elements of documents and statements (CITE DOC-6 to DOC-18, PRI-1 to PRI-3).

use crate::{
    action,
    diagnostic::{Fix, code},
    json::{Member, Node, Value},
    policy::{ActionEntry, Effect, Kind, ResourceEntry, Statement},
    principal::{KINDS, Top},
    reader::{Reader, removal},
    resource,
    source::Span,
    spelling::nearest,
    template::short,
};

/// Elements of a document.
const TOP: [&str; 3] = ["version", "principal", "statement"];
/// Elements of a statement, but for `sid` of resource policies.
const STATEMENT: [&str; 5] = ["effect", "principal", "action", "resource", "condition"];
impl Reader<'_> {
    /// The statements of a document, as far as they can be read.
    pub(crate) fn document(&mut self, value: &Value, start: usize, length_chars: usize) -> Vec<Statement> {
        self.length(start, length_chars);
        let Some(members) = value.as_object() else {
            let message = format!("the document is {}", value.describe());
            self.report(code::NOT_AN_OBJECT, value.span, message);
            return Vec::new();
        };
        self.repeated_members(value);
        let [version, principal, statement] = self.elements(members, TOP);
        match version.and_then(|at| members.get(at)) {
            Some(version) => self.version(&version.value),
            None => {
                let at = value.span.start + 1;
                let comma = if members.is_empty() { "" } else { ", " };
                let fix = Fix::machine(Span::new(at, at), format!("\"version\": \"2.0\"{comma}"));
                let found = self.diagnostic(code::VERSION_MISSING, value.span, "the policy has no `version`");
                self.findings.push(found.fix(fix));
            }
        }
        let statement = statement.and_then(|at| members.get(at));
        let top = self.top_principal(members, principal, statement.map(|member| &member.value));
        let Some(statement) = statement else {
            let found = self.diagnostic(code::STATEMENT_MISSING, value.span, "the policy has no `statement`");
            self.findings.push(found.help("add `\"statement\": [ … ]`"));
            return Vec::new();
        };
        self.statements(&statement.value, &top)
    }

    /// LIM-1, LIM-2.
    fn length(&mut self, start: usize, chars: usize) {
        let span = Span::new(start, start);
        let over = |limit: Option<u64>| limit.filter(|limit| u64::try_from(chars).is_ok_and(|n| n > *limit));
        let limits = self.setting.limits;
        let message = format!("the document has {chars} characters");
        if let Some(limit) = over(limits.document_hard_chars) {
            let found = self.diagnostic(code::DOCUMENT_TOO_LONG, span, message);
            self.findings.push(found.help(format!("at most {limit} are accepted; split it")));
        } else if let Some(limit) = over(limits.document_soft_chars) {
            let found = self.diagnostic(code::DOCUMENT_LONG, span, message);
            self.findings.push(found.help(format!("above {limit} some consoles refuse it")));
        }
    }

    /// Where each keyword stands; everything else is reported (CITE DOC-7, DOC-8).
    pub(crate) fn elements<const N: usize>(
        &mut self,
        members: &[Member],
        names: [&'static str; N],
    ) -> [Option<usize>; N] {
        let mut places = [None; N];
        for (index, member) in members.iter().enumerate() {
            let name = &*member.name;
            let keyword = names.iter().position(|keyword| keyword.eq_ignore_ascii_case(name));
            let Some(keyword) = keyword.filter(|_| !name.is_empty()) else {
                self.unknown_element(member, &names);
                continue;
            };
            let (Some(word), Some(place)) = (names.get(keyword), places.get_mut(keyword)) else { continue };
            if name != *word {
                self.keyword_case(member, word);
            }
            let first: Option<&Member> = place.and_then(|at: usize| members.get(at));
            match first {
                None => *place = Some(index),
                Some(first) if first.name == member.name => {} // Reported with all repetitions.
                Some(first) if self.setting.kind == Kind::Resource => self.repeated(member, first.name_span),
                Some(_) => {}
            }
        }
        places
    }

    fn unknown_element(&mut self, member: &Member, names: &[&'static str]) {
        let name = short(&member.name);
        if *names == KINDS {
            let message = format!("`{name}` is not a kind of principal");
            let found = self.diagnostic(code::PRINCIPAL_KIND, member.name_span, message);
            let near = nearest(&member.name, KINDS);
            let fix = near.map(|near| Fix::suggestion(member.name_span, format!("\"{near}\"")));
            self.findings.push(found.maybe_fix(fix));
            return;
        }
        let found =
            self.diagnostic(code::UNKNOWN_ELEMENT, member.name_span, format!("unknown element `{name}`"));
        let rule = "a restriction must be written as a deny statement";
        let near = nearest(&member.name, names.iter().copied().filter(|name| !name.is_empty()));
        self.findings.push(match near {
            Some(near) => found
                .help(format!("`{name}` is not CAM syntax; did you mean `{near}`? {rule}"))
                .fix(Fix::suggestion(member.name_span, format!("\"{near}\""))),
            None => found.help(format!("`{name}` is not CAM syntax; {rule}")),
        });
    }

    /// CAM0205, CAM0206.
    fn keyword_case(&mut self, member: &Member, word: &str) {
        let name = short(&member.name);
        let capital = member.name.strip_prefix(|c: char| c.is_ascii_uppercase());
        let rest = word.get(1..);
        let accepted = match word {
            "qcs" => &*member.name == "QCS",
            "service" | "federated" => false,
            _ => capital == rest,
        };
        let fix = Fix::machine(member.name_span, format!("\"{word}\""));
        let found = if accepted && self.setting.kind == Kind::Resource {
            let message = format!("the keyword `{name}` has a capital");
            self.diagnostic(code::KEYWORD_CAPITALISED, member.name_span, message)
        } else {
            let message = format!("the keyword `{name}` is not in lower case");
            self.diagnostic(code::KEYWORD_CASE, member.name_span, message).help(format!("write `{word}`"))
        };
        self.findings.push(found.fix(fix));
    }

    /// DOC-9.
    fn version(&mut self, value: &Value) {
        match value.as_str() {
            Some("2.0") => {}
            Some("3.0") => self.report(code::VERSION_3, value.span, "version `3.0` cannot be read"),
            None => self.wrong_type(value, "version", "the string `\"2.0\"`"),
            Some(version) => {
                let shown = short(version);
                let found = self
                    .diagnostic(
                        code::VERSION_UNSUPPORTED,
                        value.span,
                        format!("version `{shown}` is not supported"),
                    )
                    .help(format!("use `\"2.0\"`; `{shown}` has other or no known rules"))
                    .fix(Fix::suggestion(value.span, "\"2.0\""));
                self.findings.push(found);
            }
        }
    }

    /// DOC-10.
    fn statements(&mut self, value: &Value, top: &Top) -> Vec<Statement> {
        let elements = match &value.node {
            Node::Object(_) => {
                let (start, end) = (value.span.start, value.span.end);
                let edits =
                    [(Span::new(start, start), "[".to_owned()), (Span::new(end, end), "]".to_owned())];
                let found = self.diagnostic(
                    code::STATEMENT_BARE,
                    value.span,
                    "`statement` is an object without `[ ]`",
                );
                self.findings.push(found.fix(Fix::machine_edits(edits)));
                core::slice::from_ref(value)
            }
            Node::Array(elements) if elements.is_empty() => {
                self.report(code::LIST_EMPTY, value.span, "the list of `statement` is empty");
                return Vec::new();
            }
            Node::Array(elements) => elements.as_slice(),
            _ => {
                self.wrong_type(value, "statement", "an array of objects");
                return Vec::new();
            }
        };
        let mut statements = Vec::with_capacity(elements.len());
        let mut labels: Vec<(&str, Span)> = Vec::new();
        let mut twice: Option<Span> = None;
        for (index, element) in (0u32..).zip(elements) {
            let Some(members) = element.as_object() else {
                self.wrong_type(element, "statement", "an array of objects");
                continue;
            };
            if let Some(statement) = self.statement(index, element, members, top, &mut labels, &mut twice) {
                statements.push(statement);
                self.starts.push(element.span.start);
            }
        }
        if let (Some(inner), Top::Present(outer, _)) = (twice, top) {
            let message = "the principal stands at the top level and in a statement";
            let found = self.diagnostic(code::PRINCIPAL_TWICE, *outer, message);
            self.findings.push(found.related(inner, "the one in a statement stands here"));
        }
        statements
    }

    fn statement<'v>(
        &mut self,
        index: u32,
        value: &Value,
        members: &'v [Member],
        top: &Top,
        labels: &mut Vec<(&'v str, Span)>,
        twice: &mut Option<Span>,
    ) -> Option<Statement> {
        let [effect_name, principal_name, action_name, resource_name, condition_name] = STATEMENT;
        let label_name = if self.setting.kind == Kind::Resource { "sid" } else { "" };
        let names = [effect_name, principal_name, action_name, resource_name, condition_name, label_name];
        let places = self.elements(members, names);
        let [effect, principal, action, resource, condition, label] =
            places.map(|at| at.and_then(|at| Some((at, members.get(at)?))));

        let sid = label.and_then(|(_, member)| self.label(member, labels));
        let effect = match effect {
            Some((_, member)) => self.effect(&member.value),
            None => self.missing(
                code::EFFECT_MISSING,
                value,
                effect_name,
                "add `\"effect\": \"allow\"` or `\"deny\"`",
            ),
        };
        let principals = match (principal, top) {
            (Some((at, member)), _) if !self.names_principals() => {
                self.forbidden_principal(member, removal(members, at));
                None
            }
            (Some((_, member)), Top::Present(..)) => {
                twice.get_or_insert(member.name_span);
                None
            }
            (Some((_, member)), Top::Absent) => Some(self.principals(&member.value)),
            (None, Top::Present(_, principals)) => Some(principals.clone()),
            (None, Top::Absent) => {
                if self.names_principals() {
                    self.report(code::PRINCIPAL_MISSING, value.span, "the statement has no `principal`");
                }
                None
            }
        };
        let actions = match action {
            Some((_, member)) => self.actions(&member.value),
            None => self
                .missing(code::ACTION_MISSING, value, action_name, "name the operations")
                .unwrap_or_default(),
        };
        let deny = effect == Some(Effect::Deny);
        let resources = match resource {
            Some((_, member)) => self.resources(&member.value, deny),
            None if self.setting.kind == Kind::Trust => vec![ResourceEntry::All],
            None => {
                let help = "name the resources; `*` means all";
                self.missing(code::RESOURCE_MISSING, value, resource_name, help).unwrap_or_default()
            }
        };
        let condition = condition
            .map(|(at, member)| self.condition(&member.value, removal(members, at)))
            .unwrap_or_default();
        Some(Statement {
            index,
            position: self.source.position(value.span.start),
            sid,
            effect: effect?,
            principals,
            actions,
            resources,
            condition,
        })
    }

    fn missing<T>(
        &mut self,
        code: crate::diagnostic::Code,
        value: &Value,
        name: &str,
        help: &str,
    ) -> Option<T> {
        let found = self.diagnostic(code, value.span, format!("the statement has no `{name}`"));
        self.findings.push(found.help(help));
        None
    }

    /// DOC-18.
    fn label<'v>(&mut self, member: &'v Member, labels: &mut Vec<(&'v str, Span)>) -> Option<Box<str>> {
        let span = member.value.span;
        let Some(label) = member.value.as_str() else {
            self.wrong_type(&member.value, "sid", "a string");
            return None;
        };
        if label.is_empty() {
            let found = self.diagnostic(code::STRING_EMPTY, span, "the label of a statement is empty");
            self.findings.push(found.help("give it a name, or remove `sid`"));
            return None;
        }
        self.report(
            code::LABEL,
            member.name_span,
            format!("the statement carries the label `{}`", short(label)),
        );
        if let Some((_, first)) = labels.iter().find(|(other, _)| *other == label) {
            let message = format!("the label `{}` stands here for the second time", short(label));
            let found =
                self.diagnostic(code::LABEL_REPEATED, span, message).related(*first, "the first stands here");
            self.findings.push(found);
        } else {
            labels.push((label, span));
        }
        Some(label.into())
    }

    /// DOC-11.
    fn effect(&mut self, value: &Value) -> Option<Effect> {
        let text = match value.as_str() {
            Some("allow") => return Some(Effect::Allow),
            Some("deny") => return Some(Effect::Deny),
            Some(text) => text,
            None => {
                self.wrong_type(value, "effect", "`\"allow\"` or `\"deny\"`");
                return None;
            }
        };
        let capital = match text {
            "Allow" => Some(Effect::Allow),
            "Deny" => Some(Effect::Deny),
            _ => None,
        };
        let lower = text.trim().to_ascii_lowercase();
        let fix =
            matches!(&*lower, "allow" | "deny").then(|| Fix::machine(value.span, format!("\"{lower}\"")));
        let shown = short(text);
        if self.setting.kind == Kind::Resource && capital.is_some() {
            let found = self.diagnostic(
                code::EFFECT_CAPITALISED,
                value.span,
                format!("the effect `{shown}` has a capital"),
            );
            self.findings.push(found.maybe_fix(fix));
            return capital;
        }
        let found = self.diagnostic(code::EFFECT_INVALID, value.span, format!("`{shown}` is not an effect"));
        self.findings.push(found.maybe_fix(fix));
        None
    }

    fn actions(&mut self, value: &Value) -> Vec<ActionEntry> {
        let mut actions = Vec::new();
        for (text, span) in self.entries(value, "action") {
            if let Err(finding) = action::read(text, self.setting, &mut actions) {
                self.findings.push(finding.at(self.index, span));
            }
        }
        actions.sort_unstable();
        actions.dedup();
        actions
    }

    fn resources(&mut self, value: &Value, deny: bool) -> Vec<ResourceEntry> {
        let mut resources = Vec::new();
        let mut remarks = Vec::new();
        for (text, span) in self.entries(value, "resource") {
            let result = resource::read(text, self.setting, deny, &mut remarks);
            self.findings.extend(remarks.drain(..).map(|remark| remark.at(self.index, span)));
            match result {
                Ok(resource) => resources.push(resource),
                Err(finding) => self.findings.push(finding.at(self.index, span)),
            }
        }
        resources.sort_unstable();
        resources.dedup();
        resources
    }
}
