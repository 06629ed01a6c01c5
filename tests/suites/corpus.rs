//! Every published document against `expected.tsv`: outcome, codes and the place of the first error.
//!
//! The corpus is not part of the repository; `CAMSHAFT_CORPUS` is its absolute path. Documents about
//! which the two implementations differ for a reason stand in `docs/corpus-differences.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use camshaft_frontend::{
    diagnostic::{Diagnostic, Severity},
    document::{self, Reading},
    fix, format,
    json::{self, Bounds},
    limits::Limits,
    normalize,
    policy::{Kind, Statement},
    setting::{Catalogue, Owner, Parameters, Setting},
    source::{Source, Span},
};
use camshaft_tests::environment::corpus;

/// One line of `expected.tsv`, or what was found instead.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    outcome: String,
    codes: String,
    position: String,
}

struct Expected {
    file: String,
    kind: String,
    verdict: Verdict,
}

fn expected(corpus: &Path) -> Vec<Expected> {
    let text = fs::read_to_string(corpus.join("expected.tsv")).expect("expected.tsv");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("file\t"));
    let read = |line: &str| {
        let [file, kind, outcome, codes, position] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("expected.tsv: {line}");
        };
        let verdict = Verdict { outcome: outcome.into(), codes: codes.into(), position: position.into() };
        Expected { file: file.into(), kind: kind.into(), verdict }
    };
    lines.map(read).collect()
}

/// Files named in the table of `docs/corpus-differences.md`.
fn differences() -> BTreeSet<String> {
    let text = include_str!("../../docs/corpus-differences.md");
    let cell = |line: &str| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned());
    text.lines().filter_map(cell).collect()
}

struct Fixture {
    parameters: Parameters,
    catalogue: Catalogue,
    limits: Limits,
    free: Limits,
}

impl Fixture {
    fn new() -> Self {
        Self {
            parameters: Parameters::new(),
            catalogue: BTreeMap::from([("permid/280655".into(), vec!["cos:GetObject".into()])]),
            limits: Limits::default(),
            free: Limits { document_soft_chars: None, document_hard_chars: None, ..Limits::default() },
        }
    }

    fn setting(&self, kind: Kind) -> Setting<'_> {
        Setting {
            kind,
            preset: false,
            account: Some(Owner { uin: "100000000001", appid: Some("1250000000") }),
            parameters: &self.parameters,
            builtin_parameters: true,
            catalogue: &self.catalogue,
            legacy_project: false,
            strict: false,
            limits: &self.limits,
            scope: None,
            unknown_account: false,
        }
    }
}

fn kind(name: &str) -> Kind {
    match name {
        "identity" => Kind::Identity,
        "resource" => Kind::Resource,
        "trust" => Kind::Trust,
        _ => panic!("kind {name}"),
    }
}

fn verdict(source: &Source, diagnostics: &[Diagnostic]) -> Verdict {
    let outcome = match diagnostics.iter().map(|found| found.severity).max() {
        None => "clean",
        Some(Severity::Note) => "note",
        Some(Severity::Warning) => "warning",
        Some(Severity::Error) => "rejected",
    };
    let codes: BTreeSet<String> = diagnostics.iter().map(|found| found.code.to_string()).collect();
    let codes = codes.into_iter().collect::<Vec<_>>().join(",");
    let error = diagnostics.iter().filter(|found| found.is_error()).map(|found| found.span.start).min();
    let position = error.map(|at| source.position(at)).map(|at| format!("{}:{}", at.line, at.column));
    Verdict {
        outcome: outcome.into(),
        codes: if codes.is_empty() { "-".into() } else { codes },
        position: position.unwrap_or_else(|| "-".into()),
    }
}

fn source(corpus: &Path, file: &str) -> Source {
    json::decode(file, 0, fs::read(corpus.join(file)).expect("document")).0
}

