//! Options of a world (semantics §10): which there are, their defaults, and how JSON spells them.

use std::collections::HashSet;

use crate::diagnostic::code;
use crate::json::{Member, Node, Value};
use crate::limits::Limits;
use crate::policy;
use crate::spelling;
use crate::strict::{Strict, list};

/// The options of a world, those that matter only to the compiler included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldOptions {
    /// Warnings of documents are errors (CITE GEN-2).
    pub strict: bool,
    /// `list_deny=cam`: a narrow deny does not match the request resource `*` (CITE RES-18).
    pub list_deny_cam: bool,
    /// `cos_anyone_deny=unsigned` (CITE EVA-14).
    pub cos_anyone_deny_unsigned: bool,
    /// Services that take resource policies, sorted, each once (CITE EVA-12).
    pub resource_policy_services: Vec<Box<str>>,
    /// The second segment of a resource is read (CITE RES-3).
    pub legacy_project: bool,
    /// `OwnerUin` and `OwnerAppid` are offered to templates (CITE VAR-7).
    pub builtin_parameters: bool,
    /// Greatest age of an artifact in seconds (CITE REQ-14).
    pub max_artifact_age_s: Option<u64>,
    /// Figures of LIM-1 to LIM-11.
    pub limits: Limits,
}

impl Default for WorldOptions {
    fn default() -> Self {
        let policy::Options {
            list_deny_cam,
            cos_anyone_deny_unsigned,
            resource_policy_services,
            max_artifact_age_s,
        } = policy::Options::default();
        Self {
            strict: false,
            list_deny_cam,
            cos_anyone_deny_unsigned,
            resource_policy_services,
            legacy_project: false,
            builtin_parameters: true,
            max_artifact_age_s,
            limits: Limits::default(),
        }
    }
}

impl From<&WorldOptions> for policy::Options {
    /// Those that change decisions.
    fn from(options: &WorldOptions) -> Self {
        Self {
            list_deny_cam: options.list_deny_cam,
            cos_anyone_deny_unsigned: options.cos_anyone_deny_unsigned,
            resource_policy_services: options.resource_policy_services.clone(),
            max_artifact_age_s: options.max_artifact_age_s,
        }
    }
}

const NAMES: [&str; 8] = [
    "strict",
    "list_deny",
    "cos_anyone_deny",
    "resource_policy_services",
    "legacy_project",
    "builtin_parameters",
    "max_artifact_age_s",
    "limits",
];

impl WorldOptions {
    /// Reads the value of `options`. What is wrong goes to `reader`, the rest keeps its default.
    pub(crate) fn read(reader: &mut Strict<'_>, value: &Value) -> Self {
        let mut options = Self::default();
        let mut seen = HashSet::new();
        for member in reader.object(value, "`options`").unwrap_or_default() {
            if seen.insert(&*member.name) {
                options.set(reader, member);
            } else {
                reader.repeated(reader.codes.malformed, member, "`options`");
            }
        }
        options
    }

    fn set(&mut self, reader: &mut Strict<'_>, member: &Member) {
        match &*member.name {
            "strict" => assign(&mut self.strict, flag(reader, member)),
            "legacy_project" => assign(&mut self.legacy_project, flag(reader, member)),
            "builtin_parameters" => assign(&mut self.builtin_parameters, flag(reader, member)),
            "list_deny" => assign(&mut self.list_deny_cam, choice(reader, member, "cam")),
            "cos_anyone_deny" => {
                assign(&mut self.cos_anyone_deny_unsigned, choice(reader, member, "unsigned"));
            }
            "resource_policy_services" => {
                assign(&mut self.resource_policy_services, services(reader, member));
            }
            "max_artifact_age_s" => match reader.whole_number(&member.value) {
                Some(seconds) => self.max_artifact_age_s = Some(seconds),
                None => invalid(reader, member, "a whole number of seconds"),
            },
            "limits" => self.set_limits(reader, member),
            name => {
                let help = match spelling::nearest(name, NAMES) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the options are {}", list(&NAMES)),
                };
                let message = format!("there is no option `{name}`");
                reader.error(code::WORLD_OPTION, member.name_span, message).help = Some(help);
            }
        }
    }

    fn set_limits(&mut self, reader: &mut Strict<'_>, member: &Member) {
        match &member.value.node {
            Node::String(profile) if &**profile == "tencent" => {}
            Node::Object(figures) => {
                let mut seen = HashSet::new();
                for figure in figures {
                    if seen.insert(&*figure.name) {
                        self.set_limit(reader, figure);
                    } else {
                        reader.repeated(reader.codes.malformed, figure, "`limits`");
                    }
                }
            }
            _ => invalid(reader, member, "`tencent` or an object from limits to figures"),
        }
    }

    fn set_limit(&mut self, reader: &mut Strict<'_>, figure: &Member) {
        let name = &*figure.name;
        let value = reader.whole_number(&figure.value).filter(|value| *value > 0);
        match (self.limits.by_name(name), value) {
            (None, _) => {
                let message = format!("`{name}` is not a limit that can be set");
                reader.error(code::WORLD_OPTION, figure.name_span, message).help =
                    Some("`LIM-1` to `LIM-11` can be set; the others are fixed".into());
            }
            (Some(_), None) => invalid(reader, figure, "a positive whole number"),
            (Some(limit), Some(value)) => limit.set(value),
        }
    }
}

fn assign<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

fn invalid(reader: &mut Strict<'_>, member: &Member, wanted: &str) {
    let found = match &member.value.node {
        Node::String(text) => format!("`{text}`"),
        Node::Number => format!("`{}`", reader.source.slice(member.value.span)),
        _ => member.value.describe().into(),
    };
    reader.error(
        code::WORLD_OPTION,
        member.value.span,
        format!("`{}` must be {wanted}, not {found}", member.name),
    );
}

fn flag(reader: &mut Strict<'_>, member: &Member) -> Option<bool> {
    if let Node::Bool(flag) = member.value.node {
        return Some(flag);
    }
    invalid(reader, member, "`true` or `false`");
    None
}

/// Whether the second of two choices is made; the first, the default of all these, is `strict`.
fn choice(reader: &mut Strict<'_>, member: &Member, second: &str) -> Option<bool> {
    match &member.value.node {
        Node::String(text) if &**text == "strict" => Some(false),
        Node::String(text) if &**text == second => Some(true),
        _ => {
            invalid(reader, member, &format!("`strict` or `{second}`"));
            None
        }
    }
}

fn services(reader: &mut Strict<'_>, member: &Member) -> Option<Vec<Box<str>>> {
    let Node::Array(entries) = &member.value.node else {
        invalid(reader, member, "a list of services");
        return None;
    };
    let (mut services, mut sound) = (Vec::with_capacity(entries.len()), true);
    for entry in entries {
        match &entry.node {
            Node::String(name) if camshaft_value::alphabet::is_service(name) => services.push(name.clone()),
            _ => {
                let message = "`resource_policy_services` takes short names of services";
                reader.error(code::WORLD_OPTION, entry.span, message);
                sound = false;
            }
        }
    }
    services.sort_unstable();
    services.dedup();
    sound.then_some(services)
}

#[cfg(test)]
mod tests;
