//! Normalizing changes no decision (CITE CAN-6): every document of a world is replaced by its canonical
//! form, and by the form with statements merged, and every request is decided as before.

use camshaft_compiler::Config;
use camshaft_frontend::document;
use camshaft_frontend::limits::Limits;
use camshaft_frontend::normalize;
use camshaft_frontend::policy::Kind;
use camshaft_frontend::setting::{Catalogue, Parameters, Setting};
use camshaft_frontend::source::Source;
use camshaft_frontend::world::{Loaded, NoFiles, Overrides, WorldInput, load};
use camshaft_tests::generate::{Features, Random, Requests, world};
use camshaft_tests::product::{Product, load_text};
use serde_json::{Map, Value};

struct Normalizer {
    catalogue: Catalogue,
    parameters: Parameters,
    limits: Limits,
    legacy_project: bool,
    merge: bool,
    documents: usize,
}

impl Normalizer {
    fn new(world: &Value, merge: bool) -> Self {
        let sets = world["catalogue"].as_object().cloned().unwrap_or_default();
        let entries = |value: &Value| value.as_array().into_iter().flatten().map(text).collect();
        let catalogue = sets.iter().map(|(name, value)| (name.clone(), entries(value))).collect();
        let parameters = world["parameters"].as_object().cloned().unwrap_or_default();
        let parameters = parameters.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        let limits = Limits { document_soft_chars: None, document_hard_chars: None, ..Limits::default() };
        let legacy_project = world["options"]["legacy_project"].as_bool().unwrap_or(false);
        Self { catalogue, parameters, limits, legacy_project, merge, documents: 0 }
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
        let document = document::parse_source(&source, 0);
        let form = if self.merge { normalize::merged } else { normalize::canonical };
        let canonical = form(&document, &source, &setting)
            .unwrap_or_else(|reading| panic!("{kind:?} {value}: {:?}", reading.diagnostics));
        self.documents += 1;
        serde_json::from_str(&canonical.text).expect("a canonical form is JSON")
    }
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
        let mut after: Vec<Product> = [false, true]
            .into_iter()
            .map(|merge| {
                let mut normalizer = Normalizer::new(&original, merge);
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