/// The kind that the document is read as, and the reading: the best of three where the manifest has none.
fn read(fixture: &Fixture, source: &Source, entry: &Expected) -> (Kind, Reading) {
    let document = document::parse_source(source, 0);
    if !entry.file.starts_with("cam-malformed/") {
        let kind = kind(&entry.kind);
        return (kind, document.read(source, &fixture.setting(kind)));
    }
    let rank = |reading: &Reading| {
        let errors = reading.diagnostics.iter().filter(|found| found.is_error()).count();
        (reading.diagnostics.iter().map(|found| found.severity).max(), errors)
    };
    let kinds = [Kind::Identity, Kind::Resource, Kind::Trust];
    let readings = kinds.map(|kind| (kind, document.read(source, &fixture.setting(kind))));
    readings.into_iter().min_by_key(|(_, reading)| rank(reading)).expect("three readings")
}

#[test]
fn every_document_is_judged_as_expected() {
    let Some(corpus) = corpus() else { return };
    let fixture = Fixture::new();
    let known = differences();
    let mut wrong = Vec::new();
    let entries = expected(&corpus);
    assert_eq!(entries.len(), 833);
    for entry in &entries {
        let source = source(&corpus, &entry.file);
        let (read_as, reading) = read(&fixture, &source, entry);
        let found = verdict(&source, &reading.diagnostics);
        let same = found == entry.verdict && read_as == kind(&entry.kind);
        if same == known.contains(&entry.file) {
            wrong.push(format!(
                "{}\n  expected {} {:?}\n  found    {read_as:?} {found:?}",
                entry.file, entry.kind, entry.verdict
            ));
        }
        assert_eq!(reading.statements.is_none(), found.outcome == "rejected", "{}", entry.file);
    }
    assert!(wrong.is_empty(), "{} documents differ\n{}", wrong.len(), wrong.join("\n"));
}

