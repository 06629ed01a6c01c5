//! What would have to change for a denied request to be allowed: denies that would have to go, and for every part of the
//! evaluation that lacks an allow the smallest statement that is one.

mod applied;

use std::collections::BTreeSet;

use camshaft_frontend::document;
use camshaft_frontend::limits::Limits;
use camshaft_frontend::policy::{Kind, Statement};
use camshaft_frontend::request::Request;
use camshaft_frontend::setting::{Catalogue, Parameters, Setting};
use camshaft_frontend::source::Source;
use camshaft_runtime::{Dimension, Explanation, Obstacle, Part, PartReport, ResourceReport, StatementReport};
use serde_json::{Map, Value, json};

pub use applied::{PROPOSED, applied};

/// What would have to change.
#[derive(Clone, Debug)]
pub struct Remedy {
    /// Denies that would have to go or spare the request, `policy#index`.
    pub denies: Vec<String>,
    /// Statements that would each have to be added.
    pub grants: Vec<Grant>,
    /// Why no statement can help.
    pub obstacle: Option<Obstacle>,
    /// Allows that miss nothing but their condition, where one of them is all that it takes.
    pub contexts: Vec<Otherwise>,
}

/// A statement to add.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Which part lacks it.
    pub part: Part,
    /// Where to add it, in words.
    pub to: String,
    /// The statement; none where no exact one can be written.
    pub statement: Option<Value>,
    /// What it opens, in words; the first is what was asked for.
    pub opens: Vec<String>,
}

/// An allow that misses nothing but its condition.
#[derive(Clone, Debug)]
pub struct Otherwise {
    /// `policy#index`.
    pub statement: String,
    /// What its condition asks for and the context does not have.
    pub wants: Vec<String>,
}

impl Remedy {
    /// What it takes, from the story of a denial.
    pub fn new(explanation: &Explanation, request: &Request) -> Self {
        let mut denies = BTreeSet::new();
        for report in explanation.resources.iter().flat_map(denying) {
            denies.insert(report.name.clone());
        }
        let mut parts: Vec<Part> = Vec::new();
        for resource in &explanation.resources {
            parts.extend(resource.need.parts.iter().filter(|part| !parts.contains(part)).collect::<Vec<_>>());
        }
        parts.sort_unstable();
        let obstacle = explanation.resources.iter().find_map(|resource| resource.need.obstacle);
        let mut grants = Vec::new();
        let mut contexts = Vec::new();
        let several = parts.len() > 1;
        for part in parts {
            let lacking = explanation.resources.iter().zip(&request.resources);
            let lacking: Vec<(&ResourceReport, &String)> =
                lacking.filter(|(resource, _)| resource.need.parts.contains(&part)).collect();
            if obstacle.is_none() {
                grants.extend(self::grants(part, &lacking, request));
            }
            // Where more is lacking, another context alone does not help.
            if let ([(resource, _)], false) = (lacking.as_slice(), several) {
                contexts.extend(statements(resource, part).filter_map(otherwise));
            }
        }
        contexts.truncate(3);
        Self { denies: denies.into_iter().collect(), grants, obstacle, contexts }
    }
}

/// The denies that match, of whatever part but that for anyone.
pub fn denying(resource: &ResourceReport) -> impl Iterator<Item = &StatementReport> {
    let parts = resource.parts.iter().filter(|part| part.part != Part::Anyone);
    let statements = parts.flat_map(|part| &part.statements);
    statements.filter(|report| report.denies && report.misses.is_empty())
}

/// The statements of a part, nearest first.
fn statements(resource: &ResourceReport, part: Part) -> impl Iterator<Item = &StatementReport> {
    let parts = resource.parts.iter().filter(move |report: &&PartReport| report.part == part);
    parts.flat_map(|report| &report.statements)
}

fn otherwise(report: &StatementReport) -> Option<Otherwise> {
    let conditions = !report.denies && !report.misses.is_empty();
    let only = conditions && report.misses.iter().all(|miss| miss.dimension == Dimension::Condition);
    let wants = || report.misses.iter().map(|miss| miss.wanted.clone()).collect();
    only.then(|| Otherwise { statement: report.name.clone(), wants: wants() })
}

/// The statements that a part lacks: one for all resources, in resource policies one for each.
fn grants(part: Part, lacking: &[(&ResourceReport, &String)], request: &Request) -> Vec<Grant> {
    if part != Part::Resource {
        return vec![grant(part, lacking, request)];
    }
    lacking.iter().map(|one| grant(part, core::slice::from_ref(one), request)).collect()
}

fn grant(part: Part, lacking: &[(&ResourceReport, &String)], request: &Request) -> Grant {
    let action = request.action.strip_prefix("name/").unwrap_or(&request.action);
    let resources: BTreeSet<String> = lacking.iter().map(|(_, resource)| entry(resource)).collect();
    let mut statement = Map::new();
    statement.insert("effect".into(), "allow".into());
    let kind = kind(part);
    if matches!(kind, Kind::Resource | Kind::Trust) {
        statement.insert("principal".into(), principal(&request.principal));
    }
    statement.insert("action".into(), json!([action]));
    statement.insert("resource".into(), json!(resources));
    // A grant is no wider than the statement that came nearest: its condition holds already.
    let condition = lacking.iter().find_map(|(resource, _)| condition(resource, part));
    let bare = condition.is_none();
    if let Some(condition) = condition {
        statement.insert("condition".into(), condition);
    }
    let statement = Value::Object(statement);
    let written = read(&statement, kind).map(|_| statement);
    let opens = if written.is_some() { opens(part, &resources, bare) } else { Vec::new() };
    Grant { part, to: to(part, lacking), statement: written, opens }
}

