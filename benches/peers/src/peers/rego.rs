//! regorus: a policy in Rego, compiled once for its virtual machine, over data that is indexed by hand as the
//! thirty lines are: by principal and by the service of the action.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use camshaft_benches::subject::Subject;
use camshaft_benches::world::{Statement, Term, World};
use camshaft_runtime::Request;
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Value};

use crate::peer::{Load, Peer, Verdict};
use crate::text::{self, Entry, list, quoted, value};

const POLICY: &str = r#"
package cam

import rego.v1

held := data.callers[input.principal][input.service]

default decision := "nothing"

decision := "deny" if denied

decision := "allow" if {
    not denied
    allowed
}

denied if {
    some statement in held.deny
    applies(statement)
}

allowed if {
    some statement in held.allow
    applies(statement)
}

applies(statement) if {
    operation(statement)
    resource(statement)
    every term in statement.condition { holds(term) }
}

operation(statement) if input.operation in statement.operations

operation(statement) if startswith(input.operation, statement.prefix)

resource(statement) if statement.everything

resource(statement) if input.resource in statement.exact

resource(statement) if strings.any_prefix_match(input.resource, statement.begins)

resource(statement) if {
    some glob in statement.globs
    startswith(input.resource, glob.head)
    endswith(input.resource, glob.tail)
    count(input.resource) >= glob.ends
    contains(substring(input.resource, glob.start, count(input.resource) - glob.ends), glob.middle)
}

holds(term) if {
    some network in term.networks
    net.cidr_contains(network, input.ip)
}

holds(term) if input.tag in term.tags

holds(term) if input.max_keys <= term.max_keys

holds(term) if input.time > term.after
"#;

const DECISION: &str = "data.cam.decision";

struct Rego {
    machine: RegoVM,
    /// Whether policies name no regions, and requests are asked without theirs.
    without_region: bool,
}

/// Indexes the data, and compiles the policy.
pub fn source(subject: &Subject) -> Load<'_> {
    let world = &subject.world;
    let mut regions = [false; 2];
    let statements = world.policies.iter().flat_map(|policy| &policy.statements);
    for entry in statements.flat_map(|statement| text::entries(world, statement)) {
        if let Entry::Segments { region, .. } = entry {
            regions[usize::from(region.is_some())] = true;
        }
    }
    let data = data(world);
    Box::new(move |_| {
        if regions == [true; 2] {
            return Err("entries with and without a region".into());
        }
        let machine = machine(&data).map_err(|error| error.to_string())?;
        Ok(Box::new(Rego { machine, without_region: regions[0] }))
    })
}

fn machine(data: &str) -> Result<RegoVM, Box<dyn std::error::Error>> {
    let mut engine = Engine::new();
    engine.add_policy("cam.rego".into(), POLICY.into())?;
    let compiled = engine.compile_with_entrypoint(&DECISION.into())?;
    let mut machine = RegoVM::new();
    machine.load_program(Arc::clone(&Compiler::compile_from_policy(&compiled, &[DECISION])?));
    machine.set_max_instructions(usize::MAX);
    machine.set_data(Value::from_json_str(data)?)?;
    Ok(machine)
}

