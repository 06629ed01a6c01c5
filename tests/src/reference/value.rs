//! Texts for the reference evaluator: their alphabets, globs, operators, and the literals operators compare.

use std::net::IpAddr;

/// Whether a text is of lower-case letters, digits and `others`, where `A` stands for the upper-case letters.
pub(super) fn made_of(text: &str, others: &str) -> bool {
    let other = |c: char| others.contains(if c.is_ascii_uppercase() { 'A' } else { c });
    text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || other(c))
}

pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

pub(super) fn is_id(text: &str) -> bool {
    is_digits(text) && !text.starts_with('0')
}

pub(super) fn is_name(text: &str) -> bool {
    (1..=128).contains(&text.len()) && made_of(text, "A_.@=+-")
}

pub(super) fn is_service(text: &str) -> bool {
    !text.is_empty() && made_of(text, "_-") && !text.starts_with(['_', '-'])
}

pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let Some((first, others)) = pattern.split_once('*') else { return pattern == text };
    let (between, last) = others.rsplit_once('*').unwrap_or(("", others));
    let rest = text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
    // The leftmost occurrence of a literal leaves the most for those that follow.
    let after = |rest: Option<_>, literal| Some(str::split_once(rest?, literal)?.1);
    between.split('*').fold(rest, after).is_some()
}

/// Base operators but `null_equal`, which takes neither qualifier nor suffix (CITE CON-3, CON-4).
const OPERATORS: &str = "string_equal string_not_equal string_equal_ignore_case string_not_equal_ignore_case
    string_like string_not_like binary_equal bool_equal ip_equal ip_not_equal numeric_equal numeric_not_equal
    numeric_less_than numeric_less_than_equal numeric_greater_than numeric_greater_than_equal date_equal
    date_not_equal date_less_than date_less_than_equal date_greater_than date_greater_than_equal";

pub(super) fn is_operator(operator: &str) -> bool {
    let (qualifier, base, _) = split(operator);
    let qualified = matches!(qualifier, None | Some("for_any_value" | "for_all_value"));
    operator == "null_equal" || (qualified && OPERATORS.split_whitespace().any(|known| known == base))
}

/// Qualifier, base operator, `_if_exist` (CITE CON-4).
pub(super) fn split(operator: &str) -> (Option<&str>, &str, bool) {
    let (qualifier, rest) =
        operator.split_once(':').map_or((None, operator), |(all, rest)| (Some(all), rest));
    let base = rest.strip_suffix("_if_exist");
    (qualifier, base.unwrap_or(rest), base.is_some())
}

/// `x base v` less any `_not`, or `None` when `x` cannot be read as the operator's type (CITE LIT-13).
pub(super) fn compare(base: &str, x: &str, v: &str) -> Option<bool> {
    let (family, relation) = base.split_once('_')?;
    let relation = relation.strip_prefix("not_").unwrap_or(relation);
    let order = match family {
        "numeric" => decimal(x)?.cmp(&decimal(v)?),
        "date" => instant(x, true)?.cmp(&instant(v, false)?),
        "ip" => return within(x, v),
        "bool" if !["true", "false"].contains(&x) => return None,
        _ if relation == "like" => return Some(glob(v, x)),
        _ if relation == "equal_ignore_case" => return Some(x.eq_ignore_ascii_case(v)),
        _ => x.cmp(v),
    };
    Some(match relation {
        "less_than" => order.is_lt(),
        "less_than_equal" => order.is_le(),
        "greater_than" => order.is_gt(),
        "greater_than_equal" => order.is_ge(),
        _ => order.is_eq(),
    })
}

/// A decimal as its whole part and 38 digits of fraction, both signed: pairs have the order of the numbers.
fn decimal(text: &str) -> Option<(i128, i128)> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let sound = [whole, fraction].iter().all(|part| is_digits(part) && part.len() <= 38);
    let number = |digits: &str| digits.parse().ok().map(|n: i128| if unsigned == text { n } else { -n });
    if sound { number(whole).zip(number(&format!("{fraction:0<38}"))) } else { None }
}

/// Milliseconds since the year 0. `strict`: as in requests, with `T` and a zone (CITE LIT-6, LIT-13).
pub(super) fn instant(text: &str, strict: bool) -> Option<i64> {
    let shape = text.replace(|c: char| c.is_ascii_digit(), "0");
    let blank = shape.strip_prefix("0000-00-00 00:00:00").filter(|_| !strict);
    let rest = shape.strip_prefix("0000-00-00T00:00:00").or(blank)?;
    let zone = rest.strip_prefix(".0").map_or(rest, |more| more.trim_start_matches('0'));
    let at = text.len() - zone.len();
    let numbers =
        |text: &str| text.split(|c: char| !c.is_ascii_digit()).flat_map(str::parse).collect::<Vec<i64>>();
    let offset = match (zone, &numbers(&text[at..])[..]) {
        ("Z", _) => 0,
        ("", _) if !strict => 0,
        ("+00:00", [hours @ 0..24, minutes @ 0..60]) => hours * 60 + minutes,
        ("-00:00", [hours @ 0..24, minutes @ 0..60]) => -(hours * 60 + minutes),
        _ => return None,
    };
    let [year, month @ 1..=12, day, hour @ 0..24, minute @ 0..60, second @ 0..60] = numbers(&text[..19])[..]
    else {
        return None;
    };
    // The days before a month, counted from the Marches, as the leap day ends a year that begins then.
    let days = |month: i64| {
        let (year, month) = ((month - 3).div_euclid(12), (month - 3).rem_euclid(12));
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5
    };
    let (month, next) = (days(year * 12 + month), days(year * 12 + month + 1));
    let fraction: i64 = format!("{:0<4}", &text[19..at])[1..4].parse().ok()?;
    let minutes = ((month + day) * 24 + hour) * 60 + minute - offset;
    (1..=next - month).contains(&day).then_some((minutes * 60 + second) * 1000 + fraction)
}

/// Whether an address is in a network, whose octets `*` are free (CITE LIT-11). All is IPv6, IPv4 mapped (CITE LIT-12).
fn within(x: &str, network: &str) -> Option<bool> {
    let bits = |text: &str| match text.parse().ok()? {
        IpAddr::V4(v4) => Some(v4.to_ipv6_mapped().to_bits()),
        IpAddr::V6(v6) => Some(v6.to_bits()),
    };
    let is_v4 = |bits: u128| bits >> 32 == 0xffff;
    let (host, length) =
        network.split_once('/').unwrap_or((network, if network.contains(':') { "128" } else { "32" }));
    let (x, address) = (bits(x)?, bits(&host.replace('*', "0"))?);
    let free = host.split('.').fold(0, |mask, octet| mask << 8 | if octet == "*" { 0xff } else { 0 });
    let length = length.parse::<u32>().ok()? + if host.contains(':') { 0 } else { 96 };
    let mask = !u128::MAX.checked_shr(length).unwrap_or(0) & !free;
    Some(is_v4(x) == is_v4(address) && (x ^ address) & mask == 0)
}