/// The condition of the nearest allow of a part, if it holds.
fn condition(resource: &ResourceReport, part: Part) -> Option<Value> {
    let nearest = statements(resource, part).find(|report| !report.denies && !report.misses.is_empty())?;
    let missed = |dimension| nearest.misses.iter().any(|miss| miss.dimension == dimension);
    if missed(Dimension::Condition) || missed(Dimension::Principal) || missed(Dimension::Service) {
        return None;
    }
    serde_json::from_str::<Value>(&nearest.text).ok()?.get("condition").cloned()
}

/// A resource of a request as an entry of a policy.
fn entry(resource: &str) -> String {
    let segments: Vec<&str> = resource.splitn(6, ':').collect();
    let &[qcs, _, service, region, account, path] = segments.as_slice() else { return resource.to_owned() };
    let slash = if service == "cos" && !path.contains(['/', '*']) { "/" } else { "" };
    format!("{qcs}::{service}:{region}:{account}:{path}{slash}")
}

/// The caller as policies name it.
fn principal(caller: &str) -> Value {
    if let Some(domain) = caller.strip_prefix("service/") {
        return json!({ "service": [domain] });
    }
    let (root, who) = match (caller.strip_prefix("qcs::sts:"), caller.strip_prefix("qcs::cam:")) {
        (Some(session), _) => match session.split_once(':') {
            Some((root, rest)) => {
                let who = match rest.split('/').collect::<Vec<_>>().as_slice() {
                    ["assumed-role", id, ..] => format!("role/{id}"),
                    ["federated-user", uin] => format!("uin/{uin}"),
                    _ => rest.to_owned(),
                };
                (root.to_owned(), who)
            }
            None => return json!({ "qcs": [caller] }),
        },
        (None, Some(rest)) => match rest.trim_start_matches(':').split_once(':') {
            Some((root, who)) => (root.trim_start_matches("uin/").to_owned(), who.to_owned()),
            None => return json!({ "qcs": [caller] }),
        },
        (None, None) => return json!({ "qcs": [caller] }),
    };
    if root == "anonymous" {
        return json!({ "qcs": [caller] });
    }
    let federated = who.starts_with("saml-provider/") || who.starts_with("oidc-provider/");
    let kind = if federated { "federated" } else { "qcs" };
    let mut principal = Map::new();
    principal.insert(kind.into(), json!([format!("qcs::cam::uin/{root}:{who}")]));
    Value::Object(principal)
}

/// As what a statement of a part is attached.
fn kind(part: Part) -> Kind {
    match part {
        Part::Resource | Part::Anyone => Kind::Resource,
        Part::Trust => Kind::Trust,
        Part::Boundary => Kind::Boundary,
        Part::Session => Kind::Session,
        Part::Scp(_) => Kind::Scp,
        Part::Identity => Kind::Identity,
    }
}

/// The statement as a policy of its own is read; none where it is refused: what a request may be called cannot always
/// be written.
fn read(statement: &Value, kind: Kind) -> Option<Vec<Statement>> {
    let source = Source::new("remedy", json!({ "version": "2.0", "statement": [statement] }).to_string());
    let (parameters, catalogue) = (Parameters::new(), Catalogue::new());
    let limits = Limits { document_soft_chars: None, document_hard_chars: None, ..Limits::default() };
    let setting = Setting {
        kind,
        preset: false,
        account: None,
        parameters: &parameters,
        builtin_parameters: false,
        catalogue: &catalogue,
        legacy_project: false,
        strict: false,
        limits: &limits,
        scope: None,
        unknown_account: true,
    };
    document::parse_source(&source, 0).read(&source, &setting).statements
}

fn to(part: Part, lacking: &[(&ResourceReport, &String)]) -> String {
    match part {
        Part::Scp(level) => format!("a policy of level {level} of the organization"),
        Part::Boundary => "the permissions boundary of the caller".into(),
        Part::Session => "the session policy of the request".into(),
        Part::Identity => "a policy of the caller".into(),
        Part::Trust => "the trust policy of the role".into(),
        Part::Resource | Part::Anyone => {
            let resource = lacking.first().map_or("", |(_, resource)| resource);
            format!("a resource policy of the owner, on {}", entry(resource))
        }
    }
}

/// What the statement covers besides the request.
fn opens(part: Part, resources: &BTreeSet<String>, bare: bool) -> Vec<String> {
    let mut opens = vec![match bare {
        true => "this action on this resource, in any context".to_owned(),
        false => "this action on this resource, wherever the condition holds".to_owned(),
    }];
    for resource in resources {
        if resource == "*" {
            opens.push("every other resource, should the action ever take one".into());
        } else if resource.contains('*') {
            opens.push(format!("everything that `{resource}` matches: in a policy `*` stands for any text"));
        } else if resource.split(':').nth(3) == Some("") {
            opens.push(format!("`{resource}` in every region, for the request names none"));
        }
    }
    match part {
        Part::Boundary => opens.push("the same for everyone else whom this boundary bounds".into()),
        Part::Scp(_) => opens.push("the same for all accounts below that level".into()),
        _ => {}
    }
    opens
}
