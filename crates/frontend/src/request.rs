//! Requests as JSON (semantics §8): one object in, owned text out.
//!
//! Only what is said of the JSON is checked here: members, types and sizes. What the text means (callers,
//! actions, resources, times, session policies) is the engine's, which knows the bundle. One exception keeps the
//! order of §13.6: before a finding on resources or context is given, the members that come before it
//! are read with the shared grammar, so that a malformed principal is reported first.

use camshaft_value::{action::Action, principal::Caller, resource::Requested};

use crate::diagnostic::{Code, Diagnostic, code};
use crate::json::{Member, Node, Value};
use crate::limits;
use crate::source::{Position, Source, Span};
use crate::strict::{REQUEST, Strict, embedded_text};

/// A request, its members as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Echoed in the answer.
    pub id: Option<String>,
    /// The caller (CITE REQ-3).
    pub principal: String,
    /// The action (CITE REQ-4).
    pub action: String,
    /// At least one, at most LIM-15 (CITE REQ-5).
    pub resources: Vec<String>,
    /// Key and values, in the order of the source; numbers and booleans as their JSON text (CITE REQ-7).
    pub context: Vec<(String, Vec<String>)>,
    /// The time of evaluation (CITE REQ-10).
    pub time: Option<String>,
    /// Whether the request was signed, when it says so (CITE REQ-9).
    pub signed: Option<bool>,
    /// Source text of the session policy (CITE REQ-11).
    pub session_policy: Option<String>,
    /// Age of the artifact in seconds (CITE REQ-14).
    pub artifact_age_s: Option<u64>,
}

/// Why a request could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestError {
    /// CAM0600 to CAM0609.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// Where, in the text of the request.
    pub position: Position,
    /// The request's `id`, where it could be read: the answer echoes it.
    pub id: Option<String>,
}

impl core::fmt::Display for RequestError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl core::error::Error for RequestError {}

/// What stands in for what a request leaves out.
#[derive(Clone, Copy, Debug)]
pub struct Defaults<'a> {
    /// The caller of requests without `principal`; `None` makes them malformed.
    pub principal: Option<&'a str>,
    /// The services whose resources need region and account (CITE REQ-5): those of the world or bundle.
    pub resource_policy_services: &'a [Box<str>],
}

/// Reads one request; `principal` is required and the default services take resource policies.
///
/// # Errors
///
/// The first finding in the order of §13.6.
pub fn parse(text: &str) -> Result<Request, RequestError> {
    let services = ["cas".into(), "cos".into()];
    parse_with(text, Defaults { principal: None, resource_policy_services: &services })
}

/// Reads one request.
///
/// # Errors
///
/// As for [`parse`].
pub fn parse_with(text: &str, defaults: Defaults<'_>) -> Result<Request, RequestError> {
    if text.len() > limits::REQUEST_BYTES {
        return Err(too_large(text.len()));
    }
    let source = Source::new("request", text);
    let mut reader = Strict::new(&source, 0, REQUEST);
    let mut tolerated = Vec::new();
    match reader.parse(&mut tolerated) {
        Some(value) => read(reader, &value, tolerated, defaults),
        None => Err(first(&mut reader, None)),
    }
}

/// Reads a request that is part of a larger text. LIM-18 is measured on its own text.
pub(crate) fn parse_value(
    source: &Source,
    value: &Value,
    tolerated: Vec<Diagnostic>,
    defaults: Defaults<'_>,
) -> Result<Request, RequestError> {
    let length = value.span.end - value.span.start;
    if length > limits::REQUEST_BYTES {
        return Err(too_large(length));
    }
    read(Strict::new(source, 0, REQUEST), value, tolerated, defaults)
}

/// CAM0608 for a request as a whole (CITE LIM-18).
fn too_large(length: usize) -> RequestError {
    RequestError {
        code: code::REQUEST_CONTEXT,
        message: format!("the request has {length} of {} bytes", limits::REQUEST_BYTES),
        position: Position { line: 1, column: 1 },
        id: None,
    }
}

fn first(reader: &mut Strict<'_>, id: Option<String>) -> RequestError {
    // Reading goes member by member: the first in the text is the one to name.
    reader.diagnostics.sort_by_key(|found| found.span.start);
    let found = reader.diagnostics.first();
    RequestError {
        code: found.map_or(code::REQUEST_MALFORMED, |found| found.code),
        message: found.map_or_else(|| "the request is not JSON".into(), |found| found.message.clone()),
        position: reader.source.position(found.map_or(0, |found| found.span.start)),
        id,
    }
}

/// A finding that has its place after those on principal and action.
struct Late {
    code: Code,
    span: Span,
    message: String,
}

