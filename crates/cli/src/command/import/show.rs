//! What `terraform show -json` prints: the resources of a state or a plan, with their values.

use std::collections::HashMap;

use camshaft_frontend::diagnostic::Diagnostic;
use camshaft_frontend::diagnostic::code;
use camshaft_frontend::source::{Source, Span};
use serde_json::{Map, Value};

use crate::exit::Failure;
use crate::load;
use crate::render::diagnostic::Findings;

/// Of which of the two the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What is.
    State,
    /// What will be.
    Plan,
}

impl Kind {
    /// As reports spell it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Plan => "plan",
        }
    }
}

/// A resource of the provider.
#[derive(Debug)]
pub(super) struct Resource {
    /// `module.a["x"].tencentcloud_cam_user.dev[0]`.
    pub(super) address: String,
    /// The address of its module; empty for the root.
    pub(super) module: String,
    /// `tencentcloud_cam_user`.
    pub(super) kind: String,
    /// `dev`.
    pub(super) name: String,
    /// An object that is about to be destroyed, and whose successor has its address.
    pub(super) deposed: bool,
    values: Map<String, Value>,
    /// What is known only after apply.
    unknown: Value,
}

/// A value of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    /// It has one.
    Known(String),
    /// It will have one.
    Unknown,
    /// It has none, or an empty one.
    Absent,
}

impl Attribute {
    /// The value, if there is one.
    pub(super) fn known(self) -> Option<String> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown | Self::Absent => None,
        }
    }
}

impl Resource {
    /// A string or a number.
    pub(super) fn get(&self, name: &str) -> Attribute {
        match self.values.get(name).and_then(scalar) {
            Some(value) => Attribute::Known(value),
            None if holds_true(&self.unknown[name]) => Attribute::Unknown,
            None => Attribute::Absent,
        }
    }

    /// As [`Self::get`], where what is not known counts as absent.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).known()
    }

    /// A boolean.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.values.get(name)?.as_bool()
    }

    /// The known entries of a list, and whether others will be known only after apply.
    pub(super) fn list(&self, name: &str) -> (Vec<String>, bool) {
        let entries = self.values.get(name).and_then(Value::as_array);
        let known = entries.into_iter().flatten().filter_map(scalar).collect();
        (known, holds_true(&self.unknown[name]))
    }

    /// The objects of a list.
    pub(super) fn objects(&self, name: &str) -> impl Iterator<Item = &Map<String, Value>> {
        self.values.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
    }
}

/// A string, or a whole number as Terraform prints it.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        // Large numbers may come with an exponent.
        Value::Number(number) => {
            let whole = || number.as_f64().filter(|own| own.fract() == 0.0 && own.abs() < 9e15);
            Some(
                number
                    .as_u64()
                    .map_or_else(|| whole().map(|own| format!("{own:.0}")), |own| Some(own.to_string()))?,
            )
        }
        _ => None,
    }
}

fn holds_true(value: &Value) -> bool {
    match value {
        Value::Bool(unknown) => *unknown,
        Value::Array(entries) => entries.iter().any(holds_true),
        Value::Object(members) => members.values().any(holds_true),
        _ => false,
    }
}

/// The whole file.
#[derive(Debug)]
pub(super) struct Show {
    pub(super) kind: Kind,
    /// That wrote it.
    pub(super) terraform: Option<String>,
    /// Of the tencentcloud provider.
    pub(super) resources: Vec<Resource>,
    /// Of the tencentcloud provider.
    pub(super) data: Vec<Resource>,
    /// Resources of other providers.
    pub(super) others: usize,
    /// Whether the plan stopped on an error.
    pub(super) errored: bool,
    /// Of a plan.
    pub(super) configuration: Value,
}

