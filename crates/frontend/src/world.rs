//! Worlds: accounts with their identities and policies, as one JSON text, as a stream of lines, or as
//! bare policies (`cases.md`, semantics §13.7).
//!
//! In: a [`WorldInput`], and [`Files`] that hands in what the world names. Out: a [`Loaded`] world, whose
//! [`PolicySet`] exists only if nothing is wrong anywhere (CITE GEN-5). The stages are files of this
//! folder: `collect` reads the JSON into `raw`, `settings`, `names` and `quota` check it, `assemble`
//! resolves references and has every document read. Every stage runs whatever the earlier ones found.

mod account;
mod assemble;
pub(crate) mod collect;
pub(crate) mod library;
pub(crate) mod memory;
mod names;
mod quota;
pub(crate) mod raw;
mod scope;
mod settings;
mod shared;
#[cfg(test)]
mod tests;

pub use memory::Memory;

use assemble::{Assembly, Finished, Ground};
use collect::Collector;
use library::Library;

use crate::case::Case;
use crate::diagnostic::{Diagnostic, code};
use crate::json::{Bounds, Parsed, Value};
use crate::options::WorldOptions;
use crate::outline::Outline;
use crate::policy::PolicySet;
use crate::setting::{Catalogue, Parameters};
use crate::source::{Source, Span};
use crate::strict::{self, Strict, WORLD};

/// Uin of the account that bare policies and short cases are set in.
pub const IMPLICIT_ACCOUNT: &str = "100000000001";
/// APPID of that account.
pub const IMPLICIT_APPID: &str = "1250000000";
/// Uin of the sub-account that holds them, the default caller.
pub const IMPLICIT_USER: &str = "100000000011";
/// That sub-account as requests spell it.
pub const IMPLICIT_PRINCIPAL: &str = "qcs::cam::uin/100000000001:uin/100000000011";

/// The files of a world's folder. The frontend does no I/O: the caller hands in this.
pub trait Files {
    /// The text of a file. The path is relative to the world's folder, has `/` between its parts and no `..`; that
    /// no link leads out of the folder is for the implementation to see to.
    ///
    /// # Errors
    ///
    /// Why there is no such text.
    fn read(&self, path: &str) -> Result<String, FileError>;
}

/// Why a file has no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileError {
    /// There is no such file.
    Missing,
    /// It is not UTF-8 (CAM0101).
    NotUtf8,
    /// It could not be read; the reason, lower case and without a full stop.
    Unreadable(String),
}

impl core::fmt::Display for FileError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Missing => f.write_str("does not exist"),
            Self::NotUtf8 => f.write_str("is not UTF-8"),
            Self::Unreadable(why) => write!(f, "cannot be read: {why}"),
        }
    }
}

impl core::error::Error for FileError {}

/// A world that names no files has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<String, FileError> {
        Err(FileError::Missing)
    }
}

/// A policy document that stands alone.
#[derive(Clone, Debug)]
pub struct BarePolicy {
    /// Its name in reasons: the stem of the file.
    pub name: String,
    /// What reports call its source: the path of the file.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// A world to load.
pub struct WorldInput<'a>(Input<'a>);

