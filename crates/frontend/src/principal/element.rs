//! The element `principal`, at the top of a document and in a statement (CITE PRI-1 to PRI-3, PRI-10).

use crate::{
    diagnostic::{Diagnostic, Fix, code},
    json::{Member, Node, Value},
    policy::{Kind, PrincipalEntry},
    reader::{Reader, removal},
    source::Span,
    template::short,
};

/// Kinds of principals.
pub(crate) const KINDS: [&str; 3] = ["qcs", "service", "federated"];

/// Who is bound by statements that name nobody themselves.
pub(crate) enum Top {
    /// No principal at the top.
    Absent,
    /// Where it stands, and whom it names.
    Present(Span, Vec<PrincipalEntry>),
}

impl Reader<'_> {
    /// PRI-1, PRI-2, PRI-10 at the top.
    pub(crate) fn top_principal(
        &mut self,
        members: &[Member],
        at: Option<usize>,
        statement: Option<&Value>,
    ) -> Top {
        let Some((at, member)) = at.and_then(|at| Some((at, members.get(at)?))) else { return Top::Absent };
        if !self.names_principals() {
            self.forbidden_principal(member, removal(members, at));
            return Top::Absent;
        }
        let mut edits = vec![(removal(members, at), String::new())];
        let principal = format!("\"principal\": {}", self.source.slice(member.value.span));
        let one = core::slice::from_ref;
        let statements = statement.map_or(&[][..], |value| value.as_array().unwrap_or_else(|| one(value)));
        for statement in statements {
            let start = statement.span.start + 1;
            let comma =
                if statement.as_object().is_some_and(|members| !members.is_empty()) { ", " } else { "" };
            edits.push((Span::new(start, start), format!("{principal}{comma}")));
        }
        edits.sort_by_key(|(span, _)| span.start);
        let found =
            self.diagnostic(code::PRINCIPAL_TOP, member.name_span, "the principal stands at the top level");
        self.findings.push(found.fix(Fix::machine_edits(edits)));
        Top::Present(member.name_span, self.principals(&member.value))
    }

    pub(crate) fn names_principals(&self) -> bool {
        matches!(self.setting.kind, Kind::Trust | Kind::Resource)
    }

    /// CAM0220, CAM0222.
    pub(crate) fn forbidden_principal(&mut self, member: &Member, removal: Span) {
        if self.setting.kind == Kind::Session && self.is_vacuous(&member.value) {
            let message = "the principal of a session policy restricts nothing";
            let found = self.diagnostic(code::PRINCIPAL_VACUOUS, member.name_span, message);
            self.findings.push(found.fix(Fix::machine(removal, "")));
            return;
        }
        let what = match self.setting.kind {
            Kind::Boundary => "a permissions boundary",
            Kind::Session => "a session policy",
            Kind::Scp => "an organization policy",
            _ => "an identity policy",
        };
        let found = self.diagnostic(
            code::PRINCIPAL_FORBIDDEN,
            member.name_span,
            format!("{what} names no principal"),
        );
        self.findings.push(found.fix(Fix::suggestion(removal, "")));
    }

    /// Exactly `"*"` or `{"qcs":["*"]}` (CITE PRI-10).
    fn is_vacuous(&mut self, value: &Value) -> bool {
        if value.as_str() == Some("*") {
            return true;
        }
        let Some([member]) = value.as_object() else { return false };
        let entries = match &member.value.node {
            Node::Array(entries) => entries.as_slice(),
            Node::String(_) => core::slice::from_ref(&member.value),
            _ => return false,
        };
        let vacuous = &*member.name == "qcs" && matches!(entries, [entry] if entry.as_str() == Some("*"));
        if vacuous && member.value.as_str().is_some() {
            self.single_value(&member.value);
        }
        vacuous
    }

    /// PRI-3.
    pub(crate) fn principals(&mut self, value: &Value) -> Vec<PrincipalEntry> {
        let members = match &value.node {
            Node::String(text) if &**text == "*" => return vec![PrincipalEntry::Everyone],
            Node::String(text) => {
                let found = self.bare_principal(value, text);
                self.findings.push(found);
                return Vec::new();
            }
            Node::Object(members) => members,
            _ => {
                self.wrong_type(
                    value,
                    "principal",
                    "`\"*\"` or an object of `qcs`, `service` and `federated`",
                );
                return Vec::new();
            }
        };
        if members.is_empty() {
            self.report(code::LIST_EMPTY, value.span, "the principal is empty");
            return Vec::new();
        }
        let kinds = [super::Member::Qcs, super::Member::Service, super::Member::Federated];
        let mut principals = Vec::new();
        for (at, (kind, name)) in self.elements(members, KINDS).into_iter().zip(kinds.into_iter().zip(KINDS))
        {
            let Some(member) = at.and_then(|at| members.get(at)) else { continue };
            for (text, span) in self.entries(&member.value, name) {
                match super::read(text, kind, self.setting) {
                    Ok(entry) => principals.extend(entry),
                    Err(finding) => self.findings.push(finding.at(self.index, span)),
                }
            }
        }
        principals.sort_unstable();
        principals.dedup();
        principals
    }

    /// A string other than `*`.
    fn bare_principal(&self, value: &Value, text: &str) -> Diagnostic {
        if text.is_empty() {
            return self.diagnostic(code::STRING_EMPTY, value.span, "the principal is empty");
        }
        let message = format!("`{}` is not a principal", short(text));
        let found = self.diagnostic(code::PRINCIPAL_MALFORMED, value.span, message);
        let fix = Fix::suggestion(value.span, format!("{{\"qcs\": [{}]}}", self.source.slice(value.span)));
        found.help("write `\"*\"` or `{\"qcs\": [ … ]}`").fix(fix)
    }
}