/// Findings in the making, by their rank in §13.6.
struct Findings<'r, 's> {
    /// CAM0600, and CAM0608 for sizes.
    reader: &'r mut Strict<'s>,
    resources: Option<Late>,
    context: Option<Late>,
}

fn read(
    mut reader: Strict<'_>,
    value: &Value,
    tolerated: Vec<Diagnostic>,
    defaults: Defaults<'_>,
) -> Result<Request, RequestError> {
    let session = value.member("session_policy").map(|member| &member.value);
    let session = session.filter(|policy| embedded_text(policy).is_none()).map(|policy| policy.span);
    reader.refuse_outside(tolerated, session.as_slice());
    let names = [
        "id",
        "principal",
        "action",
        "resource",
        "context",
        "time",
        "signed",
        "session_policy",
        "artifact_age_s",
    ];
    let members = reader.members(value, "a request", names);
    let Some([id, principal, action, resource, context, time, signed, session_policy, age]) = members else {
        return Err(first(&mut reader, None));
    };
    let mut findings = Findings { reader: &mut reader, resources: None, context: None };
    let id = findings.text(id);
    let principal = match principal {
        Some(_) => findings.text(principal),
        None => defaults.principal.map(String::from),
    };
    let action = findings.text(action);
    let request = Request {
        resources: findings.resources(value, resource),
        context: findings.context(context),
        time: findings.text(time),
        signed: findings.reader.flag(signed),
        session_policy: findings.session_policy(session_policy),
        artifact_age_s: findings.age(age),
        id: id.clone(),
        principal: principal.clone().unwrap_or_default(),
        action: action.clone().unwrap_or_default(),
    };
    let Findings { resources: bad_resources, context: bad_context, .. } = findings;
    if principal.is_none() && value.member("principal").is_none() {
        reader.missing(value, "a request", "principal");
    }
    if action.is_none() && value.member("action").is_none() {
        reader.missing(value, "a request", "action");
    }
    if !reader.diagnostics.is_empty() {
        return Err(first(&mut reader, id));
    }
    let late = match (bad_resources, bad_context) {
        (None, None) => return Ok(request),
        (Some(late), _) => earlier(&request, value).unwrap_or(late),
        (None, Some(late)) => earlier(&request, value)
            .or_else(|| malformed_resource(&request, value, defaults.resource_policy_services))
            .unwrap_or(late),
    };
    let Late { code, span, message } = late;
    Err(RequestError { code, message, position: reader.source.position(span.start), id })
}

/// The span of a member's value.
fn place(value: &Value, name: &str) -> Option<Span> {
    value.member(name).map(|member| member.value.span)
}

/// What comes before the resources: principal, signed flag, action, provider action.
fn earlier(request: &Request, value: &Value) -> Option<Late> {
    let late = |code, name, message: String| {
        let span = place(value, name).unwrap_or(value.span);
        Some(Late { code, span, message })
    };
    let Some(caller) = Caller::parse(&request.principal) else {
        return late(
            code::REQUEST_PRINCIPAL,
            "principal",
            format!("`{}` is not a caller", request.principal),
        );
    };
    let unsigned = caller == Caller::Anonymous;
    if request.signed.is_some_and(|signed| signed == unsigned) {
        return late(code::REQUEST_SIGNED, "signed", "exactly the anonymous caller is unsigned".into());
    }
    let Some(action) = Action::parse(&request.action) else {
        return late(code::REQUEST_ACTION, "action", format!("`{}` is not an action", request.action));
    };
    let provider = matches!(caller, Caller::Provider { .. });
    let assumes = matches!(action.text, "sts:AssumeRoleWithSAML" | "sts:AssumeRoleWithWebIdentity");
    if provider && !assumes {
        return late(
            code::REQUEST_PRINCIPAL,
            "principal",
            format!("an identity provider cannot ask for `{}`", action.text),
        );
    }
    None
}

/// A resource that is malformed (CITE REQ-5).
fn malformed_resource(request: &Request, value: &Value, services: &[Box<str>]) -> Option<Late> {
    let sound = |text: &String| match Requested::parse(text) {
        None => false,
        Some(Requested::Star) => true,
        Some(Requested::Resource(resource)) => {
            let bare =
                resource.region.is_empty() || resource.owner == camshaft_value::resource::Owner::Caller;
            !(bare && services.iter().any(|service| **service == *resource.service))
        }
    };
    let text = request.resources.iter().find(|text| !sound(text))?;
    let span = place(value, "resource").unwrap_or(value.span);
    Some(Late { code: code::REQUEST_RESOURCE, span, message: format!("`{text}` is not a resource") })
}