enum Input<'a> {
    Json { name: &'a str, text: String },
    Lines { name: &'a str, lines: Lines<'a> },
    Policies(Vec<BarePolicy>),
    Case(&'a Case),
}

type Lines<'a> = Box<dyn Iterator<Item = Result<String, FileError>> + 'a>;

impl<'a> WorldInput<'a> {
    /// A world as one JSON text, or as lines if its first member is that of a line. `name` is what reports call it.
    pub fn text(name: &'a str, text: String) -> Self {
        if !is_stream(&text) {
            return Self(Input::Json { name, text });
        }
        let mut at = 0;
        let lines = core::iter::from_fn(move || {
            let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
            let line = rest.split_inclusive('\n').next()?;
            at += line.len();
            Some(Ok(line.to_owned()))
        });
        Self::lines(name, lines)
    }

    /// A world as lines, each with or without its line break, read one after the other.
    pub fn lines(name: &'a str, lines: impl Iterator<Item = Result<String, FileError>> + 'a) -> Self {
        Self(Input::Lines { name, lines: Box::new(lines) })
    }

    /// Identity policies, attached to the implicit sub-account.
    pub fn policies(policies: Vec<BarePolicy>) -> Self {
        Self(Input::Policies(policies))
    }

    /// The world of a case.
    pub(crate) fn case(case: &'a Case) -> Self {
        Self(Input::Case(case))
    }
}

/// Whether the text of a world is a stream of lines: its first object begins with a member that only lines have. The
/// beginning of the text is enough.
pub fn is_stream(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let name = text.strip_prefix('{').and_then(|rest| rest.trim_start().strip_prefix('"'));
    // `organization` is a member of both: of a line it is an object, of a world an array.
    name.and_then(|name| name.split_once('"')).is_some_and(|(name, rest)| match name {
        "organization" => {
            rest.trim_start().strip_prefix(':').is_some_and(|value| value.trim_start().starts_with('{'))
        }
        _ => collect::LINE.contains(&name),
    })
}

/// What the caller adds to a world.
#[derive(Clone, Debug)]
pub struct Overrides {
    /// Template parameters; they hide those of the world.
    pub parameters: Vec<(String, String)>,
    /// Sets the option `strict`.
    pub strict: Option<bool>,
    /// Sets limits: `LIM-1` to `LIM-11`.
    pub limits: Vec<(String, u64)>,
    /// How many notes of documents are kept; errors and warnings always are.
    pub most_notes: usize,
    /// Threads to read with; 0 for one a core. Nothing that is read depends on it.
    pub threads: usize,
    /// Keep an outline of every accepted document, for lints.
    pub outlines: bool,
}

impl Default for Overrides {
    fn default() -> Self {
        Self {
            parameters: Vec::new(),
            strict: None,
            limits: Vec::new(),
            most_notes: 100_000,
            threads: 0,
            outlines: false,
        }
    }
}

/// How much a world holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Root accounts.
    pub accounts: usize,
    /// Sub-users and collaborators.
    pub users: usize,
    /// User groups.
    pub groups: usize,
    /// Roles.
    pub roles: usize,
    /// Policies of accounts.
    pub policies: usize,
    /// Presets, without the one that is built in.
    pub presets: usize,
    /// Resource policies.
    pub resource_policies: usize,
    /// Documents opened, those in place included.
    pub documents: usize,
    /// Statements, counted once for each attached kind and account in which they are read differently.
    pub statements: usize,
}

/// A loaded world.
#[derive(Debug)]
pub struct Loaded {
    /// The world for the compiler; `None` when any finding is an error.
    pub set: Option<PolicySet>,
    /// Every finding, by source and place.
    pub diagnostics: Vec<Diagnostic>,
    /// CAM0540 for each policy and preset that is attached to nothing, for `check`.
    pub unattached: Vec<Diagnostic>,
    /// The sources that findings and outlines stand in.
    pub sources: Vec<Source>,
    /// Every accepted document in each setting it was read in, see [`Overrides::outlines`].
    pub outlines: Vec<Outline>,
    /// Notes that were left off, see [`Overrides::most_notes`].
    pub notes_left_off: usize,
    /// How much the world holds.
    pub counts: Counts,
    /// The options it was read with, those of the caller included.
    pub options: WorldOptions,
    /// The template parameters it was read with: session policies are read with the same.
    pub parameters: Parameters,
    /// The action sets it was read with: session policies are read with the same.
    pub catalogue: Catalogue,
}

/// Loads a world.
pub fn load(input: WorldInput<'_>, files: &dyn Files, overrides: &Overrides) -> Loaded {
    load_with(input, files, overrides, None)
}

fn load_with(
    input: WorldInput<'_>,
    files: &dyn Files,
    overrides: &Overrides,
    mut memory: Option<&mut Memory>,
) -> Loaded {
    let below;
    if let Some(memory) = &mut memory {
        memory.begin();
    }
    let mut library = Library::new(files, overrides, memory);
    let mut world = raw::World::default();
    match input.0 {
        Input::Json { name, text } => json(&mut library, &mut world, Source::new(name, text)),
        Input::Lines { name, lines } => stream(&mut library, &mut world, name, lines),
        Input::Policies(policies) => bare(&mut library, &mut world, policies),
        Input::Case(case) => {
            if let Some(Elsewhere { name, folder, text }) = case.collect(&mut library, &mut world) {
                below = Below { files, folder };
                library.set_files(&below);
                match WorldInput::text(&name, text).0 {
                    Input::Lines { name, lines } => stream(&mut library, &mut world, name, lines),
                    Input::Json { name, text } => json(&mut library, &mut world, Source::new(name, text)),
                    Input::Policies(_) | Input::Case(_) => {}
                }
            }
        }
    }
    check(world, library, overrides)
}

