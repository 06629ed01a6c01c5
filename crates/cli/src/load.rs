//! Worlds and policies from the command line to the frontend, and on to an engine.

use std::collections::BTreeSet;
use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use camshaft::decider::{self, Decider};
use camshaft_bundle::{Bundle, Envelope, Trust, WriteError};
use camshaft_compiler::{CompileErrorKind, Compiled, Config};
use camshaft_frontend::action::check_catalogue;
use camshaft_frontend::diagnostic::{Code, Diagnostic};
use camshaft_frontend::json;
use camshaft_frontend::limits::Limits;
use camshaft_frontend::policy::{Kind, PolicySet};
use camshaft_frontend::setting::{Catalogue, Owner, Parameters, Setting};
use camshaft_frontend::source::{Source, Span};
use camshaft_frontend::template::check_parameters;
use camshaft_frontend::world::{self, BarePolicy, FileError, Files, Loaded, NoFiles, Overrides, WorldInput};

use crate::args::{Reading, Trusted};
use crate::exit::Failure;
use crate::input::{self, Content, Folder, Reader};
use crate::progress::Progress;
use crate::render::diagnostic::Findings;
use crate::trust;

/// The options of the command line as the frontend takes them.
pub(crate) fn overrides(reading: &Reading) -> Result<Overrides, Failure> {
    let parameters = parameters(reading)?;
    Ok(Overrides {
        parameters: parameters.into_iter().collect(),
        strict: reading.strict.then_some(true),
        limits: reading.limits.clone(),
        ..Overrides::default()
    })
}

/// The parameters of the command line.
pub(crate) fn parameters(reading: &Reading) -> Result<Parameters, Failure> {
    let parameters: Parameters = reading.params.iter().cloned().collect();
    match check_parameters(&parameters).into_iter().next() {
        Some(fault) => Err(Failure::usage_with(
            format!("`--param {}` cannot be used: {}", fault.name, fault.message),
            format!("`camshaft help {}` says what parameters may be", fault.code),
        )),
        None => Ok(parameters),
    }
}

/// The limits of the command line.
pub(crate) fn limits(reading: &Reading) -> Limits {
    let mut limits = Limits::default();
    for (name, figure) in &reading.limits {
        if let Some(limit) = limits.by_name(name) {
            limit.set(*figure);
        }
    }
    limits
}

/// The members of a JSON object as they stand, repeated ones included.
struct Entries(Vec<(String, Vec<String>)>);

impl<'de> serde::Deserialize<'de> for Entries {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Entries;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of action sets")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}

/// The action sets of a file.
pub(crate) fn catalogue(path: Option<&PathBuf>) -> Result<Catalogue, Failure> {
    let Some(path) = path else { return Ok(Catalogue::new()) };
    let malformed = |why: String| {
        Failure::usage_with(
            format!("`--catalogue {}` cannot be used: {why}", path.display()),
            "it is a JSON object such as {\"permid/280655\": [\"cos:GetObject\"]}",
        )
    };
    let bytes = input::read(path)?;
    let Entries(entries) = serde_json::from_slice(&bytes).map_err(|error| malformed(why(&error)))?;
    let mut catalogue = Catalogue::new();
    for (name, actions) in entries {
        // A plain map would keep the last of two equal names silently.
        if catalogue.insert(name.clone(), actions).is_some() {
            return Err(malformed(format!("`{name}` is defined twice")));
        }
    }
    match check_catalogue(&catalogue).into_iter().next() {
        Some(fault) => Err(malformed(fault.message)),
        None => Ok(catalogue),
    }
}

/// Why a text is not an object of lists, and where.
fn why(error: &serde_json::Error) -> String {
    if error.is_data() {
        return format!("it is not an object with a list of actions for each set (line {})", error.line());
    }
    format!("it is not JSON: {error}")
}

/// A loaded world, and the files of it that were read.
pub(crate) struct World {
    /// The world.
    pub(crate) loaded: Loaded,
    /// Files in its folder, links resolved.
    pub(crate) files: BTreeSet<PathBuf>,
}

impl World {
    /// A world whose findings name its files as the command line would. In the bundle they are named relative to the
    /// world, so that the bytes do not depend on where it stands.
    fn of(mut loaded: Loaded, file: &Path, folder: Folder) -> Self {
        let (own, shown) = (own_name(file), input::name(file));
        for source in &mut loaded.sources {
            let name = if source.name() == own { Some(shown.clone()) } else { folder.shown(source.name()) };
            if let Some(name) = name {
                rename(source, name);
            }
        }
        Self { loaded, files: folder.into_read() }
    }
}

/// What a file is called where its folder does not matter.
fn own_name(file: &Path) -> String {
    match file.file_name() {
        Some(name) if !input::is_stdin(file) => name.to_string_lossy().into_owned(),
        _ => input::name(file),
    }
}

/// What the command line would call a source of a world whose file stands in this folder.
pub(crate) fn shown(folder: &Path, source: &str) -> String {
    folder.strip_prefix(".").unwrap_or(folder).join(source).display().to_string()
}

/// Gives a source another name.
pub(crate) fn rename(source: &mut Source, name: String) {
    if source.name() != name {
        let line = source.position(0).line as usize;
        *source = Source::at_line(name, source.text(), line);
    }
}

/// The world file that a path stands for.
pub(crate) fn world_file(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("world.json") } else { path.to_owned() }
}

