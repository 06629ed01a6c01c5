//! `camshaft explain`: why, and why not.

mod human;
mod json;
mod opened;

use camshaft::decider::with_request;
use camshaft::remedy::Remedy;
use camshaft_runtime::{Decision, Explanation};

use super::decide;
use crate::args::Explain;
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Runs it.
pub(crate) fn run(args: &Explain, console: &mut Console) -> Result<Exit, Failure> {
    let request = decide::request(&args.question)?;
    let (decider, set) = decide::asked(&args.question, console)?;
    let request = decide::aged(request, &decider);
    let engine = decider.engine();
    let session = decider.session(&request);
    let mut scratch = engine.scratch();
    let mut explanation = with_request(&request, &session, |request| engine.explain(request, &mut scratch));
    if let Decision::Error { code } = explanation.reasons.decision {
        let (_, findings) = decider.reasons(&request, &mut scratch);
        return Err(decide::malformed(&args.question, &request, code, findings));
    }
    let allowed = matches!(explanation.reasons.decision, Decision::Allow { .. });
    name_places(&mut explanation, args, &request.principal);
    let remedy = (!allowed).then(|| Remedy::new(&explanation, &request));
    let opened =
        remedy.as_ref().zip(set.as_ref()).and_then(|(remedy, set)| opened::opened(remedy, set, &request));
    if console.is_json() {
        console.json(&json::report(engine, &explanation, &request, remedy.as_ref(), opened.as_deref()))?;
    } else {
        let remedy = remedy.as_ref().map(|remedy| (remedy, opened.as_deref()));
        human::write(engine, &explanation, &request, remedy, args.all, console)?;
    }
    Ok(if allowed { Exit::Done } else { Exit::Negative })
}

/// Sources as the command line names them, and principals in words.
fn name_places(explanation: &mut Explanation, args: &Explain, caller: &str) {
    let folder = decide::folder(&args.question);
    let parts = explanation.resources.iter_mut().flat_map(|resource| &mut resource.parts);
    for statement in parts.flat_map(|part| &mut part.statements) {
        statement.place.0 = crate::load::shown(&folder, &statement.place.0);
        let principal = || {
            let text: serde_json::Value = serde_json::from_str(&statement.text).ok()?;
            Some(text.get("principal")?.to_string())
        };
        let principal = principal();
        for miss in &mut statement.misses {
            if let (camshaft_runtime::Dimension::Principal, Some(principal)) = (miss.dimension, &principal) {
                (miss.wanted, miss.found) = (principal.clone(), caller.to_owned());
            }
        }
    }
}