/// A world in one text.
fn json(library: &mut Library<'_>, world: &mut raw::World, source: Source) {
    read(library, world, source, |collector, value| collector.world(value));
}

/// A world in lines. Each is a source of its own; those that nothing is found in are dropped at the end.
///
/// Lines are parsed on all threads, some megabytes of them at a time, and collected in their order.
fn stream(library: &mut Library<'_>, world: &mut raw::World, name: &str, lines: Lines<'_>) {
    let mut settings_seen = false;
    let mut lines =
        lines.zip(1..).filter(|(line, _)| !line.as_ref().is_ok_and(|text| text.trim_ascii().is_empty()));
    loop {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while bytes < BATCH_BYTES
            && let Some((line, number)) = lines.next()
        {
            bytes += line.as_ref().map_or(0, String::len);
            batch.push((library.next() + u32::try_from(batch.len()).unwrap_or(u32::MAX), number, line));
        }
        if batch.is_empty() {
            return;
        }
        let parse = |(index, number, line): (u32, usize, Result<String, FileError>)| {
            let line = line.map(|text| {
                let source = Source::at_line(name, text.trim_end_matches(['\n', '\r']), number);
                let parsed = strict::parse(&source, index, Bounds::WORLD_ALONE);
                (source, parsed)
            });
            (number, line)
        };
        let mut trees = Vec::with_capacity(batch.len());
        for (number, line) in library.workers_for(bytes).map(batch, parse) {
            match line {
                Ok((source, parsed)) => {
                    let before = settings_seen;
                    trees.extend(collect(library, world, source, parsed, |collector, value, again| {
                        if again {
                            settings_seen = before;
                        }
                        collector.line(value, &mut settings_seen);
                    }));
                }
                Err(error) => {
                    let index = library.add(Source::at_line(name, "", number));
                    let code = if error == FileError::NotUtf8 { code::NOT_UTF8 } else { code::WORLD_FILE };
                    let message = format!("line {number} of `{name}` {error}");
                    library.diagnostics.push(Diagnostic::new(code, index, Span::default(), message));
                }
            }
        }
        library.workers_for(bytes).map(trees, drop);
    }
}

/// Bytes of lines that are parsed at a time: enough for all threads, and few beside the world.
const BATCH_BYTES: usize = 8 << 20;

/// Parses a source and hands its value to a collector.
fn read(
    library: &mut Library<'_>,
    world: &mut raw::World,
    source: Source,
    mut collect_value: impl FnMut(&mut Collector<'_, '_>, &Value),
) {
    let parsed = strict::parse(&source, library.next(), Bounds::WORLD_ALONE);
    collect(library, world, source, parsed, |collector, value, _| collect_value(collector, value));
}

/// Hands the value of a parsed source to a collector, and gives it back.
///
/// PERF: the policies in it were read over, because each is read from its own text once its place is known. Where
/// anything is wrong outside of them the whole source is read `again`: what was read over may have been no policy.
fn collect(
    library: &mut Library<'_>,
    world: &mut raw::World,
    source: Source,
    parsed: Parsed,
    mut collect: impl FnMut(&mut Collector<'_, '_>, &Value, bool),
) -> Option<Value> {
    let index = library.next();
    let mut attempt = |world: &mut raw::World, parsed: Parsed, again: bool| {
        let reader = Strict::new(&source, index, WORLD);
        let mut collector = Collector { reader, world, documents: Vec::new() };
        let mut tolerated = Vec::new();
        let value = collector.reader.accept(parsed, &mut tolerated);
        if let Some(value) = &value {
            collect(&mut collector, value, again);
        }
        (value, collector.finish(tolerated))
    };
    let before = world.lengths();
    let (mut value, mut found) = attempt(world, parsed, false);
    if !found.is_empty() {
        world.truncate(before);
        (value, found) = attempt(world, strict::parse(&source, index, Bounds::WORLD), true);
    }
    library.diagnostics.extend(found);
    library.add(source);
    value
}

