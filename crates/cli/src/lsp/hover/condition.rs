//! Operators and values of conditions.

use camshaft_frontend::address::Network;
use camshaft_frontend::operator::{Base, Operator, Qualifier, ValueType};
use camshaft_frontend::policy::{Term, Values};
use camshaft_frontend::setting::Setting;

use super::super::probe;
use super::{code, key, pattern};
use crate::render::text::figure;

/// What an operator asks for.
fn comparison(base: Base) -> &'static str {
    match base.positive() {
        Base::StringEqual => "equals a value of the policy, byte by byte; `*` is an ordinary character",
        Base::StringEqualIgnoreCase => "equals a value of the policy, ASCII case aside",
        Base::StringLike => "matches a value of the policy, in which `*` stands for any text",
        Base::NumericEqual => "is the same number as a value of the policy",
        Base::NumericLessThan => "is a number less than a value of the policy",
        Base::NumericLessThanEqual => "is a number less than or equal to a value of the policy",
        Base::NumericGreaterThan => "is a number greater than a value of the policy",
        Base::NumericGreaterThanEqual => "is a number greater than or equal to a value of the policy",
        Base::DateEqual => "is the same instant as a value of the policy",
        Base::DateLessThan => "is before a value of the policy",
        Base::DateLessThanEqual => "is a value of the policy or before it",
        Base::DateGreaterThan => "is after a value of the policy",
        Base::DateGreaterThanEqual => "is a value of the policy or after it",
        Base::BoolEqual => "is the boolean of the policy",
        Base::BinaryEqual => "is the text of a value of the policy, byte by byte",
        Base::IpEqual => "is an address in a network of the policy",
        _ => "is empty",
    }
}

/// What an operator means, what it makes of absent keys and of several values.
pub(crate) fn operator(name: &str) -> Option<String> {
    let operator = Operator::parse(name).ok()?;
    let Operator { qualifier, base, if_exist } = operator;
    let title = format!("**{operator}**");
    if base == Base::NullEqual {
        return Some(format!(
            "{title}\n\n`\"true\"`: the key is absent, or all its values are empty texts. `\"false\"`: the opposite. It is never undecided. *CON-15*"
        ));
    }
    let comparison = comparison(base);
    let one = match base.is_negated() {
        true => format!("True for a value of the request that for **no** value of the policy {comparison}."),
        false => format!("True for a value of the request that {comparison}."),
    };
    let several = match qualifier {
        Qualifier::None => "true if it holds for all, false if for none, else undecided",
        Qualifier::AnyValue => "true if it holds for at least one",
        Qualifier::AllValues => "true if it holds for all",
    };
    let none = if qualifier == Qualifier::AnyValue { "false" } else { "undecided" };
    let absent = match (if_exist, base.value_type()) {
        (true, _) => "**true**: `_if_exist`",
        (false, ValueType::Address) => "false, but undecided for `qcs:ip`",
        (false, ValueType::Date) => "false, but undecided for `qcs:current_time`",
        (false, _) => "**false**, whatever the operator",
    };
    let kind = match base.value_type() {
        ValueType::Number => " A value that is not a number is undecided.",
        ValueType::Date => " A value that is not a date is undecided.",
        ValueType::Bool => " A value that is not `true` or `false` is undecided.",
        ValueType::Address => " A value that is not an address is undecided.",
        _ => "",
    };
    Some(format!(
        "{title}\n\n{one}{kind}\n\n| the request has | result |\n|---|---|\n| several values | {several} |\n| the key without values | {none} |\n| no such key | {absent} |\n\nUndecided grants nothing in an allow and binds in a deny. *CON-6 to CON-14, EVA-2*"
    ))
}

/// What a value means; `value` is JSON text.
pub(super) fn value(operator: &str, key: &str, value: &str, setting: &Setting<'_>) -> Option<String> {
    let Term { operator, values, unvalued, .. } = probe::term(operator, key, value, setting)?;
    if unvalued {
        return Some("This value depends on an account that is not known here.".into());
    }
    let relation = if operator.base.is_negated() { "excludes" } else { "admits" };
    let text = match &values {
        Values::Text(patterns) => {
            let pattern = patterns.first()?;
            let mut text = format!("A value of {} that {}.", code(key), pattern::words(pattern));
            let examples = pattern::examples(pattern, &["example", "a/b", ""]);
            if examples.len() > 1 {
                let list: Vec<String> = examples.iter().map(|example| code(example)).collect();
                text.push_str(&format!(" For example {}.", list.join(", ")));
            }
            text
        }
        Values::Number(numbers) => format!("The number {}.", numbers.first()?),
        Values::Date(dates) => format!("The instant {} (UTC).", code(&dates.first()?.to_string())),
        Values::Bool(booleans) => format!("The boolean `{}`.", booleans.first()?),
        Values::Null(true) => format!("Holds where {} is absent, or all its values are empty.", code(key)),
        Values::Null(false) => format!("Holds where {} has a value that is not empty.", code(key)),
        Values::Network(networks) => return Some(networks_text(networks, relation)),
    };
    Some(format!("{text}\n\n{}", key::line(key)))
}