/// The world file that a path stands for; a folder must have one.
pub(crate) fn existing(path: &Path) -> Result<PathBuf, Failure> {
    let file = world_file(path);
    if path.is_dir() && !file.exists() {
        return Err(Failure::usage_with(
            format!("`{}` holds no `world.json`", path.display()),
            "name the file of the world, or the policies themselves",
        ));
    }
    Ok(file)
}

/// What a path on the command line holds.
pub(crate) enum Given {
    /// A world; it is loaded.
    World(Box<World>),
    /// Anything else: its text, and what is wrong with its bytes.
    Text {
        /// What it looks like.
        content: Content,
        /// The text.
        source: Source,
        /// CAM0101.
        fault: Option<Diagnostic>,
    },
}

/// Reads a file, a folder that holds `world.json`, or standard input. A stream is read line by line, whatever its size.
pub(crate) fn given(path: &Path, overrides: &Overrides) -> Result<Given, Failure> {
    given_in(path, overrides, None)
}

fn given_in(path: &Path, overrides: &Overrides, progress: Option<&Progress>) -> Result<Given, Failure> {
    let file = existing(path)?;
    let mut reader = input::open(&file, progress)?;
    let mut bytes = first_line(&mut reader, &file)?;
    let name = input::name(&file);
    if core::str::from_utf8(&bytes).is_ok_and(world::is_stream) {
        let folder = Folder::of(&file)?;
        let loaded = load_stream(&own_name(&file), bytes, reader, &folder, overrides);
        return Ok(Given::World(Box::new(World::of(loaded, &file, folder))));
    }
    reader.read_to_end(&mut bytes).map_err(|error| Failure::read(&file, error))?;
    let (source, fault) = json::decode(&name, 0, bytes);
    let content = input::content(source.text());
    match content {
        Content::World | Content::Stream if fault.is_none() => {
            Ok(Given::World(Box::new(world_of(&file, source.text().to_owned(), overrides)?)))
        }
        _ => Ok(Given::Text { content, source, fault }),
    }
}

/// A world whose text is at hand, as that of a file.
pub(crate) fn world_of(file: &Path, text: String, overrides: &Overrides) -> Result<World, Failure> {
    let folder = Folder::of(file)?;
    let loaded = world::load(WorldInput::text(&own_name(file), text), &folder, overrides);
    Ok(World::of(loaded, file, folder))
}

/// Loads a world.
pub(crate) fn world(path: &Path, overrides: &Overrides) -> Result<World, Failure> {
    match given(path, overrides)? {
        Given::World(world) => Ok(*world),
        Given::Text { source, fault: Some(fault), .. } => {
            let name = source.name().to_owned();
            Err(rejected(&name, Findings::of(source, vec![fault])))
        }
        Given::Text { content: Content::Cases, .. } => Err(cases(&input::name(path))),
        // Read as a world all the same: that says which members a world has.
        Given::Text { source, .. } => world_of(&world_file(path), source.text().to_owned(), overrides),
    }
}

/// The lines up to the first that is not blank: enough to tell a stream from a text.
fn first_line(reader: &mut Reader, file: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    while bytes.trim_ascii().is_empty() {
        match reader.read_until(b'\n', &mut bytes) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => return Err(Failure::read(file, error)),
        }
    }
    Ok(bytes)
}

