//! Bundles of every format version are kept as files: what was written once opens and answers as it did.

use std::fs;
use std::path::Path;

use camshaft::decider::{Decider, Reading};
use camshaft_bundle::{Bundle, FORMAT_VERSION, verify_full};
use camshaft_compiler::Config;
use camshaft_frontend::request;
use serde_json::{Value, json};

/// One line of `answers.ndjson`: a request and what the bundle said to it.
fn answer(decider: &Decider, request: &Value) -> Value {
    let mut scratch = decider.engine().scratch();
    let request = request::parse(&request.to_string()).expect("a request");
    let (reasons, _) = decider.reasons(&request, &mut scratch);
    let names: Vec<String> =
        reasons.statements.iter().map(|statement| decider.engine().statement_name(*statement)).collect();
    // The word before the first blank or brace is the decision.
    let decision = format!("{:?}", reasons.decision);
    let word = decision.split([' ', '{']).next().unwrap_or_default();
    json!({ "decision": word, "reason": names })
}

#[test]
fn stored_bundles_answer_as_they_did() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/golden");
    for version in 1..=FORMAT_VERSION {
        let folder = root.join(format!("v{version}"));
        let bytes = fs::read(folder.join("demo.cam")).expect("a bundle of every version");
        if version < FORMAT_VERSION {
            // An older format is refused by name, not misread.
            assert!(Bundle::open(&bytes).is_err());
            continue;
        }
        let bundle = Bundle::open(&bytes).expect("opens");
        verify_full(&bundle).expect("verifies");
        let decider = Decider::new(bundle, Reading::default(), Config::default());
        let file = folder.join("answers.ndjson");
        let stored = fs::read_to_string(&file).unwrap_or_default();
        if std::env::var_os("UPDATE").is_some() {
            let requests =
                fs::read_to_string(root.join("../../../examples/demo/requests.ndjson")).expect("requests");
            let lines = requests.lines().map(|line| {
                let request: Value = serde_json::from_str(line).expect("JSON");
                format!("{}\n", json!({ "request": request, "answer": answer(&decider, &request) }))
            });
            fs::write(&file, lines.collect::<String>()).expect("written");
            continue;
        }
        assert!(stored.lines().count() >= 10, "{}", file.display());
        for line in stored.lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            assert_eq!(answer(&decider, &line["request"]), line["answer"], "{}", line["request"]);
        }
    }
}
