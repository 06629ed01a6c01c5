//! What is asked, and whether the answers are right: before anything is measured.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::path::Path;

use camshaft::decider::Decider;
use camshaft_frontend::case::{self, Case};
use camshaft_frontend::limits;
use camshaft_frontend::request::{Defaults, Request, RequestError};
use serde::Deserialize;

use crate::command::decide;
use crate::command::test::{self, Difference, Failed, Outcome};
use crate::exit::Failure;
use crate::input::{self, Content, Line};
use crate::load;
use crate::render::diagnostic::Findings;

/// A line of `--requests`.
pub(super) struct Question {
    /// Its number, from 1.
    line: usize,
    /// What it asks, unless it is malformed.
    pub(super) request: Result<Request, RequestError>,
    /// The case that it is, where it says what it expects.
    case: Option<Case>,
}

/// Reads them all. A malformed request is a question without an answer; a malformed case is an error.
pub(super) fn questions(path: &Path, decider: &Decider) -> Result<Vec<Question>, Failure> {
    let mut reader = input::open(path, None)?;
    let services = load::resource_policy_services(decider.engine().bundle());
    let defaults = Defaults { principal: None, resource_policy_services: &services };
    let (mut questions, mut malformed, mut elsewhere) = (Vec::new(), Findings::default(), None);
    for line in 1.. {
        let Some(read) = next(&mut reader, path)? else { break };
        if let Some(text) = as_case(&read) {
            match case::parse_line(&input::name(path), text, line) {
                Ok(case) => match of_case(path, line, case, &services) {
                    Ok(question) => questions.push(question),
                    Err(failure) => elsewhere = elsewhere.or(Some(failure)),
                },
                Err(error) => malformed.append(Findings::of(error.source, error.diagnostics)),
            }
        } else if let Some(request) = decide::parse(read, defaults) {
            let request = request.map(|request| decide::aged(request, decider));
            questions.push(Question { line, request, case: None });
        }
    }
    if malformed.refuse() {
        return Err(load::rejected(&input::name(path), malformed));
    }
    if let Some(failure) = elsewhere {
        return Err(failure);
    }
    if questions.is_empty() {
        return Err(Failure::usage_with(
            format!("`{}` asks nothing", input::name(path)),
            "it holds one request a line, as for `camshaft decide --requests`",
        ));
    }
    Ok(questions)
}

fn next(reader: &mut dyn BufRead, path: &Path) -> Result<Option<Line>, Failure> {
    input::line(reader, limits::REQUEST_BYTES).map_err(|error| Failure::read(path, error))
}

/// The text of a line that is a case.
fn as_case(line: &Line) -> Option<&str> {
    let Line::Bytes(bytes) = line else { return None };
    let text = core::str::from_utf8(bytes).ok()?;
    // PERF: most lines are requests, and reading each twice would take longer than deciding it.
    (text.contains("\"expect\"") && input::content(text) == Content::Cases).then_some(text)
}

fn of_case(path: &Path, line: usize, case: Case, services: &[Box<str>]) -> Result<Question, Failure> {
    let place = format!("line {line} of `{}`", input::name(path));
    if case.world_input().is_some() {
        return Err(Failure::usage_with(
            format!("{place} is a case with a world of its own"),
            "a bundle is measured with cases that have neither `policies` nor `world`; `camshaft test` runs the others",
        ));
    }
    match case.request(services) {
        Some(request) => Ok(Question { line, request, case: Some(case) }),
        None => Err(Failure::usage(format!("{place} is a case without a `request`"))),
    }
}

/// An answer, as `camshaft decide` prints it; what may differ between two bundles is left out.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    id: Option<String>,
    decision: Option<String>,
    #[serde(default)]
    reason: BTreeSet<String>,
    blocked_by: Option<String>,
    error: Option<Refused>,
}

#[derive(Debug, Deserialize)]
struct Refused {
    code: String,
}

