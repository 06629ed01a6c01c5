//! Values of conditions by the type of their operator (CITE LIT-1 to LIT-14).

use camshaft_value::{
    address::{Network, NetworkFault, OctetWildcard},
    date::Instant,
    decimal::Decimal,
    operator::Base,
};

use crate::{
    action::too_many_stars,
    diagnostic::code,
    finding::Finding,
    limits, network,
    pattern::Builder,
    policy::Pattern,
    template::{self, Part, short},
};

/// A text value.
pub(crate) fn text(
    parts: &[Part<'_>],
    base: Base,
    key: &str,
    remarks: &mut Vec<Finding>,
) -> Result<Pattern, Finding> {
    let like = matches!(base, Base::StringLike | Base::StringNotLike);
    let mut pattern = Builder::default();
    for part in parts {
        match *part {
            Part::Text(text) if like => pattern.glob(text),
            Part::Text(text) | Part::Filled(text) => pattern.literal(text),
            Part::Unvalued => pattern.variable(camshaft_value::pattern::Variable::Unvalued),
            Part::Variable(variable) => pattern.variable(variable),
        }
    }
    if like && key.starts_with("cos:") && has_inner_star(parts) {
        return Err(Finding::new(
            code::LIKE_INNER_STAR,
            format!("a `*` stands inside a pattern for `{}`", short(key)),
        ));
    }
    if pattern.written_stars() > limits::STARS {
        return Err(too_many_stars(pattern.written_stars()));
    }
    let folds = matches!(base, Base::StringEqualIgnoreCase | Base::StringNotEqualIgnoreCase);
    let literals = || parts.iter().map(template::literal);
    if folds && let Some(c) = literals().flat_map(str::chars).find(|c| !c.is_ascii() && c.is_alphabetic()) {
        remarks.push(Finding::new(code::CASE_NON_ASCII, format!("`{c}` is compared as it stands")));
    }
    let tag = matches!(key, "qcs:resource_tag" | "qcs:request_tag" | "qcs:tag");
    if tag && !like && !literals().any(|text| text.contains('&')) {
        let shown: String = literals().collect();
        remarks.push(Finding::new(
            code::TAG_WITHOUT_AMPERSAND,
            format!("the tag `{}` has no `&`", short(&shown)),
        ));
    }
    Ok(pattern.finish())
}

/// Whether a written star is neither the first nor the last character (CITE LIT-4).
fn has_inner_star(parts: &[Part<'_>]) -> bool {
    let last = parts.len().saturating_sub(1);
    parts.iter().enumerate().any(|(index, part)| {
        let Part::Text(text) = *part else { return false };
        let text = if index == 0 { text.strip_prefix('*').unwrap_or(text) } else { text };
        let text = if index == last { text.strip_suffix('*').unwrap_or(text) } else { text };
        text.contains('*')
    })
}

/// LIT-5.
pub(crate) fn number(text: &str) -> Result<Decimal, Finding> {
    let fault = || Finding::new(code::NUMBER_INVALID, format!("`{}` is not a number", short(text)));
    Decimal::parse(text).ok_or_else(fault)
}

/// LIT-7.
pub(crate) fn boolean(text: &str) -> Result<bool, Finding> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => {
            let finding = Finding::new(code::BOOLEAN_INVALID, format!("`{}` is not a boolean", short(text)));
            let lower = text.trim().to_ascii_lowercase();
            Err(if matches!(&*lower, "true" | "false") { finding.suggest(lower) } else { finding })
        }
    }
}

/// CON-15.
pub(crate) fn null_operand(text: &str) -> Result<bool, Finding> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => {
            let message = format!("`null_equal` cannot compare with `{}`", short(text));
            Err(Finding::new(code::NULL_OPERAND, message))
        }
    }
}

/// LIT-6.
pub(crate) fn date(text: &str, remarks: &mut Vec<Finding>) -> Result<Instant, Finding> {
    let Some((instant, departure)) = Instant::parse_policy(text) else {
        return Err(Finding::new(code::DATE_INVALID, format!("`{}` is not a date", short(text))));
    };
    if departure.blank || departure.no_zone {
        let what = match (departure.blank, departure.no_zone) {
            (true, true) => "a blank for `T` and no zone",
            (true, false) => "a blank for `T`",
            _ => "no zone",
        };
        let finding = Finding::new(code::DATE_LOOSE, format!("the date `{text}` has {what}"));
        let read = instant.to_string();
        let help = if departure.no_zone { "read as UTC" } else { "read as" };
        remarks.push(finding.help(format!("{help}: `{read}`")).machine(read));
    }
    Ok(instant)
}

/// LIT-9 to LIT-12. `taken` counts the networks from octet wildcards of the whole document.
pub(crate) fn networks(
    text: &str,
    limit: u64,
    taken: &mut u64,
    remarks: &mut Vec<Finding>,
    out: &mut Vec<Network>,
) -> Result<(), Finding> {
    match Network::parse(text) {
        Ok((network, masked)) => {
            if masked {
                let finding =
                    Finding::new(code::ADDRESS_MASKED, format!("`{text}` has bits behind its length"));
                remarks.push(finding.help(format!("read as `{network}`")).machine(network.to_string()));
            }
            out.push(network);
            return Ok(());
        }
        Err(NetworkFault::ShortMapped) => {
            let message = format!("the prefix of `{}` reaches beyond the IPv4-mapped addresses", short(text));
            return Err(Finding::new(code::ADDRESS_INVALID, message));
        }
        Err(NetworkFault::Malformed) => {}
    }
    let Some(wildcard) = OctetWildcard::parse(text) else {
        return Err(unreadable(text));
    };
    let count = wildcard.count();
    let help = || format!("it would expand to {count} networks; shorten the prefix or list them");
    if count > limit {
        let message = format!("`{text}` stands for {count} networks; at most {limit} are read");
        return Err(Finding::new(code::ADDRESS_WIDE, message).help(help()));
    }
    *taken = taken.saturating_add(count);
    if *taken > limits::DOCUMENT_NETWORKS {
        let most = limits::DOCUMENT_NETWORKS;
        let message = format!("the octet wildcards of the document stand for more than {most} networks");
        return Err(Finding::new(code::ADDRESS_WIDE, message).help(help()));
    }
    let addresses: u128 = wildcard.networks().map(network::size).sum();
    let first: Vec<String> = wildcard.networks().take(3).map(|network| format!("`{network}`")).collect();
    let more = count.saturating_sub(3);
    let list = first.join(", ");
    let help = match more {
        0 => format!("read as {list}: {addresses} addresses"),
        _ => format!("read as {list} and {more} more: {addresses} addresses"),
    };
    let finding =
        Finding::new(code::ADDRESS_WILDCARD, format!("`{text}` leaves whole octets open")).help(help);
    remarks.push(finding.machine_list(wildcard.networks().map(|network| network.to_string()).collect()));
    out.extend(wildcard.networks());
    Ok(())
}

fn unreadable(text: &str) -> Finding {
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    let range =
        text.contains('-') && digits && text.bytes().all(|b| b.is_ascii_hexdigit() || b".:-/ ".contains(&b));
    if text.contains('*') || range {
        let message = format!("`{}` is neither a network nor has it whole octets open", short(text));
        return Finding::new(code::ADDRESS_PARTIAL, message);
    }
    Finding::new(code::ADDRESS_INVALID, format!("`{}` is not an address or network", short(text)))
}
