//! Cases: one JSON object a line, a small world, one question and the answer it must have (`cases.md`).
//!
//! In: a line. Out: a [`Case`], strict about its own members. Its world and its request are read later, by
//! [`Case::world_input`] and [`Case::request`], because a case may expect them to be refused.

use crate::diagnostic::{Code, Diagnostic, code};
use crate::json::{Member, Node, Value};
use crate::request::{self, Defaults, Request, RequestError};
use crate::source::{Position, Source, Span};
use crate::strict::{Strict, WORLD, embedded_text};
use crate::world::collect::Collector;
use crate::world::library::{Library, leaves_folder};
use crate::world::{Elsewhere, IMPLICIT_PRINCIPAL, WorldInput, raw};

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name.
    pub id: Option<String>,
    /// Ids of the rules it exercises.
    pub rules: Vec<String>,
    /// How sure the expected answer is.
    pub grade: Option<Grade>,
    /// What it rests on.
    pub source: Option<String>,
    /// The answer it must have.
    pub expect: Expect,
    /// Codes that must be reported.
    pub diagnostics: Vec<Code>,
    /// Exactly the deciding statements, as a set, in the order of the source.
    pub reason: Option<Vec<String>>,
    /// The layer that must have failed.
    pub blocked_by: Option<Layer>,
    /// The line, a source of its own.
    line: Source,
    value: Value,
    /// What policies may depart from JSON in, inside the world and the request.
    tolerated: Vec<Diagnostic>,
    world: CaseWorld,
}

/// Where the world of a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CaseWorld {
    /// `policies` and what may stand beside them.
    Short,
    /// `world`.
    Full,
    /// The one that the caller has.
    Elsewhere,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Each of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As cases spell it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// The one of this spelling.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.name() == text)
            }
        }
    };
}

words! {
    /// What the expected answer rests on.
    Grade {
        /// The source states it.
        Documented "doc",
        /// It follows from a stated rule.
        Derived "der",
        /// A ruling.
        Ruled "rec",
    }
}

words! {
    /// The answer that a case expects.
    Expect {
        /// The request is allowed.
        Allow "allow",
        /// A deny matches.
        ExplicitDeny "explicit_deny",
        /// Nothing grants.
        ImplicitDeny "implicit_deny",
        /// Either denial.
        Deny "deny",
        /// The input does not compile.
        Reject "reject",
        /// The request is malformed.
        Error "error",
    }
}

words! {
    /// A layer of a decision (CITE EVA-23).
    Layer {
        /// The organization.
        Scp "scp",
        /// The permissions boundary.
        Boundary "boundary",
        /// The session policy.
        Session "session",
        /// Identity policies.
        Identity "identity",
        /// Resource policies.
        Resource "resource",
        /// The trust policy of a role.
        Trust "trust",
    }
}

const NAMES: [&str; 19] = [
    "id",
    "rule",
    "grade",
    "source",
    "policies",
    "world",
    "presets",
    "resource_policies",
    "organization",
    "general_policies",
    "catalogue",
    "parameters",
    "options",
    "prerequisites",
    "request",
    "expect",
    "diagnostic",
    "reason",
    "blocked_by",
];

/// Members of a world that may stand beside `policies`.
const BESIDE: core::ops::Range<usize> = 6..14;