impl Findings<'_, '_> {
    /// CAM0608 for a size (CITE LIM-16).
    fn too_large(&mut self, span: Span, message: String) {
        self.reader.error(code::REQUEST_CONTEXT, span, message);
    }

    fn measured(&mut self, span: Span, text: &str) -> String {
        if text.len() > limits::REQUEST_STRING_BYTES {
            let message = format!("a string has {} of {} bytes", text.len(), limits::REQUEST_STRING_BYTES);
            self.too_large(span, message);
        }
        text.into()
    }

    fn text(&mut self, member: Option<&Member>) -> Option<String> {
        let text = self.reader.text(member)?;
        member.map(|member| self.measured(member.value.span, text))
    }

    fn resources(&mut self, request: &Value, member: Option<&Member>) -> Vec<String> {
        let Some(member) = member else {
            let message = "a request needs the member `resource`".into();
            let span = Span::new(request.span.start, request.span.start);
            self.resources = Some(Late { code: code::REQUEST_RESOURCES, span, message });
            return Vec::new();
        };
        let entries = match &member.value.node {
            Node::String(_) => core::slice::from_ref(&member.value),
            Node::Array(entries) => entries,
            _ => {
                let message =
                    format!("`resource` must be a string or an array, not {}", member.value.describe());
                self.reader.malformed(member.value.span, message);
                return Vec::new();
            }
        };
        let count = entries.len();
        if !(1..=limits::REQUEST_RESOURCES).contains(&count) {
            let message = format!("the request names {count} of {} resources", limits::REQUEST_RESOURCES);
            let message = if count == 0 { "the request names no resource".into() } else { message };
            self.resources = Some(Late { code: code::REQUEST_RESOURCES, span: member.value.span, message });
        }
        let mut resources = Vec::with_capacity(count);
        for entry in entries {
            if let Some(text) = self.reader.string(entry, "an entry of `resource`") {
                resources.push(self.measured(entry.span, text));
            }
        }
        resources
    }

    fn context(&mut self, member: Option<&Member>) -> Vec<(String, Vec<String>)> {
        let Some(member) = member else { return Vec::new() };
        let Some(keys) = self.reader.object(&member.value, "`context`") else { return Vec::new() };
        if keys.len() > limits::CONTEXT_KEYS {
            let message = format!("the context has {} of {} keys", keys.len(), limits::CONTEXT_KEYS);
            self.too_large(member.value.span, message);
            return Vec::new();
        }
        let mut context: Vec<(String, Vec<String>)> = Vec::with_capacity(keys.len());
        for key in keys {
            if context.iter().any(|(earlier, _)| **earlier == *key.name) {
                self.reader.repeated(code::REQUEST_MALFORMED, key, "`context`");
            }
            let name = self.measured(key.name_span, &key.name);
            context.push((name, self.values(key)));
        }
        context
    }

    fn values(&mut self, key: &Member) -> Vec<String> {
        let values = match &key.value.node {
            Node::Array(values) => values.as_slice(),
            _ => core::slice::from_ref(&key.value),
        };
        if values.len() > limits::CONTEXT_VALUES {
            let (count, most) = (values.len(), limits::CONTEXT_VALUES);
            self.too_large(key.value.span, format!("the key `{}` has {count} of {most} values", key.name));
            return Vec::new();
        }
        values.iter().map(|value| self.value(key, value)).collect()
    }

    fn value(&mut self, key: &Member, value: &Value) -> String {
        match &value.node {
            Node::String(text) => self.measured(value.span, text),
            Node::Number | Node::Bool(_) => {
                let text = self.reader.source.slice(value.span);
                self.measured(value.span, text)
            }
            _ => {
                let found = value.describe();
                let message = format!("`{}` takes text, numbers and booleans, not {found}", key.name);
                self.context.get_or_insert(Late { code: code::REQUEST_CONTEXT, span: value.span, message });
                String::new()
            }
        }
    }

    fn session_policy(&mut self, member: Option<&Member>) -> Option<String> {
        let value = &member?.value;
        match &value.node {
            Node::Object(_) => {
                Some(embedded_text(value).unwrap_or(self.reader.source.slice(value.span)).into())
            }
            _ => {
                let message = format!("`session_policy` must be a policy, not {}", value.describe());
                self.reader.malformed(value.span, message);
                None
            }
        }
    }

    fn age(&mut self, member: Option<&Member>) -> Option<u64> {
        let member = member?;
        let age = self.reader.whole_number(&member.value);
        if age.is_none() {
            self.reader.malformed(member.value.span, "`artifact_age_s` must be a whole number of seconds");
        }
        age
    }
}

#[cfg(test)]
mod tests;
