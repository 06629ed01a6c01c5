//! Lints: each on a document that raises it and on one that does not, and every claim attacked.
//!
//! Attacks are requests that nearly meet the policies, decided by the reference evaluator with the statement, entry or
//! condition that a claim is about and without it. `CAMSHAFT_LINTS` sets how many generated worlds are attacked (default
//! 120), `CAMSHAFT_SEED` the first; `CAMSHAFT_CORPUS` adds every published document.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use camshaft_compiler::lint::example::{EXAMPLES, Example, Shape};
use camshaft_compiler::lint::{Found, Input, KnownActions, Lints, Report};
use camshaft_frontend::diagnostic::{Code, code};
use camshaft_frontend::limits::Limits;
use camshaft_frontend::outline::Outline;
use camshaft_frontend::policy::Kind;
use camshaft_frontend::setting::{Catalogue, Owner, Parameters, Setting};
use camshaft_frontend::source::{Source, Span};
use camshaft_frontend::world::{NoFiles, Overrides, WorldInput, load};
use camshaft_frontend::{document, fix, normalize};
use camshaft_tests::generate::{Features, Random, Requests, world};
use camshaft_tests::reference::{Decision, Reference};
use serde_json::{Value, json};

/// What a policy that stands alone is read with.
struct Ground {
    parameters: Parameters,
    catalogue: Catalogue,
    limits: Limits,
}

impl Ground {
    fn new() -> Self {
        let catalogue = BTreeMap::from([("permid/280655".into(), vec!["cos:GetObject".into()])]);
        Self { parameters: Parameters::new(), catalogue, limits: Limits::default() }
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

    fn outline(&self, source: &Source, kind: Kind) -> Option<Outline> {
        document::parse_source(source, 0).outline(source, &self.setting(kind))
    }

    fn lint(&self, lints: &Lints, source: &Source, kind: Kind) -> Report {
        let outline = self.outline(source, kind);
        lints.run(&Input { set: None, outlines: outline.as_slice(), owned: false })
    }
}

fn codes(report: &Report) -> BTreeSet<Code> {
    report.found.iter().map(|found| found.diagnostic.code).collect()
}

/// What an example raises, and whether it is accepted.
fn raised(example: &Example, text: &str) -> BTreeSet<Code> {
    let lints =
        Lints { known: example.actions.map(|list| KnownActions::parse(list).unwrap()), ..Lints::default() };
    let text = example.document(text);
    match example.shape {
        Shape::Policy(kind) => {
            let (ground, source) = (Ground::new(), Source::new("p.json", text.as_str()));
            assert!(ground.outline(&source, kind).is_some(), "{}: refused\n{text}", example.code);
            codes(&ground.lint(&lints, &source, kind))
        }
        Shape::World => {
            let overrides = Overrides { outlines: true, ..Overrides::default() };
            let loaded = load(WorldInput::text("world.json", text.clone()), &NoFiles, &overrides);
            assert!(loaded.set.is_some(), "{}: {:?}\n{text}", example.code, loaded.diagnostics);
            let input = Input { set: loaded.set.as_ref(), outlines: &loaded.outlines, owned: true };
            let unattached = loaded.unattached.iter().map(|found| found.code);
            codes(&lints.run(&input)).into_iter().chain(unattached).collect()
        }
        // The command line reads these; its tests have them.
        Shape::Configuration => BTreeSet::new(),
    }
}

#[test]
fn every_lint_is_raised_and_mended() {
    for example in EXAMPLES.iter().filter(|example| example.shape != Shape::Configuration) {
        let (raises, mended) = (raised(example, example.raises), raised(example, example.mended));
        assert!(
            raises.contains(&example.code),
            "{} is not raised: {raises:?}\n{}",
            example.code,
            example.raises
        );
        assert!(!mended.contains(&example.code), "{} is raised\n{}", example.code, example.mended);
    }
}
