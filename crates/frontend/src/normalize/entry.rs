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
    policy::{AccountPattern, ActionEntry, Pattern, Piece, ProjectPattern, ResourceEntry, ResourcePattern},
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

pub(super) fn write_action(out: &mut String, action: &ActionEntry) {
    match action {
        ActionEntry::All => out.push('*'),
        ActionEntry::Operation { service, operation } => {
            out.push_str(service);
            out.push(':');
            write_pattern(out, operation);
        }
    }
}

pub(super) fn write_resource(out: &mut String, resource: &ResourceEntry) {
    match resource {
        ResourceEntry::All => out.push('*'),
        ResourceEntry::Segments(pattern) => write_segments(out, pattern),
    }
}

pub(super) fn write_segments(out: &mut String, segments: &ResourcePattern) {
    out.push_str("qcs:");
    match &segments.project {
        ProjectPattern::Any => {}
        ProjectPattern::Default => out.push_str("id/0"),
        ProjectPattern::Id(id) => out.extend(["id/", id]),
    }
    out.extend([":", segments.service.as_deref().unwrap_or("")]);
    out.extend([":", segments.region.as_deref().unwrap_or(""), ":"]);
    match &segments.account {
        AccountPattern::Own => {}
        AccountPattern::Any => out.push('*'),
        AccountPattern::Uin(uin) => out.extend(["uin/", uin]),
        AccountPattern::AppId(appid) => out.extend(["uid/", appid]),
        AccountPattern::Unvalued => out.push_str("uin/${OwnerUin}"),
    }
    out.push(':');
    write_pattern(out, &segments.path);
}

pub(super) fn write_pattern(out: &mut String, pattern: &Pattern) {
    for piece in &pattern.0 {
        match piece {
            Piece::Literal(literal) => out.push_str(literal),
            Piece::Star => out.push('*'),
            Piece::Variable(variable) => out.extend(["${", template::variable_name(*variable), "}"]),
        }
    }
}