/// Why a line is no case: the line, and everything that is wrong with it.
#[derive(Clone, Debug)]
pub struct CaseError {
    /// What the findings stand in.
    pub source: Source,
    /// At least one, by place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the case in line `number` (from 1) of the file `name`.
///
/// # Errors
///
/// Everything that is wrong with the case itself; its world and its request are not read yet.
pub fn parse_line(name: &str, text: &str, number: usize) -> Result<Case, CaseError> {
    let line = Source::at_line(name, text, number);
    let mut reader = Strict::new(&line, 0, WORLD);
    let mut tolerated = Vec::new();
    let read = reader.parse(&mut tolerated).and_then(|value| {
        // What these depart from JSON in is judged when they are read.
        let later = ["policies", "world", "request"].iter().chain(&NAMES[BESIDE]);
        let later = later.filter_map(|name| value.member(name)).map(|member| &member.value);
        let mut later: Vec<Span> =
            later.filter(|value| embedded_text(value).is_none()).map(|value| value.span).collect();
        later.sort_unstable();
        reader.refuse_outside(tolerated.clone(), &later);
        let case = Draft::read(&mut reader, &value)?;
        Some((case, value))
    });
    let mut diagnostics = reader.diagnostics;
    match read {
        Some((draft, value)) if diagnostics.is_empty() => Ok(draft.case(line, value, tolerated)),
        _ => {
            diagnostics.sort_by_key(|found| found.span.start);
            Err(CaseError { source: line, diagnostics })
        }
    }
}

/// A case without its texts.
struct Draft {
    id: Option<String>,
    rules: Vec<String>,
    grade: Option<Grade>,
    source: Option<String>,
    expect: Expect,
    diagnostics: Vec<Code>,
    reason: Option<Vec<String>>,
    blocked_by: Option<Layer>,
    world: CaseWorld,
}

impl Draft {
    fn read(reader: &mut Strict<'_>, value: &Value) -> Option<Self> {
        let members = reader.members(value, "a case", NAMES)?;
        let [id, rule, grade, source, policies, world, .., request, expect, diagnostic, reason, blocked_by] =
            members;
        let beside = members[BESIDE].iter().flatten().next().copied();
        if expect.is_none() {
            reader.missing(value, "a case", "expect");
        }
        let expect = word(reader, expect, "expect", Expect::ALL, Expect::name);
        let draft = Self {
            id: reader.text(id).map(String::from),
            rules: strings(reader, rule),
            grade: word(reader, grade, "grade", Grade::ALL, Grade::name),
            source: reader.text(source).map(String::from),
            expect: expect.unwrap_or(Expect::Reject),
            diagnostics: codes(reader, diagnostic),
            reason: reason.map(|_| strings(reader, reason)),
            blocked_by: word(reader, blocked_by, "blocked_by", Layer::ALL, Layer::name),
            world: world_of(reader, policies, world, beside),
        };
        if request.is_none() && draft.expect != Expect::Reject {
            reader.missing(value, "a case", "request");
        }
        if let (Some(member), false) =
            (blocked_by, matches!(draft.expect, Expect::ImplicitDeny | Expect::Deny))
        {
            reader.malformed(member.name_span, "`blocked_by` belongs to an implicit deny");
        }
        Some(draft)
    }

    fn case(self, line: Source, value: Value, tolerated: Vec<Diagnostic>) -> Case {
        let Self { id, rules, grade, source, expect, diagnostics, reason, blocked_by, world } = self;
        Case {
            id,
            rules,
            grade,
            source,
            expect,
            diagnostics,
            reason,
            blocked_by,
            line,
            value,
            tolerated,
            world,
        }
    }
}

/// Which of its worlds a case has, and that it has one.
fn world_of(
    reader: &mut Strict<'_>,
    policies: Option<&Member>,
    world: Option<&Member>,
    beside: Option<&Member>,
) -> CaseWorld {
    match (policies, world) {
        (Some(_), Some(world)) => {
            reader.malformed(world.name_span, "`world` and `policies` exclude each other");
            CaseWorld::Full
        }
        (Some(_), None) => CaseWorld::Short,
        (None, _) => {
            if let Some(beside) = beside {
                let message = format!("`{}` stands beside `policies`, or in `world`", beside.name);
                reader.malformed(beside.name_span, message);
            }
            if world.is_some() { CaseWorld::Full } else { CaseWorld::Elsewhere }
        }
    }
}

fn word<T: Copy>(
    reader: &mut Strict<'_>,
    member: Option<&Member>,
    name: &str,
    all: &[T],
    spell: fn(T) -> &'static str,
) -> Option<T> {
    let text = reader.text(member)?;
    let found = all.iter().copied().find(|word| spell(*word) == text);
    if let (None, Some(member)) = (found, member) {
        let names: Vec<&str> = all.iter().copied().map(spell).collect();
        let message = format!("`{name}` cannot be `{text}`");
        reader.error(code::WORLD_MALFORMED, member.value.span, message).help =
            Some(format!("it is one of {}", crate::strict::list(&names)));
    }
    found
}

fn strings(reader: &mut Strict<'_>, member: Option<&Member>) -> Vec<String> {
    let entries = reader.entries(member);
    entries.iter().filter_map(|entry| reader.string(entry, "an entry").map(String::from)).collect()
}

fn codes(reader: &mut Strict<'_>, member: Option<&Member>) -> Vec<Code> {
    let mut codes = Vec::new();
    for entry in reader.entries(member) {
        let Some(text) = reader.string(entry, "a code") else { continue };
        match Code::parse(text) {
            Some(code) => codes.push(code),
            None => reader.malformed(entry.span, format!("there is no diagnostic `{text}`")),
        }
    }
    codes
}

impl Case {
    /// The line it stands in, under the name of its file.
    pub fn line(&self) -> &Source {
        &self.line
    }