/// Policies without a world.
fn bare(library: &mut Library<'_>, world: &mut raw::World, policies: Vec<BarePolicy>) {
    let mut account = implicit_account();
    for BarePolicy { name, path, text } in policies {
        let index = library.add(Source::new(path, text));
        let at = raw::Place { source: index, span: Span::default() };
        let name = raw::Name { text: name.into(), at };
        if !camshaft_value::alphabet::is_name(&name.text) {
            let message = format!("`{}` is not a name for a policy", name.text);
            let help = "rename the file: a name has 1 to 128 letters, digits and `_.@=+-`";
            library.report(code::WORLD_MALFORMED, at, message).help = Some(help.into());
        }
        let document = raw::Document::Whole(index);
        account.policies.push(raw::Policy { name: name.clone(), document });
        account.users.iter_mut().for_each(|user| user.policies.push(raw::Reference::Name(name.clone())));
    }
    world.accounts.push(account);
}

/// The account that bare policies and short cases are set in.
fn implicit_account() -> raw::Account {
    let nowhere = raw::Place { source: 0, span: Span::default() };
    let name = |text: &str| raw::Name { text: text.into(), at: nowhere };
    let user = raw::User {
        uin: name(IMPLICIT_USER),
        name: None,
        collaborator: false,
        groups: Vec::new(),
        policies: Vec::new(),
        boundary: None,
    };
    raw::Account {
        uin: name(IMPLICIT_ACCOUNT),
        appid: Some(name(IMPLICIT_APPID)),
        users: vec![user],
        groups: Vec::new(),
        roles: Vec::new(),
        policies: Vec::new(),
    }
}

/// Everything after the JSON.
fn check(mut world: raw::World, mut library: Library<'_>, overrides: &Overrides) -> Loaded {
    settings::apply(&mut world.options, overrides, &mut library);
    let parameters = settings::parameters(&world, overrides, &mut library);
    let catalogue = settings::catalogue(&world, &mut library);
    settings::prerequisites(&world, &mut library);
    names::check(&world, &mut library.diagnostics);
    quota::check(&world, &world.options.limits, &mut library.diagnostics);
    let mut counts = count(&world);

    let mut assembly = Assembly::new(Ground { world: &world, parameters, catalogue }, library);
    assembly.run();
    (counts.documents, counts.statements) = (assembly.bench.library.documents, assembly.bench.statements);
    let Finished { set, library, parameters, catalogue, mut unattached, mut outlines } = assembly.finish();
    let notes_left_off = library.notes_left_off;
    let (diagnostics, sources) = library.finish(&mut unattached, &mut outlines);
    let set = (!diagnostics.iter().any(Diagnostic::is_error)).then_some(set);
    Loaded {
        set,
        diagnostics,
        unattached,
        sources,
        outlines,
        notes_left_off,
        counts,
        options: world.options,
        parameters,
        catalogue,
    }
}

fn count(world: &raw::World) -> Counts {
    let sum = |count: fn(&raw::Account) -> usize| world.accounts.iter().map(count).sum();
    Counts {
        accounts: world.accounts.len(),
        users: sum(|account| account.users.len()),
        groups: sum(|account| account.groups.len()),
        roles: sum(|account| account.roles.len()),
        policies: sum(|account| account.policies.len()),
        presets: world.presets.len(),
        resource_policies: world.resource_policies.len(),
        documents: 0,
        statements: 0,
    }
}

/// A world that a case names, in a text of its own.
pub(crate) struct Elsewhere {
    /// What reports call the text.
    pub(crate) name: String,
    /// The folder that its paths are relative to: empty, or ends in `/`.
    pub(crate) folder: String,
    pub(crate) text: String,
}

/// The files below a folder of others.
struct Below<'f> {
    files: &'f dyn Files,
    /// Empty, or ends in `/`.
    folder: String,
}

impl Files for Below<'_> {
    fn read(&self, path: &str) -> Result<String, FileError> {
        self.files.read(&format!("{}{path}", self.folder))
    }
}