/// `callers`: principal → service → effect → statements.
fn data(world: &World) -> String {
    let callers = text::users(world).map(|id| {
        let mut services: BTreeMap<&str, [Vec<String>; 2]> = BTreeMap::new();
        for each in world.of_user(id) {
            // Every action of a statement is one service's.
            if let Some(action) = each.actions.first() {
                let lists = services.entry(&action.service.name).or_default();
                lists[usize::from(each.deny)].push(statement(world, each));
            }
        }
        let services = services.iter().map(|(service, [allow, deny])| {
            format!(r#"{}:{{"allow":[{}],"deny":[{}]}}"#, quoted(service), allow.join(","), deny.join(","))
        });
        let services: Vec<String> = services.collect();
        format!("{}:{{{}}}", quoted(&text::principal(world, id)), services.join(","))
    });
    format!(r#"{{"callers":{{{}}}}}"#, callers.collect::<Vec<_>>().join(","))
}

fn statement(world: &World, statement: &Statement) -> String {
    let mut fields = Vec::new();
    let operations = statement.actions.iter().map(|action| action.operation.as_str());
    let (prefixes, exact): (Vec<&str>, Vec<&str>) = operations.partition(|text| text.ends_with('*'));
    // A statement has either one prefix or some operations.
    if let Some(prefix) = prefixes.first() {
        fields.push(format!(r#""prefix":{}"#, quoted(prefix.trim_end_matches('*'))));
    } else {
        fields.push(format!(r#""operations":[{}]"#, list(exact)));
    }
    let (mut exact, mut begins, mut globs) = (Vec::new(), Vec::new(), Vec::new());
    for entry in text::entries(world, statement) {
        let Entry::Segments { service, region, account, path } = &entry else {
            fields.push(r#""everything":true"#.into());
            continue;
        };
        let whole = format!("qcs::{service}:{}:{account}:{path}", region.unwrap_or(""));
        let parts: Vec<&str> = whole.split('*').collect();
        match parts.as_slice() {
            [only] => exact.push((*only).to_owned()),
            [head, ""] => begins.push((*head).to_owned()),
            [head, tail] => globs.push(glob(head, "", tail)),
            [head, middle, tail] => globs.push(glob(head, middle, tail)),
            _ => unreachable!("no pattern of a workload has three stars: {whole}"),
        }
    }
    if statement.deny {
        // A deny on any resource of a service holds for the request for all of them.
        exact.push("*".into());
    }
    for (name, texts) in [("exact", &exact), ("begins", &begins)] {
        if !texts.is_empty() {
            fields.push(format!(r#""{name}":[{}]"#, list(texts)));
        }
    }
    if !globs.is_empty() {
        fields.push(format!(r#""globs":[{}]"#, globs.join(",")));
    }
    let terms: Vec<String> = statement.terms.iter().map(term).collect();
    fields.push(format!(r#""condition":[{}]"#, terms.join(",")));
    format!("{{{}}}", fields.join(","))
}

fn glob(head: &str, middle: &str, tail: &str) -> String {
    let (head_text, middle, tail_text) = (quoted(head), quoted(middle), quoted(tail));
    let (start, ends) = (head.len(), head.len() + tail.len());
    format!(r#"{{"head":{head_text},"middle":{middle},"tail":{tail_text},"start":{start},"ends":{ends}}}"#)
}

fn term(term: &Term) -> String {
    match term {
        Term::Networks(_) => format!(r#"{{"networks":[{}]}}"#, list(term.values())),
        Term::Tags(tags) => format!(r#"{{"tags":[{}]}}"#, list(tags)),
        Term::MaxKeys(most) => format!(r#"{{"max_keys":{most}}}"#),
        Term::After(_) => format!(r#"{{"after":{}}}"#, text::new_year(term)),
    }
}

impl Rego {
    fn asked(&self, request: &Request<'_>) -> Value {
        let (service, operation) = request.action.split_once(':').unwrap_or((request.action, ""));
        let resource = request.resources.first().copied().unwrap_or("");
        let mut input = vec![
            ("principal", Value::from(request.principal)),
            ("service", Value::from(service)),
            ("operation", Value::from(operation)),
        ];
        let mut segments = resource.splitn(5, ':');
        match (self.without_region, segments.nth(2), segments.nth(1)) {
            (true, Some(service), Some(rest)) => {
                input.push(("resource", Value::from(format!("qcs::{service}::{rest}"))));
            }
            _ => input.push(("resource", Value::from(resource))),
        }
        for (key, name) in [("qcs:ip", "ip"), ("qcs:resource_tag", "tag")] {
            input.extend(value(request, key).map(|text| (name, Value::from(text))));
        }
        let keys = value(request, "cos:max-keys").and_then(|text| text.parse::<u64>().ok());
        input.extend(keys.map(|keys| ("max_keys", Value::from(keys))));
        let time = request.time.and_then(text::milliseconds);
        input.extend(time.map(|time| ("time", Value::from(time))));
        let input: BTreeMap<Value, Value> =
            input.into_iter().map(|(name, value)| (Value::from(name), value)).collect();
        Value::from(input)
    }
}

impl Peer for Rego {
    fn translate(&mut self, request: &Request<'_>) -> bool {
        black_box(self.asked(request)).as_object().is_ok()
    }

    fn decide(&mut self, request: &Request<'_>) -> Verdict {
        let input = self.asked(request);
        self.machine.set_input(input);
        let decision = self.machine.execute_entry_point_by_index(0);
        match decision.as_ref().map(|value| value.as_string().map(|text| &**text)) {
            Ok(Ok("allow")) => Verdict::Allow,
            Ok(Ok("deny")) => Verdict::Deny,
            Ok(Ok("nothing")) => Verdict::Nothing,
            _ => panic!("regorus says {decision:?} to {request:?}"),
        }
    }
}