impl Show {
    /// Reads the file.
    pub(super) fn read(source: Source) -> Result<Self, Failure> {
        let name = source.name().to_owned();
        let mut json: Value = match serde_json::from_str(source.text()) {
            Ok(json) => json,
            Err(error) => return Err(malformed(source, &error)),
        };
        let wrong = |why: &str| {
            Failure::usage_with(
                format!("`{name}` {why}"),
                "`terraform show -json > state.json` prints a state, `terraform show -json plan.bin` a plan",
            )
        };
        let Some(version) = json["format_version"].as_str() else {
            let raw = json["lineage"].is_string() || json["serial"].is_number();
            return Err(wrong(if raw {
                "is a state file of Terraform, not what `terraform show -json` prints of it"
            } else {
                "is not what `terraform show -json` prints"
            }));
        };
        if !matches!(version.split('.').next(), Some("0" | "1")) {
            return Err(wrong(&format!(
                "has the format version {version}, which is not known; 0.x and 1.x are"
            )));
        }
        let kind = if json["planned_values"].is_object() { Kind::Plan } else { Kind::State };
        if kind == Kind::State && json["resource_changes"].is_array() {
            return Err(wrong("is a plan without planned values"));
        }
        if kind == Kind::State && !json["values"].is_object() {
            return Err(wrong("is an empty state: it holds no resources"));
        }
        let mut show = Self {
            kind,
            terraform: json["terraform_version"].as_str().map(str::to_owned),
            resources: Vec::new(),
            data: Vec::new(),
            others: 0,
            errored: json["errored"].as_bool().unwrap_or(false),
            configuration: json["configuration"].take(),
        };
        let mut unknown = unknown(&mut json["resource_changes"]);
        match kind {
            Kind::State => show.module(&mut json["values"]["root_module"], &mut unknown, true),
            Kind::Plan => {
                show.module(&mut json["planned_values"]["root_module"], &mut unknown, true);
                // Data that was read while planning stands with what was before.
                show.module(&mut json["prior_state"]["values"]["root_module"], &mut unknown, false);
            }
        }
        show.resources.sort_by(|a, b| a.address.cmp(&b.address));
        Ok(show)
    }

    /// Takes a module and those below it; of what was before a plan, the data alone.
    fn module(&mut self, module: &mut Value, unknown: &mut HashMap<String, Value>, managed: bool) {
        let address = module["address"].as_str().unwrap_or("").to_owned();
        if let Some(resources) = module["resources"].as_array_mut() {
            for resource in resources {
                self.resource(resource, &address, unknown, managed);
            }
        }
        if let Some(children) = module["child_modules"].as_array_mut() {
            for child in children {
                self.module(child, unknown, managed);
            }
        }
    }

    fn resource(
        &mut self,
        own: &mut Value,
        module: &str,
        unknown: &mut HashMap<String, Value>,
        managed: bool,
    ) {
        let text = |name: &str| own[name].as_str().unwrap_or("").to_owned();
        let (address, kind, name) = (text("address"), text("type"), text("name"));
        let data = own["mode"] == "data";
        let deposed = own["deposed_key"].is_string();
        if !data && !managed {
            return;
        }
        if !kind.starts_with("tencentcloud_") {
            self.others += usize::from(!data);
            return;
        }
        let values = match own["values"].take() {
            Value::Object(values) => values,
            _ => Map::new(),
        };
        let unknown = if deposed { Value::Null } else { unknown.remove(&address).unwrap_or_default() };
        let read = Resource { address, module: module.to_owned(), kind, name, deposed, values, unknown };
        if data { self.data.push(read) } else { self.resources.push(read) }
    }

    /// The data sources of a type.
    pub(super) fn data_of<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s Resource> {
        self.data.iter().filter(move |own| own.kind == kind)
    }
}

/// What is known only after apply, by address.
fn unknown(changes: &mut Value) -> HashMap<String, Value> {
    let changes = changes.as_array_mut().map(core::mem::take).unwrap_or_default();
    let current = changes.into_iter().filter(|change| !change["deposed"].is_string());
    current
        .filter_map(|mut change| {
            let address = change["address"].as_str()?.to_owned();
            Some((address, change["change"]["after_unknown"].take()))
        })
        .collect()
}

fn malformed(source: Source, error: &serde_json::Error) -> Failure {
    let line =
        source.text().split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let mut at = (line + error.column().saturating_sub(1)).min(source.text().len());
    while !source.text().is_char_boundary(at) {
        at -= 1;
    }
    let end = source.text()[at..].chars().next().map_or(at, |next| at + next.len_utf8());
    let text = error.to_string();
    let why = text.split(" at line").next().unwrap_or_default();
    let found =
        Diagnostic::new(code::MALFORMED_JSON, 0, Span::new(at, end), format!("this is not JSON: {why}"))
            .help("`terraform show -json` prints one JSON object; is the file complete?");
    let name = source.name().to_owned();
    load::rejected(&name, Findings::of(source, vec![found]))
}