fn load_stream(
    name: &str,
    first: Vec<u8>,
    mut reader: Reader,
    files: &dyn Files,
    overrides: &Overrides,
) -> Loaded {
    let mut begun: std::vec::IntoIter<Vec<u8>> =
        first.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>().into_iter();
    let mut failed = false;
    let lines = core::iter::from_fn(move || {
        let decoded = |bytes| Some(String::from_utf8(bytes).map_err(|_| FileError::NotUtf8));
        if let Some(bytes) = begun.next() {
            return decoded(bytes);
        }
        let mut bytes = Vec::new();
        match reader.read_until(b'\n', &mut bytes) {
            _ if failed => None,
            Ok(0) => None,
            Ok(_) => decoded(bytes),
            Err(error) => {
                failed = true;
                Some(Err(FileError::Unreadable(crate::exit::describe(&error))))
            }
        }
    });
    world::load(WorldInput::lines(name, lines), files, overrides)
}

/// Input that a command needed was refused.
pub(crate) fn rejected(what: &str, findings: Findings) -> Failure {
    Failure::Rejected { what: format!("`{what}`"), findings: Box::new(findings) }
}

/// Loads what `build` is given: one world, or policies alone.
pub(crate) fn world_or_policies(
    paths: &[PathBuf],
    overrides: &Overrides,
    progress: Option<&Progress>,
) -> Result<Loaded, Failure> {
    if let [path] = paths {
        return match given_in(path, overrides, progress)? {
            Given::World(world) => Ok(world.loaded),
            text => gathered([(path.as_path(), text)], Names::Own, overrides),
        };
    }
    gathered(all(paths, overrides)?, Names::Own, overrides)
}

fn all<'p>(paths: &'p [PathBuf], overrides: &Overrides) -> Result<Vec<(&'p Path, Given)>, Failure> {
    paths.iter().map(|path| Ok((path.as_path(), given(path, overrides)?))).collect()
}

/// What the sources of policies that stand alone are called in the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// Without their folder: the bytes do not depend on where they stand.
    Own,
    /// As on the command line, for answers in the same breath.
    Shown,
}

/// Loads policies that stand alone.
pub(crate) fn policies(paths: &[PathBuf], overrides: &Overrides) -> Result<Loaded, Failure> {
    gathered(all(paths, overrides)?, Names::Shown, overrides)
}

fn gathered<'p>(
    texts: impl IntoIterator<Item = (&'p Path, Given)>,
    names: Names,
    overrides: &Overrides,
) -> Result<Loaded, Failure> {
    let mut policies = Vec::new();
    let mut unreadable = Findings::default();
    for (path, text) in texts {
        let name = input::name(path);
        match text {
            Given::World(_) => {
                return Err(Failure::usage_with(
                    format!("`{name}` is a world, where a policy is expected"),
                    "build a world by itself, `camshaft build WORLD -o out.cam`, and ask it with `-b out.cam`",
                ));
            }
            Given::Text { source, fault: Some(fault), .. } => {
                unreadable.append(Findings::of(source, vec![fault]));
            }
            Given::Text { content: Content::Cases, .. } => return Err(cases(&name)),
            Given::Text { source, .. } => policies.push((path, source.text().to_owned())),
        }
    }
    if let Some(first) = unreadable.sources.first() {
        let name = first.name().to_owned();
        return Err(rejected(&name, unreadable));
    }
    let paths: Vec<&Path> = policies.iter().map(|(path, _)| *path).collect();
    let distinct: BTreeSet<String> = paths.iter().map(|path| own_name(path)).collect();
    let own = names == Names::Own && distinct.len() == paths.len();
    let called = |path: &Path| if own { own_name(path) } else { input::name(path) };
    let policies = policies.into_iter().map(|(path, text)| bare(path, called(path), text)).collect();
    let mut loaded = world::load(WorldInput::policies(policies), &NoFiles, overrides);
    for source in &mut loaded.sources {
        if let Some(path) = paths.iter().find(|path| called(path) == source.name()) {
            rename(source, input::name(path));
        }
    }
    Ok(loaded)
}

/// A case file where something else is expected.
pub(crate) fn cases(name: &str) -> Failure {
    Failure::usage_with(format!("`{name}` is a case file"), format!("run it with `camshaft test {name}`"))
}

fn bare(path: &Path, called: String, text: String) -> BarePolicy {
    let stem = if input::is_stdin(path) { None } else { path.file_stem() };
    let name = stem.map_or_else(|| "stdin".into(), |stem| stem.to_string_lossy().into_owned());
    BarePolicy { name, path: called, text }
}