/// The statements as a set, places and labels aside.
fn meaning(statements: &[Statement]) -> Vec<String> {
    let bare = |statement: &Statement| {
        format!("{:?}", Statement { index: 0, position: Default::default(), sid: None, ..statement.clone() })
    };
    statements.iter().map(bare).collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn canonical_forms_are_accepted_and_their_own() {
    let Some(corpus) = corpus() else { return };
    let fixture = Fixture::new();
    let mut accepted = 0;
    for entry in &expected(&corpus) {
        let source = source(&corpus, &entry.file);
        let (kind, reading) = read(&fixture, &source, entry);
        let setting = Setting { limits: &fixture.free, ..fixture.setting(kind) };
        let document = document::parse_source(&source, 0);
        let Ok(canonical) = normalize::canonical(&document, &source, &setting) else {
            assert!(reading.statements.is_none(), "{}", entry.file);
            continue;
        };
        let again_source = Source::new("canonical", canonical.text.clone());
        let span = Span::new(0, canonical.text.len());
        let again = document::parse_within(&again_source, 0, span, Bounds::CANONICAL);
        let second = again.read(&again_source, &setting);
        let spurious =
            |found: &&Diagnostic| (102..300).contains(&found.code.0) && !matches!(found.code.0, 225 | 226);
        assert_eq!(second.diagnostics.iter().find(spurious), None, "{}", entry.file);
        let form = normalize::canonical(&again, &again_source, &setting).expect("a canonical form");
        assert_eq!(form.text, canonical.text, "{}", entry.file);
        let pretty = normalize::pretty(&canonical.text);
        let pretty_source = Source::new("pretty", pretty.clone());
        let pretty_document = document::parse_source(&pretty_source, 0);
        assert_eq!(
            normalize::canonical_pretty(&pretty_document, &pretty_source, &setting).ok(),
            Some(pretty)
        );
        if let Some(statements) = reading.statements {
            accepted += 1;
            let second = second.statements.expect("accepted");
            assert_eq!(meaning(&statements), meaning(&second), "{}", entry.file);
            let indices: BTreeSet<u32> = canonical.sources.iter().flatten().copied().collect();
            assert_eq!(indices.len(), statements.len(), "{}", entry.file);
        }
    }
    assert_eq!(accepted, 692 - 98 + 38);
}

/// What `camshaft fmt` writes of the published and of the broken documents is its own form, byte by byte, and means what
/// the document means.
#[test]
fn formatted_documents_stay_as_they_are() {
    let Some(corpus) = corpus() else { return };
    let fixture = Fixture::new();
    let (mut formatted, mut mended) = (0, 0);
    for entry in &expected(&corpus) {
        let source = source(&corpus, &entry.file);
        let (kind, reading) = read(&fixture, &source, entry);
        let setting = Setting { limits: &fixture.free, ..fixture.setting(kind) };
        let Ok(once) = format::format(&source, &setting) else {
            assert!(reading.statements.is_none(), "{}", entry.file);
            continue;
        };
        let again = Source::new("formatted", once.text.clone());
        let twice =
            format::format(&again, &setting).unwrap_or_else(|_| panic!("{}: {}", entry.file, once.text));
        assert_eq!(twice.text, once.text, "{}", entry.file);
        assert!(twice.fixed.is_empty() && twice.comments == 0, "{}", entry.file);
        formatted += 1;
        match reading.statements {
            Some(statements) => {
                assert!(once.fixed.is_empty(), "{}: what is accepted is not mended", entry.file);
                let second = document::parse_source(&again, 0).read(&again, &setting);
                let second = second.statements.unwrap_or_else(|| panic!("{}", entry.file));
                assert_eq!(meaning(&statements), meaning(&second), "{}", entry.file);
            }
            None => mended += usize::from(!once.fixed.is_empty()),
        }
    }
    println!("{formatted} documents formatted, {mended} of them mended");
    assert!(formatted >= 692 - 98 + 38);
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

/// The text with one character replaced, dropped or doubled.
fn damaged(text: &str, dice: &mut Dice) -> String {
    const NEW: [&str; 24] = [
        "", "\"", "{", "}", "[", "]", ",", ":", "*", "/", "$", "${", " ", "\\", "\n", "\u{a0}", "“", "，",
        "\u{feff}", "0", "A", "?", "${uin}", "//",
    ];
    let mut characters: Vec<String> = text.chars().map(String::from).collect();
    let at = dice.below(characters.len());
    characters[at] = NEW[dice.below(NEW.len())].to_owned();
    characters.concat()
}

#[test]
fn damaged_documents_keep_every_promise() {
    let Some(corpus) = corpus() else { return };
    let fixture = Fixture::new();
    let mut dice = Dice(17);
    for entry in &expected(&corpus) {
        let original = source(&corpus, &entry.file);
        let setting = Setting { limits: &fixture.free, ..fixture.setting(kind(&entry.kind)) };
        for _ in 0..24 {
            let source = Source::new(&*entry.file, damaged(original.text(), &mut dice));
            let document = document::parse_source(&source, 0);
            let reading = document.read(&source, &setting);
            let fixes = || reading.diagnostics.iter().filter_map(|found| found.fix.as_ref());
            let spans = reading.diagnostics.iter().map(|found| found.span);
            for span in spans.chain(fixes().flat_map(|fix| &fix.edits).map(|edit| edit.span)) {
                assert!(source.text().get(span.start..span.end).is_some(), "{}", source.text());
            }
            assert_eq!(reading.statements.is_none(), reading.diagnostics.iter().any(Diagnostic::is_error));
            // Whatever the fixes lead to, reading it must end.
            let mended = fix::mend_all(&source, &setting).source;
            let _ = document::parse_source(&mended, 0).read(&mended, &setting);
            let Ok(canonical) = normalize::canonical(&document, &source, &setting) else { continue };
            let again_source = Source::new("canonical", canonical.text.clone());
            let span = Span::new(0, canonical.text.len());
            let again = document::parse_within(&again_source, 0, span, Bounds::CANONICAL);
            let form = normalize::canonical(&again, &again_source, &setting).expect("a canonical form");
            assert_eq!(form.text, canonical.text, "{}", source.text());
            if let Some(statements) = reading.statements {
                let second = again.read(&again_source, &setting).statements.expect("accepted");
                assert_eq!(meaning(&statements), meaning(&second), "{}", source.text());
            }
        }
    }
}
