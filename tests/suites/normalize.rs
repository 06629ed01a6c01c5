//! Normalizing changes no decision (CITE CAN-6): every document of a world is replaced by its canonical
//! form, and by the form with statements merged, and every request is decided as before.

use camshaft_compiler::Config;
use camshaft_frontend::document;
use camshaft_frontend::format;
use camshaft_frontend::limits::Limits;
use camshaft_frontend::normalize;
use camshaft_frontend::policy::Kind;
use camshaft_frontend::setting::{Catalogue, Parameters, Setting};
use camshaft_frontend::source::Source;
use camshaft_frontend::world::{Loaded, NoFiles, Overrides, WorldInput, load};
use camshaft_tests::generate::{Features, Random, Requests, world};
use camshaft_tests::product::{Answer, Product, load_text};
use camshaft_tests::reference::Reference;
use serde_json::{Map, Value};

struct Normalizer {
    catalogue: Catalogue,
    parameters: Parameters,
    limits: Limits,
    legacy_project: bool,
    form: Form,
    documents: usize,
}

/// Into what documents are brought.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Canonical,
    Merged,
    /// What `camshaft fmt` writes.
    Formatted,
}

impl Normalizer {
    fn new(world: &Value, form: Form) -> Self {
        let sets = world["catalogue"].as_object().cloned().unwrap_or_default();
        let entries = |value: &Value| value.as_array().into_iter().flatten().map(text).collect();
        let catalogue = sets.iter().map(|(name, value)| (name.clone(), entries(value))).collect();
        let parameters = world["parameters"].as_object().cloned().unwrap_or_default();
        let parameters = parameters.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        let limits = Limits { document_soft_chars: None, document_hard_chars: None, ..Limits::default() };
        let legacy_project = world["options"]["legacy_project"].as_bool().unwrap_or(false);
        Self { catalogue, parameters, limits, legacy_project, form, documents: 0 }
    }

    /// The same value with every document in its canonical form.
    fn value(&mut self, value: &Value, name: &str) -> Value {
        match value {
            Value::Object(members) if members.contains_key("version") => self.document(value, name),
            Value::Object(members) => {
                let members = members.iter().map(|(name, value)| (name.clone(), self.value(value, name)));
                Value::Object(members.collect::<Map<String, Value>>())
            }
            Value::Array(items) => Value::Array(items.iter().map(|item| self.value(item, name)).collect()),
            other => other.clone(),
        }
    }

    fn document(&mut self, value: &Value, name: &str) -> Value {
        let source = Source::new("document", value.to_string());
        let statements = value.get("statement").or(value.get("Statement"));
        let first = statements.map(|statements| statements.get(0).unwrap_or(statements));
        let bound = value.get("principal").or(value.get("Principal")).is_some()
            || first.is_some_and(|first| first.get("principal").or(first.get("Principal")).is_some());
        let kind = match (name, bound) {
            ("trust", _) => Kind::Trust,
            (_, true) => Kind::Resource,
            (_, false) => Kind::Identity,
        };
        let setting = Setting {
            kind,
            preset: true,
            account: None,
            parameters: &self.parameters,
            builtin_parameters: true,
            catalogue: &self.catalogue,
            legacy_project: self.legacy_project,
            strict: false,
            limits: &self.limits,
            scope: None,
            unknown_account: false,
        };
        self.documents += 1;
        if self.form == Form::Formatted {
            return formatted(value, &source, &setting);
        }
        let document = document::parse_source(&source, 0);
        let form = if self.form == Form::Merged { normalize::merged } else { normalize::canonical };
        let canonical = form(&document, &source, &setting)
            .unwrap_or_else(|reading| panic!("{kind:?} {value}: {:?}", reading.diagnostics));
        serde_json::from_str(&canonical.text).expect("a canonical form is JSON")
    }
}

/// The form of a document, which no other way of writing it changes.
fn formatted(value: &Value, source: &Source, setting: &Setting<'_>) -> Value {
    let form = |source: &Source| {
        format::format(source, setting)
            .unwrap_or_else(|refused| panic!("{}: {:?}", source.text(), refused.diagnostics))
    };
    let once = form(source);
    let again = form(&Source::new("formatted", once.text.clone()));
    assert_eq!(again.text, once.text, "a form is its own: {value}");
    assert!(again.fixed.is_empty(), "{}", once.text);
    let mut random = Random::new(source.text().len() as u64);
    let mut comments = 0;
    let scattered = scatter(value, &mut random, &mut comments);
    let other = form(&Source::new("scattered", scattered.clone()));
    assert_eq!(other.text, once.text, "{scattered}");
    assert_eq!(other.comments, comments, "{scattered}");
    serde_json::from_str(&once.text).expect("a form is JSON")
}

