//! Entries in canonical form (CITE CAN-2): rewritten from the text of accepted documents, or written
//! from accepted entries.

use camshaft_value::{
    action::strip_name,
    date::Instant,
    decimal::Decimal,
    operator::{Operator, ValueType},
    region,
    resource::lacks_slash,
};

use super::form::Entries;
use crate::{
    action::is_everything,
    limits, network,
    policy::{AccountPattern, ActionEntry, Pattern, Piece, ProjectPattern, ResourceEntry, Term, Values},
    template::{self, is_template},
    value,
};

pub(super) fn action(text: &str) -> String {
    if is_everything(text) { "*".to_owned() } else { strip_name(text).to_owned() }
}

pub(super) fn resource(text: &str) -> String {
    let segments = template::segments(text, 5);
    let [prefix, project, service, region, account, path] = *segments.as_slice() else {
        return text.to_owned();
    };
    let service = if service == "*" { "" } else { service };
    let region = match region {
        "*" => "",
        written if is_template(written) => written,
        written => region::canonical(written),
    };
    let account = if matches!(account, "uin/*" | "uid/*") { "*" } else { account };
    // What a parameter brings may have the slash: it is looked for once the parameter is filled.
    let slash = if !is_template(path) && lacks_slash(service, path) { "/" } else { "" };
    format!("{prefix}:{project}:{service}:{region}:{account}:{path}{slash}")
}

/// The values of one key.
pub(super) fn values<'t>(operator: &str, values: impl Iterator<Item = &'t str>) -> Entries {
    let kind = Operator::parse(operator).map_or(ValueType::String, |operator| operator.base.value_type());
    let mut entries = Entries::new();
    let mut networks = Vec::new();
    for text in values {
        let rewritten = match kind {
            ValueType::String => None,
            _ if is_template(text) => None,
            ValueType::Number => Decimal::parse(text).map(|number| number.to_string()),
            ValueType::Date => Instant::parse_policy(text).map(|(instant, _)| instant.to_string()),
            ValueType::Bool | ValueType::Null => None,
            ValueType::Address => {
                let limit = limits::DOCUMENT_NETWORKS;
                if value::networks(text, limit, &mut 0, &mut Vec::new(), &mut networks).is_ok() {
                    continue;
                }
                None
            }
        };
        entries.insert(rewritten.unwrap_or_else(|| text.to_owned()));
    }
    entries.extend(network::join(networks).iter().map(ToString::to_string));
    entries
}

pub(super) fn action_text(action: &ActionEntry) -> String {
    match action {
        ActionEntry::All => "*".to_owned(),
        ActionEntry::Operation { service, operation } => format!("{service}:{}", pattern_text(operation)),
    }
}

pub(super) fn resource_text(resource: &ResourceEntry) -> String {
    let ResourceEntry::Segments(segments) = resource else { return "*".to_owned() };
    let project = match &segments.project {
        ProjectPattern::Any => String::new(),
        ProjectPattern::Default => "id/0".to_owned(),
        ProjectPattern::Id(id) => format!("id/{id}"),
    };
    let account = match &segments.account {
        AccountPattern::Own => String::new(),
        AccountPattern::Any => "*".to_owned(),
        AccountPattern::Uin(uin) => format!("uin/{uin}"),
        AccountPattern::AppId(appid) => format!("uid/{appid}"),
        AccountPattern::Unvalued => "uin/${OwnerUin}".to_owned(),
    };
    let service = segments.service.as_deref().unwrap_or("");
    let region = segments.region.as_deref().unwrap_or("");
    format!("qcs:{project}:{service}:{region}:{account}:{}", pattern_text(&segments.path))
}

pub(super) fn term_values(term: &Term) -> Entries {
    fn all<T: ToString>(values: &[T]) -> Entries {
        values.iter().map(ToString::to_string).collect()
    }
    let mut entries = match &term.values {
        Values::Text(patterns) => patterns.iter().map(pattern_text).collect(),
        Values::Number(numbers) => all(numbers),
        Values::Date(dates) => all(dates),
        Values::Bool(booleans) => all(booleans),
        Values::Network(networks) => all(networks),
        Values::Null(operand) => Entries::from([operand.to_string()]),
    };
    if term.unvalued {
        entries.insert("${OwnerUin}".to_owned());
    }
    entries
}

fn pattern_text(pattern: &Pattern) -> String {
    let mut text = String::new();
    for piece in &pattern.0 {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Star => text.push('*'),
            Piece::Variable(variable) => {
                text.push_str("${");
                text.push_str(template::variable_name(*variable));
                text.push('}');
            }
        }
    }
    text
}
