//! Which values make a condition hold, as good guesses do: requests are to meet the conditions of policies often, and
//! what a condition means is for the evaluators under test to say.

/// Qualifier, base operator, whether it is negated, `_if_exist`.
pub(super) fn split(operator: &str) -> (&str, &str, bool, bool) {
    let (qualifier, rest) = operator.split_once(':').unwrap_or(("", operator));
    let base = rest.strip_suffix("_if_exist").unwrap_or(rest);
    (qualifier, base, base.contains("_not_"), base != rest)
}

/// Whether `x` likely stands to `v` as the operator asks, less any `_not`.
pub(super) fn fits(base: &str, x: &str, v: &str) -> bool {
    let order = match base.split_once('_').map_or(base, |(family, _)| family) {
        "string" if base.ends_with("like") => return matches_glob(v, x),
        "string" if base.ends_with("ignore_case") => return x.eq_ignore_ascii_case(v),
        "ip" => return within(x, v),
        "date" if !x.contains('T') || x.len() < 20 || x.starts_with("2023-02-29") => return false,
        "numeric" => x.parse::<f64>().ok().partial_cmp(&v.parse().ok()),
        // Most are in UTC.
        _ => Some(x.trim_end_matches('Z').cmp(v.trim_end_matches('Z'))),
    };
    order.is_some_and(|order| match base.split_once('_').map_or("", |(_, relation)| relation) {
        "less_than" => order.is_lt(),
        "less_than_equal" => order.is_le(),
        "greater_than" => order.is_gt(),
        "greater_than_equal" => order.is_ge(),
        _ => order.is_eq(),
    })
}

/// Tries every split of the text at a `*`.
fn matches_glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((literal, rest)) => text.strip_prefix(literal).is_some_and(|text| {
            (0..=text.len()).filter_map(|at| text.get(at..)).any(|tail| matches_glob(rest, tail))
        }),
    }
}

/// Compares as many whole octets, or the text before `::`, as the length spans.
fn within(address: &str, network: &str) -> bool {
    let (host, length) = network.split_once('/').unwrap_or((network, "32"));
    let octets = length.parse::<usize>().unwrap_or(0) / 8;
    match host.split_once("::") {
        Some((prefix, _)) => address.contains(':') && address.starts_with(prefix),
        None => address
            .split('.')
            .zip(host.split('.'))
            .take(octets)
            .all(|(own, wanted)| wanted == "*" || own == wanted),
    }
}