/// Networks that are listed.
const MOST_NETWORKS: usize = 8;

/// The effective networks of a value.
fn networks_text(networks: &[Network], relation: &str) -> String {
    let mut lines = vec![
        format!("This value {relation} {}.", count(networks)),
        String::new(),
        "| network | first address | last address | addresses |".into(),
        "|---|---|---|--:|".into(),
    ];
    for network in networks.iter().take(MOST_NETWORKS) {
        let (first, last) = ends(*network);
        lines.push(format!("| `{network}` | {first} | {last} | {} |", addresses(size(*network))));
    }
    if let Some(more) = networks.len().checked_sub(MOST_NETWORKS).filter(|more| *more > 0) {
        lines.extend([String::new(), format!("and {} more networks", figure(more as u64))]);
    }
    lines.extend([String::new(), "*LIT-9 to LIT-12*".into()]);
    lines.join("\n")
}

fn count(networks: &[Network]) -> String {
    let total = networks.iter().fold(0u128, |sum, network| sum.saturating_add(size(*network)));
    let addresses = addresses(total);
    match (networks.len(), total) {
        (1, 1) => "1 address".into(),
        (1, _) => format!("{addresses} addresses"),
        (some, _) => format!("{} networks, {addresses} addresses", figure(some as u64)),
    }
}

/// How many addresses a network has; the whole of IPv6 counts one less.
fn size(network: Network) -> u128 {
    let free = match network {
        Network::V4(_, length) => 32 - u32::from(length.min(32)),
        Network::V6(_, length) => 128 - u32::from(length.min(128)),
    };
    1u128.checked_shl(free).unwrap_or(u128::MAX)
}

/// A count; of those that nobody would read the power of two.
fn addresses(count: u128) -> String {
    match count {
        0..=0xffff_ffff_ffff => figure(count),
        u128::MAX => "2^128".into(),
        _ if count.is_power_of_two() => format!("2^{}", count.trailing_zeros()),
        _ => format!("about 2^{}", count.ilog2()),
    }
}

/// The first and the last address.
fn ends(network: Network) -> (String, String) {
    use std::net::{Ipv4Addr, Ipv6Addr};
    match network {
        Network::V4(bits, length) => {
            let free = u32::MAX.checked_shr(length.into()).unwrap_or(0);
            (Ipv4Addr::from(bits).to_string(), Ipv4Addr::from(bits | free).to_string())
        }
        Network::V6(bits, length) => {
            let free = u128::MAX.checked_shr(length.into()).unwrap_or(0);
            (Ipv6Addr::from(bits).to_string(), Ipv6Addr::from(bits | free).to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_have_ends() {
        let network = |text: &str| Network::parse(text).map(|(network, _)| network).unwrap();
        let ends = |text: &str| ends(network(text));
        assert_eq!(ends("10.0.0.0/8"), ("10.0.0.0".into(), "10.255.255.255".into()));
        assert_eq!(ends("10.1.2.3"), ("10.1.2.3".into(), "10.1.2.3".into()));
        assert_eq!(ends("0.0.0.0/0").1, "255.255.255.255");
        assert_eq!(ends("fe80::/10").1, "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
        let text = |text: &str| addresses(size(network(text)));
        assert_eq!(
            (text("10.0.0.0/8"), text("::/0"), text("::/64")),
            ("16,777,216".into(), "2^128".into(), "2^64".into())
        );
        assert_eq!(count(&[network("10.1.2.3")]), "1 address");
    }

    #[test]
    fn every_operator_has_words() {
        for base in Base::ALL {
            assert!(operator(base.name()).is_some_and(|text| text.contains(base.name())), "{base:?}");
        }
        let like = operator("for_any_value:string_not_like_if_exist").unwrap();
        assert!(
            like.contains("**no** value") && like.contains("at least one") && like.contains("`_if_exist`")
        );
        assert_eq!(operator("StringLike"), None);
    }
}