/// What a world came to: its set, or why there is none. `unattached` belongs to `check` alone.
pub(crate) fn accepted(what: &str, loaded: &mut Loaded) -> Result<(PolicySet, Findings), Failure> {
    let findings = Findings {
        diagnostics: core::mem::take(&mut loaded.diagnostics),
        sources: core::mem::take(&mut loaded.sources),
        notes_left_off: loaded.notes_left_off,
    };
    match loaded.set.take() {
        Some(set) => Ok((set, findings)),
        None => Err(rejected(what, findings)),
    }
}

/// Compiles a set.
pub(crate) fn compile(set: &PolicySet, config: &Config) -> Result<Compiled, Failure> {
    camshaft_compiler::compile(set, config).map_err(Failure::Compile)
}

/// Opens a bundle; with keys only one that they signed.
pub(crate) fn bundle(path: &Path, trusted: &Trusted) -> Result<Bundle, Failure> {
    opened(path, &input::read(path)?, trust::trust(trusted)?.as_ref())
}

/// Opens the bytes of a bundle's file.
pub(crate) fn opened(path: &Path, bytes: &[u8], trust: Option<&Trust>) -> Result<Bundle, Failure> {
    let bundle = match trust {
        Some(trust) => Bundle::open_signed(bytes, trust),
        None => Bundle::open(bytes),
    };
    bundle.map_err(|error| Failure::Bundle { path: input::name(path), error })
}

/// Opens the bytes of a bundle's file to look at it, with what its envelope claims.
pub(crate) fn unverified(path: &Path, bytes: &[u8]) -> Result<(Bundle, Option<Envelope>), Failure> {
    let split = Envelope::split(bytes).map_err(|error| Failure::Bundle { path: input::name(path), error })?;
    let (envelope, bundle) = split;
    Ok((opened(path, bundle, None)?, envelope))
}

/// Opens a bundle of our own making. The compiler opened it too: one that is refused now is our fault.
pub(crate) fn own_bundle(compiled: &Compiled) -> Result<Bundle, Failure> {
    Bundle::open(&compiled.bytes)
        .map_err(|error| Failure::Compile(CompileErrorKind::Write(WriteError::Refused(error)).into()))
}

/// An engine over a bundle of our own making.
pub(crate) fn decider(compiled: &Compiled, loaded: &Loaded) -> Result<Decider, Failure> {
    let bundle = own_bundle(compiled)?;
    Ok(Decider::new(bundle, decider::Reading::from(loaded), Config::default().threads(1)))
}

/// The services whose resources need region and account in requests to a bundle (CITE REQ-5).
pub(crate) fn resource_policy_services(bundle: &Bundle) -> Vec<Box<str>> {
    use camshaft_bundle::schema::scalar;
    let tables = bundle.tables();
    let ids = tables.scalars.iter().skip(scalar::CAPABLE_SERVICES as usize);
    ids.filter_map(|id| tables.segments().get(id)).map(Box::from).collect()
}

/// A finding about a whole source.
pub(crate) fn about(source: Source, code: Code, message: String, help: &str) -> Findings {
    let end = source.text().find('\n').unwrap_or(source.text().len()).min(1);
    let found = Diagnostic::new(code, 0, Span::new(0, end), message).help(help);
    Findings::of(source, vec![found])
}

/// With what policies are read that stand alone.
pub(crate) struct Bare {
    parameters: Parameters,
    limits: Limits,
    catalogue: Catalogue,
    strict: bool,
}

impl Bare {
    /// From the command line.
    pub(crate) fn new(reading: &Reading, catalogue_file: Option<&PathBuf>) -> Result<Self, Failure> {
        Ok(Self {
            parameters: parameters(reading)?,
            limits: limits(reading),
            catalogue: catalogue(catalogue_file)?,
            strict: reading.strict,
        })
    }

    /// The setting of one kind: in the implicit account, as `-p` attaches policies.
    pub(crate) fn setting(&self, kind: Kind, preset: bool) -> Setting<'_> {
        Setting {
            kind,
            preset,
            account: Some(Owner { uin: world::IMPLICIT_ACCOUNT, appid: Some(world::IMPLICIT_APPID) }),
            parameters: &self.parameters,
            builtin_parameters: true,
            catalogue: &self.catalogue,
            legacy_project: false,
            strict: self.strict,
            limits: &self.limits,
            scope: None,
            unknown_account: false,
        }
    }
}
