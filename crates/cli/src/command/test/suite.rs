//! The cases of a run, and the worlds that they ask.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use camshaft::decider::{self, Decider};
use camshaft_compiler::Config;
use camshaft_frontend::case::{self, Case};
use camshaft_frontend::diagnostic::{Code, code};
use camshaft_frontend::json;
use camshaft_frontend::options::WorldOptions;
use camshaft_frontend::policy::PolicySet;
use camshaft_frontend::source::Source;
use camshaft_frontend::world::Overrides;

use crate::args::Test;
use crate::exit::Failure;
use crate::input::{self, Content};
use crate::load;
use crate::render::diagnostic::Findings;

/// A case, its file, and where it is decided.
pub(super) struct Given {
    pub(super) case: Case,
    pub(super) file: PathBuf,
    /// Index into [`Suite::subjects`]; none for a case with a world of its own, and where it names one that is refused.
    pub(super) subject: Option<usize>,
}

impl Given {
    /// What a report calls the case.
    pub(super) fn name(&self) -> String {
        self.case.id.clone().unwrap_or_else(|| self.place())
    }

    /// `file:line`.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.case.line().name(), self.line())
    }

    /// Its line in the file.
    pub(super) fn line(&self) -> u32 {
        self.case.line().position(0).line
    }
}

/// A world or bundle that cases share.
pub(super) struct Subject {
    /// As the command line names it.
    pub(super) name: String,
    /// The folder that the sources of its policies stand in.
    pub(super) folder: PathBuf,
    pub(super) decider: Decider,
    pub(super) options: WorldOptions,
    pub(super) codes: BTreeSet<Code>,
    /// The world; none of a bundle.
    pub(super) world: Option<(PolicySet, decider::Reading)>,
}

impl Subject {
    /// A source of the world as it would be named on the command line.
    pub(super) fn shown(&self, source: &str) -> String {
        load::shown(&self.folder, source)
    }
}

/// Everything that is run.
pub(super) struct Suite {
    pub(super) cases: Vec<Given>,
    pub(super) subjects: Vec<Subject>,
}

impl Suite {
    /// Reads every case file, so that all that is malformed is reported at once, and the worlds that they need.
    pub(super) fn read(args: &Test) -> Result<Self, Failure> {
        let overrides = load::overrides(&args.reading)?;
        if args.bundle.is_some() && args.reading.is_given() {
            return Err(Failure::usage_with(
                "`--param`, `--strict` and `--limit` belong to `--world`",
                "a bundle was built with its own; give them to `camshaft build`",
            ));
        }
        let mut files = Vec::new();
        for path in &args.paths {
            if path.is_dir() {
                files.extend(input::walk(path, &["jsonl"])?.into_iter().map(|found| found.path));
            } else {
                files.push(path.clone());
            }
        }
        if files.is_empty() {
            return Err(Failure::usage_with("there are no case files", "case files end in `.jsonl`"));
        }
        let (mut cases, mut malformed) = (Vec::new(), Findings::default());
        for file in files {
            read(&file, &mut cases, &mut malformed)?;
        }
        let wanted: Vec<Wanted<'_>> = args.filters.iter().map(|text| Wanted(text)).collect();
        if malformed.refuse() {
            return Err(refused(malformed));
        }
        cases.retain(|given| wanted.is_empty() || wanted.iter().any(|wanted| wanted.takes(given)));
        if cases.is_empty() && !wanted.is_empty() {
            return Err(Failure::usage_with(
                format!("no case has `{}`", args.filters.join("` or `")),
                "a filter is a part of the id, or of the file and line; with `*` it is a pattern for all of it",
            ));
        }
        let subjects = Subjects {
            args,
            overrides,
            known: BTreeMap::new(),
            named: BTreeMap::new(),
            subjects: Vec::new(),
        };
        let subjects = subjects.attach(&mut cases)?;
        Ok(Self { cases, subjects })
    }
}

fn refused(malformed: Findings) -> Failure {
    let names: BTreeSet<&str> = malformed.sources.iter().map(Source::name).collect();
    let names = names.into_iter().collect::<Vec<_>>().join("`, `");
    load::rejected(&names, malformed)
}