    /// The world of the case; `None` when it is to be decided in the one that the caller has.
    pub fn world_input(&self) -> Option<WorldInput<'_>> {
        (self.world != CaseWorld::Elsewhere).then(|| WorldInput::case(self))
    }

    /// The path of its world, relative to the folder of the case file, where the case names a file.
    pub fn world_path(&self) -> Option<&str> {
        self.value.member("world").filter(|_| self.world == CaseWorld::Full)?.value.as_str()
    }

    /// The request, with the implicit sub-account as the caller where it names none; `None` when the case has no
    /// request. The services are those of the world that decides.
    pub fn request(&self, resource_policy_services: &[Box<str>]) -> Option<Result<Request, RequestError>> {
        let defaults = Defaults { principal: Some(IMPLICIT_PRINCIPAL), resource_policy_services };
        let value = &self.value.member("request")?.value;
        if let Some(text) = embedded_text(value) {
            return Some(request::parse_with(text, defaults));
        }
        let tolerated = self.tolerated_in(value.span);
        Some(request::parse_value(&self.line, value, tolerated, defaults))
    }

    fn tolerated_in(&self, span: Span) -> Vec<Diagnostic> {
        let inside = |found: &&Diagnostic| span.start <= found.span.start && found.span.end <= span.end;
        self.tolerated.iter().filter(inside).cloned().collect()
    }

    /// Reads the world as far as it stands in the case. What is left is a text of its own, with the folder that its
    /// paths are relative to.
    pub(crate) fn collect(&self, library: &mut Library<'_>, world: &mut raw::World) -> Option<Elsewhere> {
        let index = library.add(self.line.clone());
        let member = self.value.member("world");
        match member.map(|member| &member.value) {
            None => self.collect_with(library, world, index, |collector| self.short(collector)),
            Some(value) => match (&value.node, embedded_text(value)) {
                (_, Some(text)) => {
                    let Position { line, .. } = self.line.position(value.span.start);
                    let name = format!("{}:{line}#world", self.line.name());
                    return Some(Elsewhere { name, folder: String::new(), text: text.into() });
                }
                (Node::String(path), _) => {
                    return self.file(library, raw::Place { source: index, span: value.span }, path);
                }
                _ => self.collect_with(library, world, index, |collector| {
                    collector.world(value);
                    value.span
                }),
            },
        }
        None
    }

    fn collect_with(
        &self,
        library: &mut Library<'_>,
        world: &mut raw::World,
        index: u32,
        collect: impl FnOnce(&mut Collector<'_, '_>) -> Span,
    ) {
        let reader = Strict::new(&self.line, index, WORLD);
        let mut collector = Collector { reader, world, documents: Vec::new() };
        let span = collect(&mut collector);
        let tolerated = match self.value.member("request").map(|request| request.value.span) {
            _ if self.world == CaseWorld::Full => self.tolerated_in(span),
            Some(request) => {
                let outside =
                    |found: &&Diagnostic| found.span.end <= request.start || request.end <= found.span.start;
                self.tolerated.iter().filter(outside).cloned().collect()
            }
            None => self.tolerated.clone(),
        };
        let found = collector.finish(tolerated);
        library.diagnostics.extend(found);
    }

    /// The world of `policies`.
    fn short(&self, collector: &mut Collector<'_, '_>) -> Span {
        let policies = self.value.member("policies");
        collector.implicit(policies);
        let beside = NAMES[BESIDE].iter().filter_map(|name| self.value.member(name));
        beside.for_each(|member| collector.world_member(member));
        self.value.span
    }

    fn file(&self, library: &mut Library<'_>, at: raw::Place, path: &str) -> Option<Elsewhere> {
        let read = match leaves_folder(path) {
            Some(why) => Err(format!("`{path}` {why}")),
            None => library.read_file(path).map_err(|error| format!("`{path}` {error}")),
        };
        match read {
            Ok(text) => {
                let folder = path.rfind('/').and_then(|end| path.get(..=end)).unwrap_or_default();
                Some(Elsewhere { name: path.into(), folder: folder.into(), text })
            }
            Err(message) => {
                library.report(code::WORLD_FILE, at, message);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
