//! Conformance cases: JSON lines in, [`Case`]s out. Callers: the suites that run cases through an engine or the reference.
//!
//! A case is brought to one shape: shorthand becomes a whole world, the default caller is filled in, and sources given as
//! `{"text": …}` are read into strict JSON, with the tolerances of policies (CITE DOC-2) where they are policies.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The caller of a case that names none.
pub const DEFAULT_PRINCIPAL: &str = "qcs::cam::uin/100000000001:uin/100000000011";

/// Members of a world that may stand beside `policies`.
const WORLD_MEMBERS: [&str; 8] = [
    "presets",
    "resource_policies",
    "organization",
    "general_policies",
    "catalogue",
    "parameters",
    "options",
    "prerequisites",
];

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Name, unique in its file.
    pub id: String,
    /// Rules it exercises.
    pub rules: Vec<String>,
    /// The line as it stands in the file, for whoever needs the sources untouched.
    pub line: String,
    /// The world in its full form.
    pub world: Value,
    /// The request, its caller filled in.
    pub request: Value,
    /// Whether every source of the case could be read; else `world` or `request` holds null in its place.
    pub readable: bool,
    /// `allow`, `explicit_deny`, `implicit_deny`, `deny`, `reject` or `error`.
    pub expect: String,
    /// Codes of which each must be reported.
    pub diagnostics: Vec<String>,
    /// The deciding statements, where the case determines them.
    pub reasons: Option<BTreeSet<String>>,
    /// The layer of an implicit deny, where the case determines it.
    pub blocked_by: Option<String>,
}

/// Reads a case file.
///
/// # Panics
/// On a line that is no case: the file is part of the repository.
pub fn read_cases(lines: &str) -> Vec<Case> {
    lines.lines().filter(|line| !line.trim().is_empty()).map(Case::read).collect()
}

impl Case {
    fn read(line: &str) -> Self {
        let case: Value = serde_json::from_str(line).expect("a case is one JSON object a line");
        let strings = |name: &str| -> Option<Vec<String>> {
            case.get(name).map(|list| serde_json::from_value(list.clone()).expect("a list of strings"))
        };
        let string = |name: &str| case[name].as_str().map(String::from);
        let mut world = case.get("world").cloned().unwrap_or_else(|| expand(&case));
        let mut request = case.get("request").cloned().unwrap_or_else(|| json!({}));
        let mut readable = resolve(&mut world, false) & resolve(&mut request, false);
        let strict = world["options"]["strict"] == true;
        readable &= resolve_members(&mut world, strict) & resolve_members(&mut request, strict);
        if let Some(members) = request.as_object_mut() {
            members.entry("principal").or_insert_with(|| DEFAULT_PRINCIPAL.into());
        }
        Case {
            id: string("id").unwrap_or_default(),
            rules: strings("rule").unwrap_or_default(),
            line: line.to_owned(),
            world,
            request,
            readable,
            expect: string("expect").expect("a case expects something"),
            diagnostics: strings("diagnostic").unwrap_or_default(),
            reasons: strings("reason").map(|reasons| reasons.into_iter().collect()),
            blocked_by: string("blocked_by"),
        }
    }
}

/// The world of a case that only lists policies.
fn expand(case: &Value) -> Value {
    let policies = case["policies"].as_array().map_or(&[][..], Vec::as_slice);
    let names: Vec<String> = (0..policies.len()).map(|i| format!("p{i}")).collect();
    let documents: Map<String, Value> = names.iter().cloned().zip(policies.iter().cloned()).collect();
    let user = json!({"uin": "100000000011", "policies": names});
    let account =
        json!({"uin": "100000000001", "appid": "1250000000", "users": [user], "policies": documents});
    let mut world = json!({"accounts": [account]});
    for name in WORLD_MEMBERS {
        if let Some(member) = case.get(name) {
            world[name] = member.clone();
        }
    }
    world
}

/// Replaces `{"text": …}` by what the text says; false, and null in its place, when it cannot be read.
fn resolve(value: &mut Value, tolerant: bool) -> bool {
    let source =
        value.as_object().filter(|members| members.len() == 1).and_then(|members| members.get("text"));
    if let Some(source) = source.and_then(Value::as_str) {
        let read = parse(source, tolerant);
        *value = read.clone().unwrap_or_default();
        return read.is_some();
    }
    true
}

/// Resolves the policies anywhere below; `strict` forbids what is only tolerated (CITE GEN-2).
fn resolve_members(value: &mut Value, strict: bool) -> bool {
    match value {
        Value::Array(items) => items
            .iter_mut()
            .fold(true, |read, item| read & resolve(item, !strict) & resolve_members(item, strict)),
        // Maps of free names, in which `text` is a name like any other.
        Value::Object(members) => members
            .iter_mut()
            .filter(|(name, _)| !["context", "parameters", "catalogue", "condition"].contains(&name.as_str()))
            .fold(true, |read, (_, member)| {
                read & resolve(member, !strict) & resolve_members(member, strict)
            }),
        _ => true,
    }
}

/// Parses JSON in which no object repeats a member. `tolerant` passes a byte-order mark, comments and trailing commas.
pub fn parse(source: &str, tolerant: bool) -> Option<Value> {
    let source = if tolerant { source.strip_prefix('\u{feff}').unwrap_or(source) } else { source };
    let mut reader = Reader { rest: source, tolerant };
    let value = reader.value()?;
    reader.skip()?;
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
    tolerant: bool,
}

impl Reader<'_> {
    fn value(&mut self) -> Option<Value> {
        self.skip()?;
        match self.rest.as_bytes().first()? {
            b'{' => {
                let mut members = Map::new();
                self.list('{', '}', |reader| {
                    let name = reader.value()?.as_str()?.to_owned();
                    reader.skip()?;
                    reader.take(':')?;
                    let value = reader.value()?;
                    members.insert(name, value).is_none().then_some(())
                })?;
                Some(Value::Object(members))
            }
            b'[' => {
                let mut items = Vec::new();
                self.list('[', ']', |reader| reader.value().map(|item| items.push(item)))?;
                Some(Value::Array(items))
            }
            _ => self.scalar(),
        }
    }

    fn list(
        &mut self,
        open: char,
        close: char,
        mut entry: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.take(open)?;
        let mut first = true;
        loop {
            self.skip()?;
            if (first || self.tolerant) && self.take(close).is_some() {
                return Some(());
            }
            first = false;
            entry(self)?;
            self.skip()?;
            if self.take(close).is_some() {
                return Some(());
            }
            self.take(',')?;
        }
    }

    fn scalar(&mut self) -> Option<Value> {
        let mut escaped = false;
        let mut end_of_string = |c: char| {
            let end = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            end
        };
        let length = match self.rest.strip_prefix('"') {
            Some(rest) => rest.find(&mut end_of_string)? + 2,
            None => self
                .rest
                .find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c))
                .unwrap_or(self.rest.len()),
        };
        let (token, rest) = self.rest.split_at(length);
        self.rest = rest;
        serde_json::from_str(token).ok()
    }

    fn take(&mut self, token: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(token)?;
        Some(())
    }

    /// Passes blanks and, where tolerated, comments.
    fn skip(&mut self) -> Option<()> {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
            let after = match self.rest.get(..2) {
                Some("//") if self.tolerant => self.rest.find('\n').map_or("", |end| &self.rest[end..]),
                Some("/*") if self.tolerant => &self.rest[self.rest[2..].find("*/")? + 4..],
                _ => return Some(()),
            };
            self.rest = after;
        }
    }
}