fn read(file: &Path, cases: &mut Vec<Given>, malformed: &mut Findings) -> Result<(), Failure> {
    let name = input::name(file);
    let (source, fault) = json::decode(&name, 0, input::read(file)?);
    if let Some(fault) = fault {
        malformed.append(Findings::of(source, vec![fault]));
        return Ok(());
    }
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    for (number, line) in (1..).zip(source.text().lines()) {
        if line.trim().is_empty() {
            continue;
        }
        match case::parse_line(&name, line, number) {
            Ok(case) => {
                if let Some(id) = &case.id
                    && let Some(first) = ids.insert(id.clone(), number)
                {
                    let message = format!("the id `{id}` is that of the case in line {first}");
                    let source = case.line().clone();
                    let help = "ids are unique in a file";
                    malformed.append(load::about(source, code::WORLD_REPEATED, message, help));
                }
                cases.push(Given { case, file: file.to_owned(), subject: None });
            }
            Err(error) => {
                let mut found = Findings::of(error.source, error.diagnostics);
                found.notes_left_off = 0;
                malformed.append(found);
            }
        }
    }
    Ok(())
}

/// A filter of the command line.
struct Wanted<'a>(&'a str);

impl Wanted<'_> {
    fn takes(&self, given: &Given) -> bool {
        let texts = [given.case.id.clone().unwrap_or_default(), given.place()];
        match self.0.contains('*') {
            true => texts.iter().any(|text| glob(self.0, text)),
            false => texts.iter().any(|text| text.contains(self.0)),
        }
    }
}

/// Whether `*` in the pattern can stand for something so that it is the text.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Finds and loads the worlds of cases that have none of their own.
struct Subjects<'a> {
    args: &'a Test,
    overrides: Overrides,
    known: BTreeMap<Vec<PathBuf>, usize>,
    /// Those that cases name; none for one that is refused.
    named: BTreeMap<Vec<PathBuf>, Option<usize>>,
    subjects: Vec<Subject>,
}

impl Subjects<'_> {
    fn attach(mut self, cases: &mut [Given]) -> Result<Vec<Subject>, Failure> {
        if let Some(path) = &self.args.bundle {
            self.subjects.push(bundle(path, self.args)?);
        } else if let Some(path) = &self.args.world {
            self.load(vec![path.clone()])?;
        }
        let given = (!self.subjects.is_empty()).then_some(0);
        for one in cases.iter_mut() {
            if let Some(file) = one.case.world_path().and_then(|path| named(&one.file, path)) {
                one.subject = self.load_named(file)?;
            }
        }
        let mut beside_files: BTreeMap<PathBuf, Option<usize>> = BTreeMap::new();
        let mut malformed = Findings::default();
        for one in cases.iter_mut().filter(|one| one.case.world_input().is_none()) {
            if given.is_some() {
                one.subject = given;
                continue;
            }
            one.subject = match beside_files.get(&one.file) {
                Some(known) => *known,
                None => {
                    let found = match beside(&one.file)? {
                        Some(paths) => Some(self.load(paths)?),
                        None => None,
                    };
                    beside_files.insert(one.file.clone(), found);
                    found
                }
            };
            if one.subject.is_none() {
                let message =
                    "the case has neither `policies` nor `world`, and none stands beside its file".into();
                let help = "give it one, put a `world.json` or policies beside it, or name the world with `--world` or `-b`";
                malformed.append(load::about(one.case.line().clone(), code::WORLD_MALFORMED, message, help));
            }
        }
        if malformed.refuse() { Err(refused(malformed)) } else { Ok(self.subjects) }
    }

    /// The world that cases name; none if it is refused, which a case may expect.
    fn load_named(&mut self, file: PathBuf) -> Result<Option<usize>, Failure> {
        let paths = vec![file];
        if let Some(known) = self.named.get(&paths) {
            return Ok(*known);
        }
        let known = match self.load_with(&paths, &Overrides::default()) {
            Ok(number) => Some(number),
            Err(Failure::Rejected { .. }) => None,
            Err(failure) => return Err(failure),
        };
        self.named.insert(paths, known);
        Ok(known)
    }

    fn load(&mut self, paths: Vec<PathBuf>) -> Result<usize, Failure> {
        if let Some(known) = self.known.get(&paths) {
            return Ok(*known);
        }
        let number = self.load_with(&paths, &self.overrides.clone())?;
        self.known.insert(paths, number);
        Ok(number)
    }

    fn load_with(&mut self, paths: &[PathBuf], overrides: &Overrides) -> Result<usize, Failure> {
        let names: Vec<String> = paths.iter().map(|path| input::name(path)).collect();
        let mut loaded = load::world_or_policies(paths, overrides, None)?;
        let (set, findings) = load::accepted(&names.join("`, `"), &mut loaded)?;
        let decider = load::decider(&load::compile(&set, &Config::default())?, &loaded)?;
        let world_file = paths.first().map(|path| load::world_file(path)).unwrap_or_default();
        self.subjects.push(Subject {
            name: names.join(", "),
            folder: world_file.parent().unwrap_or(Path::new("")).to_owned(),
            decider,
            options: loaded.options.clone(),
            codes: findings.diagnostics.iter().map(|found| found.code).collect(),
            world: Some((set, decider::Reading::from(&loaded))),
        });
        Ok(self.subjects.len() - 1)
    }
}

