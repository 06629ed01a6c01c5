//! Names of members.

use camshaft_frontend::condition::KNOWN_KEYS;
use camshaft_frontend::operator::{Base, Operator, Qualifier, ValueType};
use camshaft_frontend::policy::Kind;
use gen_lsp_types::CompletionItemKind as ItemKind;

use super::super::cursor::{Element, Step};
use super::super::hover::{key_words, operator_words};
use super::Choice;

/// A name, and behind a NUL the value that goes with it.
fn name(name: &str, value: &str, detail: &str) -> Choice {
    Choice::new(name, ItemKind::Property).snippet(format!("{name}\0{value}")).detail(detail)
}

/// What an object of a policy may have.
pub(super) fn of_policy(element: Element<'_>, kind: Kind) -> Vec<Choice> {
    let with_principal = matches!(kind, Kind::Trust | Kind::Resource);
    match element {
        Element::Policy => vec![
            name("version", "\"2.0\"", "the syntax, always \"2.0\""),
            name("statement", "[{$0}]", "a list of statements"),
        ],
        Element::Statement => {
            let mut names = vec![name("effect", "\"${1|allow,deny|}\"", "allow or deny")];
            if with_principal {
                names.push(name("principal", "{\"qcs\": [\"$1\"]}", "whom it binds"));
            }
            names.push(name("action", "[\"$1\"]", "operations, service:Operation"));
            names.push(name("resource", "[\"$1\"]", "resources of six segments, or *"));
            names.push(name("condition", "{$1}", "operators, keys, values"));
            if kind == Kind::Resource {
                names.push(name("sid", "\"$1\"", "a label; it decides nothing"));
            }
            names
        }
        Element::Principal => vec![
            name("qcs", "[\"$1\"]", "accounts, sub-accounts, groups, roles"),
            name("service", "[\"$1\"]", "cloud services"),
            name("federated", "[\"$1\"]", "identity providers"),
        ],
        Element::Condition => operators(),
        Element::Keys(operator) => keys(operator),
        _ => Vec::new(),
    }
}

/// Every operator: plain, with `_if_exist`, then with each qualifier.
fn operators() -> Vec<Choice> {
    let mut choices = Vec::new();
    for qualifier in [Qualifier::None, Qualifier::AnyValue, Qualifier::AllValues] {
        for &base in Base::ALL {
            for if_exist in [false, true] {
                let text = Operator { qualifier, base, if_exist }.to_string();
                if Operator::parse(&text).is_err() {
                    continue;
                }
                let about = operator_words(&text);
                let choice =
                    Choice::new(&text, ItemKind::Operator).snippet(format!("{text}\0{{\"$1\": [\"$2\"]}}"));
                choices.push(choice.about(about));
            }
        }
    }
    choices
}

/// The known keys that fit an operator; those that only fit it come first.
fn keys(operator: &str) -> Vec<Choice> {
    let kind = Operator::parse(operator).ok().map(|operator| operator.base.value_type());
    let bound = |key: &str| match key {
        "qcs:ip" => Some(ValueType::Address),
        "qcs:current_time" => Some(ValueType::Date),
        "qcs:resource_tag" | "qcs:request_tag" | "qcs:tag" => Some(ValueType::String),
        _ => None,
    };
    let fits = |key: &str| match (bound(key), kind) {
        (Some(bound), Some(kind)) => kind == ValueType::Null || bound == kind,
        _ => true,
    };
    let value = match kind {
        Some(ValueType::Bool | ValueType::Null) => "\"${1|true,false|}\"",
        _ => "[\"$1\"]",
    };
    let mut keys: Vec<&str> = KNOWN_KEYS.iter().copied().filter(|key| fits(key)).collect();
    keys.sort_by_key(|key| (bound(key).is_none(), !key.starts_with("qcs:"), *key));
    keys.into_iter()
        .map(|key| {
            let choice = Choice::new(key, ItemKind::Field).snippet(format!("{key}\0{value}"));
            choice.about(key_words(key))
        })
        .collect()
}

/// What an object of a world may have.
pub(super) fn of_world(steps: &[Step<'_>], stream: bool) -> Vec<Choice> {
    let names: &[(&str, &str)] = match steps {
        [] if stream => &[
            ("account", "{\"uin\": \"$1\"}"),
            ("preset", "{\"name\": \"$1\", \"policy\": {$2}}"),
            ("resource_policy", "{\"resource\": \"$1\", \"policy\": {$2}}"),
            ("organization", "{\"account\": \"$1\", \"levels\": [$2]}"),
            ("general_policy", "$1"),
            ("settings", "{$1}"),
        ],
        [] => &[
            ("accounts", "[{\"uin\": \"$1\"}]"),
            ("presets", "{$1}"),
            ("resource_policies", "[{\"resource\": \"$1\", \"policy\": $2}]"),
            ("organization", "[{\"account\": \"$1\", \"levels\": [$2]}]"),
            ("general_policies", "[$1]"),
            ("catalogue", "{$1}"),
            ("parameters", "{$1}"),
            ("options", "{$1}"),
            ("prerequisites", "[$1]"),
        ],
        [Step::Member("accounts"), Step::Index] | [Step::Member("account")] => &[
            ("uin", "\"$1\""),
            ("appid", "\"$1\""),
            ("users", "[{\"uin\": \"$1\", \"policies\": [$2]}]"),
            ("groups", "[{\"name\": \"$1\", \"policies\": [$2]}]"),
            ("roles", "[{\"name\": \"$1\", \"policies\": [$2]}]"),
            ("policies", "{$1}"),
        ],
        [.., Step::Member("users"), Step::Index] => &[
            ("uin", "\"$1\""),
            ("name", "\"$1\""),
            ("kind", "\"collaborator\""),
            ("groups", "[\"$1\"]"),
            ("policies", "[\"$1\"]"),
            ("boundary", "\"$1\""),
        ],
        [.., Step::Member("groups"), Step::Index] => {
            &[("name", "\"$1\""), ("id", "\"$1\""), ("policies", "[\"$1\"]")]
        }
        [.., Step::Member("roles"), Step::Index] => &[
            ("name", "\"$1\""),
            ("id", "\"$1\""),
            ("policies", "[\"$1\"]"),
            ("boundary", "\"$1\""),
            ("trust", "$1"),
            ("service_linked", "true"),
        ],
        [Step::Member("resource_policies"), Step::Index] | [Step::Member("resource_policy")] => {
            &[("name", "\"$1\""), ("resource", "\"$1\""), ("policy", "$1")]
        }
        [Step::Member("organization"), ..] => &[("account", "\"$1\""), ("levels", "[[$1]]")],
        [.., Step::Member("options")] => &[
            ("strict", "true"),
            ("list_deny", "\"${1|strict,cam|}\""),
            ("cos_anyone_deny", "\"${1|strict,unsigned|}\""),
            ("resource_policy_services", "[\"cos\", \"cas\"]"),
            ("legacy_project", "true"),
            ("builtin_parameters", "false"),
            ("max_artifact_age_s", "$1"),
            ("limits", "{$1}"),
        ],
        _ => &[],
    };
    names.iter().map(|(label, value)| name(label, value, "")).collect()
}