/// Reads the answers to so many questions.
pub(super) fn answers(path: &Path, questions: usize) -> Result<Vec<Answer>, Failure> {
    let unusable = |why: String| {
        Failure::usage_with(
            format!("`--answers {}` cannot be used: {why}", path.display()),
            "it is what `camshaft decide -b BUNDLE --requests FILE` prints for the same requests",
        )
    };
    let bytes = input::read(path)?;
    let text = core::str::from_utf8(&bytes).map_err(|_| unusable("it is not UTF-8".into()))?;
    let mut answers = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let answer: Answer = serde_json::from_str(line)
            .map_err(|error| unusable(format!("line {number} is no answer: {error}")))?;
        if answer.decision.is_some() == answer.error.is_some() {
            return Err(unusable(format!("line {number} has no decision")));
        }
        answers.push(answer);
    }
    match answers.len() {
        found if found == questions => Ok(answers),
        found => Err(unusable(format!("it has {found} answers to {questions} requests"))),
    }
}

/// What deciding everything once came to.
pub(super) struct Checked {
    /// Questions that had an answer to compare with.
    pub(super) compared: usize,
    /// Those that were answered otherwise.
    pub(super) differences: Vec<Failed>,
    /// Questions that are errors, though nothing says that they should be.
    pub(super) malformed: usize,
}

/// Decides every question once and compares.
pub(super) fn check(
    path: &Path,
    decider: &Decider,
    questions: &[Question],
    answers: Option<&[Answer]>,
) -> Checked {
    let mut scratch = decider.engine().scratch();
    let mut checked = Checked { compared: 0, differences: Vec::new(), malformed: 0 };
    for (number, Question { line, request, case }) in questions.iter().enumerate() {
        let outcome = test::answered(request, decider, BTreeSet::new(), &mut scratch);
        let id = match (case, request) {
            (Some(case), _) => case.id.clone(),
            (None, Ok(request)) => request.id.clone(),
            (None, Err(error)) => error.id.clone(),
        };
        let mut differences = Vec::new();
        let answer = answers.and_then(|answers| answers.get(number));
        if let Some(case) = case {
            differences.extend(test::differences(case, &outcome));
        }
        if let Some(answer) = answer {
            differences.extend(differs(answer, id.as_deref(), &outcome));
        }
        let is_compared = case.is_some() || answer.is_some();
        checked.compared += usize::from(is_compared);
        checked.malformed += usize::from(!is_compared && outcome.decision == "error");
        if !differences.is_empty() {
            let line = u32::try_from(*line).unwrap_or(u32::MAX);
            checked.differences.push(Failed { path: input::name(path), line, id, differences });
        }
    }
    checked
}

/// In what an outcome is not the answer.
fn differs(answer: &Answer, id: Option<&str>, outcome: &Outcome) -> Vec<Difference> {
    let set = |text: Option<&str>| text.map(String::from).into_iter().collect::<BTreeSet<_>>();
    // Beside its own, an error has the codes of a refused session policy.
    let code = answer.error.as_ref().map(|error| error.code.clone());
    let codes: BTreeSet<String> = outcome.codes.iter().map(ToString::to_string).collect();
    let codes = match &code {
        Some(code) if codes.contains(code) => set(Some(code)),
        Some(_) => codes,
        None => BTreeSet::new(),
    };
    let decision = answer.decision.as_deref().unwrap_or("error");
    let parts = [
        ("id", set(answer.id.as_deref()), set(id)),
        ("decision", set(Some(decision)), set(Some(outcome.decision))),
        ("reason", answer.reason.clone(), outcome.reasons.clone()),
        ("blocked_by", set(answer.blocked_by.as_deref()), set(outcome.blocked_by)),
        ("diagnostic", set(code.as_deref()), codes),
    ];
    let differing = parts.into_iter().filter(|(_, expected, got)| expected != got);
    let difference = |(what, expected, got): (&'static str, BTreeSet<String>, BTreeSet<String>)| Difference {
        what,
        expected: expected.into_iter().collect(),
        got: got.into_iter().collect(),
        note: String::new(),
    };
    differing.map(difference).collect()
}