/// The file of a world that a case names; none for a path that the frontend would refuse.
fn named(case_file: &Path, path: &str) -> Option<PathBuf> {
    let folder =
        case_file.parent().filter(|folder| !folder.as_os_str().is_empty() && !input::is_stdin(case_file));
    let file = folder.map_or_else(|| PathBuf::from(path), |folder| folder.join(path));
    let inside = Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    let root = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
    let found = file.canonicalize().ok().filter(|found| found.starts_with(root) && found.is_file());
    found.filter(|_| inside).map(|_| file)
}

fn bundle(path: &Path, args: &Test) -> Result<Subject, Failure> {
    if args.coverage || args.mutate {
        return Err(Failure::usage_with(
            "`--coverage` and `--mutate` need a world",
            "name it with `--world`; a bundle cannot be changed or taken apart",
        ));
    }
    let bundle = load::bundle(path, &args.trusted)?;
    let options = WorldOptions {
        resource_policy_services: load::resource_policy_services(&bundle),
        ..WorldOptions::default()
    };
    let reading = decider::Reading::from(&bundle);
    let decider = Decider::new(bundle, reading, Config::default().threads(1));
    let name = input::name(path);
    Ok(Subject { name, folder: PathBuf::new(), decider, options, codes: BTreeSet::new(), world: None })
}

/// What stands beside a case file: the policy of its name, else the world in its folder or in one above as far as its
/// path is written, else the policies of its folder.
fn beside(file: &Path) -> Result<Option<Vec<PathBuf>>, Failure> {
    if input::is_stdin(file) {
        return Ok(None);
    }
    let stem = file.file_stem().map(PathBuf::from).unwrap_or_default();
    // `dev.jsonl` and `dev.cases.jsonl` are about `dev.json`.
    for stem in [&*stem.to_string_lossy(), &*stem.with_extension("").to_string_lossy()] {
        let policy = file.with_file_name(format!("{stem}.json"));
        if is_policy(&policy)? {
            return Ok(Some(vec![policy]));
        }
    }
    for folder in file.ancestors().skip(1) {
        if folder.join("world.json").is_file() {
            return Ok(Some(vec![folder.join("world.json")]));
        }
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new(".")))
        .map_err(|error| Failure::read(folder.unwrap_or(Path::new(".")), error))?;
    let mut policies = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| Failure::read(file, error))?.file_name();
        let path = folder.map_or_else(|| PathBuf::from(&name), |folder| folder.join(&name));
        let hidden = name.to_string_lossy().starts_with('.');
        if !hidden && path.extension().is_some_and(|extension| extension == "json") && is_policy(&path)? {
            policies.push(path);
        }
    }
    policies.sort();
    Ok((!policies.is_empty()).then_some(policies))
}

fn is_policy(path: &Path) -> Result<bool, Failure> {
    if !path.is_file() {
        return Ok(false);
    }
    let text = String::from_utf8_lossy(&input::read(path)?).into_owned();
    Ok(input::content(&text) == Content::Policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, matches) in [
            ("a*", "a", true),
            ("a*", "ba", false),
            ("*a*", "bab", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*a", "a", false),
            ("*", "", true),
            ("a*bc*c", "abc", false),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
    }
}