/// The same document in another order, with blanks, comments and trailing commas.
fn scatter(value: &Value, random: &mut Random, comments: &mut usize) -> String {
    let mut blank = |random: &mut Random| match random.below(8) {
        0 => "\n\t".to_owned(),
        1 => {
            *comments += 1;
            "/* a remark */".to_owned()
        }
        2 => {
            *comments += 1;
            " // another\n".to_owned()
        }
        _ => String::new(),
    };
    let mut parts = Vec::new();
    let (before, behind) = (blank(random), blank(random));
    let (open, close) = match value {
        Value::Object(members) => {
            for (name, member) in members {
                parts.push((Some(Value::from(name.as_str()).to_string()), member));
            }
            ('{', '}')
        }
        Value::Array(entries) => {
            parts.extend(entries.iter().map(|entry| (None, entry)));
            ('[', ']')
        }
        other => return format!("{before}{other}{behind}"),
    };
    for at in (1..parts.len()).rev() {
        parts.swap(at, random.below(at + 1));
    }
    let mut text = format!("{before}{open}");
    let last = parts.len();
    for (at, (name, part)) in (1..).zip(parts) {
        text.extend(name.map(|name| format!("{name}:")));
        text.push_str(&scatter(part, random, comments));
        if at < last || random.below(4) == 0 {
            text.push(',');
        }
    }
    format!("{text}{close}{behind}")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_string()
}

/// Loads a world whose documents may be longer than the platform takes: networks lengthen (CITE CAN-5).
fn load_lifted(text: &str) -> Loaded {
    let limits = vec![("LIM-1".into(), 1 << 20), ("LIM-2".into(), 1 << 20)];
    load(WorldInput::text("world.json", text.into()), &NoFiles, &Overrides { limits, ..Overrides::default() })
}

#[test]
fn normalizing_changes_no_decision() {
    let (mut decided, mut documents) = (0, 0);
    for seed in 900_000..900_300 {
        let original = world(seed, Features::all());
        let mut before = Product::new(&load_text(&original.to_string()), &Config::default());
        let mut after: Vec<Product> = [Form::Canonical, Form::Merged]
            .into_iter()
            .map(|form| {
                let mut normalizer = Normalizer::new(&original, form);
                let normalized = normalizer.value(&original, "");
                documents += normalizer.documents;
                Product::new(&load_lifted(&normalized.to_string()), &Config::default())
            })
            .collect();
        let maker = Requests::new(&original, Features::all());
        let mut random = Random::new(seed);
        for _ in 0..60 {
            let request = maker.next(&mut random).to_string();
            let expected = before.answer(&request);
            for product in &mut after {
                // Statements are sorted and joined, so reasons may name others.
                let answer = product.answer(&request);
                assert_eq!(
                    (answer.decision, answer.blocked_by),
                    (expected.decision, expected.blocked_by),
                    "world {seed}\n{original}\n{request}"
                );
            }
            decided += 1;
        }
    }
    println!("{decided} requests decided as before over {documents} canonical documents");
}

/// What `camshaft fmt` writes means what it was given, by the reference evaluator as well, which knows nothing of forms.
#[test]
fn formatting_changes_no_decision() {
    let (mut decided, mut documents) = (0, 0);
    for seed in 910_000..910_200 {
        let original = world(seed, Features::all());
        let mut formatter = Normalizer::new(&original, Form::Formatted);
        let formatted = formatter.value(&original, "");
        documents += formatter.documents;
        let (before, after) = (Reference::new(&original), Reference::new(&formatted));
        let mut product = Product::new(&load_lifted(&formatted.to_string()), &Config::default());
        let maker = Requests::new(&original, Features::all());
        let mut random = Random::new(seed);
        for _ in 0..60 {
            let request = maker.next(&mut random);
            let expected = Answer::from(before.decide(&request));
            let answers = [Answer::from(after.decide(&request)), product.answer(&request.to_string())];
            for answer in answers {
                // Statements are sorted, so reasons may have other numbers.
                assert_eq!(
                    (answer.decision, answer.blocked_by, answer.code, answer.reasons.is_empty()),
                    (
                        expected.decision,
                        expected.blocked_by,
                        expected.code.clone(),
                        expected.reasons.is_empty()
                    ),
                    "world {seed}\n{original}\n{request}"
                );
            }
            decided += 1;
        }
    }
    println!("{decided} requests decided as before over {documents} formatted documents");
    assert!(documents > 1_000);
}
