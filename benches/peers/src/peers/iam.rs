//! iam-rs: AWS's language, so a world becomes AWS policies, and requests AWS requests. One evaluator a principal,
//! because an evaluator tries all the policies it has.

use std::hint::black_box;

use camshaft_benches::subject::Subject;
use camshaft_benches::world::{Statement, Term, World};
use camshaft_runtime::Request;
use iam_rs::{
    Arn, Context, ContextValue, Decision, EvaluationOptions, IAMPolicy, IAMRequest, PolicyEvaluator,
    Principal, PrincipalId,
};

use crate::peer::{Load, Map, Peer, Verdict};
use crate::text::{self, Entry, list, quoted, value};

struct Evaluators(Map<PolicyEvaluator>);

/// Parses every document, and gives each principal an evaluator of its documents.
pub fn source(subject: &Subject) -> Load<'_> {
    let world = &subject.world;
    let documents: Vec<String> =
        world.policies.iter().map(|policy| document(world, &policy.statements)).collect();
    Box::new(move |_| {
        let parsed: Result<Vec<IAMPolicy>, _> =
            documents.iter().map(|text| IAMPolicy::from_json(text)).collect();
        let parsed = parsed.map_err(|error| error.to_string())?;
        let mut callers = Map::default();
        for id in text::users(world) {
            let account = &world.accounts[id.account];
            let user = &account.users[id.user];
            let of_groups = user.groups.iter().flat_map(|group| &account.groups[*group].policies);
            let policies = user.policies.iter().chain(of_groups).map(|policy| parsed[*policy].clone());
            let options = EvaluationOptions { max_statements: usize::MAX, ..EvaluationOptions::default() };
            let evaluator = PolicyEvaluator::with_policies(policies.collect()).with_options(options);
            callers.insert(text::principal(world, id), evaluator);
        }
        Ok(Box::new(Evaluators(callers)))
    })
}

fn document(world: &World, statements: &[Statement]) -> String {
    let statements: Vec<String> = statements.iter().map(|each| statement(world, each)).collect();
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

fn statement(world: &World, statement: &Statement) -> String {
    let effect = if statement.deny { "Deny" } else { "Allow" };
    let actions = list(statement.actions.iter().map(text::action));
    let mut resources: Vec<String> = text::entries(world, statement).iter().map(resource).collect();
    if let (true, Some(action)) = (statement.deny, statement.actions.first()) {
        // A deny on any resource of a service holds for the request for all of them.
        resources.push(everything(&action.service.name));
    }
    let mut condition = String::new();
    for term in &statement.terms {
        let (operator, key) = match term {
            Term::Networks(_) => ("IpAddress", "aws:SourceIp"),
            Term::Tags(_) => ("StringEquals", "aws:ResourceTag/tag"),
            Term::MaxKeys(_) => ("NumericLessThanEquals", "s3:max-keys"),
            Term::After(_) => ("DateGreaterThan", "aws:CurrentTime"),
        };
        let comma = if condition.is_empty() { "" } else { "," };
        condition.push_str(&format!(r#"{comma}"{operator}":{{"{key}":[{}]}}"#, list(term.values())));
    }
    let condition =
        if condition.is_empty() { String::new() } else { format!(r#","Condition":{{{condition}}}"#) };
    format!(
        r#"{{"Effect":{},"Action":[{actions}],"Resource":[{}]{condition}}}"#,
        quoted(effect),
        list(resources)
    )
}

fn resource(entry: &Entry<'_>) -> String {
    match entry {
        Entry::All => "*".into(),
        Entry::Segments { service, region, account, path } => {
            format!("arn:qcs:{service}:{}:{}:{path}", region.unwrap_or("*"), digits(account))
        }
    }
}

/// The request for all resources of a service; no resource has this partition.
fn everything(service: &str) -> String {
    format!("arn:all:{service}:::all")
}

/// An account in twelve digits: those of a uin, or an APPID behind zeros, with which no uin begins.
fn digits(account: &str) -> String {
    let number = account.split_once('/').map_or(account, |(_, number)| number);
    format!("{number:0>12}")
}

fn translate(request: &Request<'_>) -> Option<IAMRequest> {
    let mut principal = request.principal.split(':').skip(4);
    let (root, sub) = (principal.next()?.strip_prefix("uin/")?, principal.next()?.strip_prefix("uin/")?);
    let resource = match request.resources {
        ["*"] => everything(request.action.split(':').next()?),
        [resource] => {
            let mut segments = resource.splitn(6, ':').skip(2);
            let (service, region) = (segments.next()?, segments.next()?);
            let (account, path) = (segments.next()?, segments.next()?);
            format!("arn:qcs:{service}:{region}:{}:{path}", digits(account))
        }
        _ => return None,
    };
    let mut context = Context::new();
    for (from, to) in [("qcs:ip", "aws:SourceIp"), ("qcs:resource_tag", "aws:ResourceTag/tag")] {
        if let Some(text) = value(request, from) {
            context.insert(to.into(), ContextValue::String(text.into()));
        }
    }
    if let Some(most) = value(request, "cos:max-keys").and_then(|text| text.parse().ok()) {
        context.insert("s3:max-keys".into(), ContextValue::Number(most));
    }
    if let Some(time) = request.time {
        context.insert("aws:CurrentTime".into(), ContextValue::String(time.into()));
    }
    let principal = Principal::Aws(PrincipalId::String(format!("arn:aws:iam::{root}:user/{sub}")));
    Some(IAMRequest::new_with_context(principal, request.action, Arn::parse(&resource).ok()?, context))
}

impl Peer for Evaluators {
    fn translate(&mut self, request: &Request<'_>) -> bool {
        black_box(translate(request)).is_some()
    }

    fn decide(&mut self, request: &Request<'_>) -> Verdict {
        let evaluator = self.0.get(request.principal);
        let result = evaluator.zip(translate(request)).map(|(found, request)| found.evaluate(&request));
        match result {
            Some(Ok(result)) => match result.decision {
                Decision::Allow => Verdict::Allow,
                Decision::Deny => Verdict::Deny,
                Decision::NotApplicable => Verdict::Nothing,
            },
            Some(Err(error)) => panic!("iam-rs refuses {request:?}: {error}"),
            None => Verdict::Nothing,
        }
    }
}
