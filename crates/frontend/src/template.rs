//! `${…}` in strings: policy variables and template parameters (CITE VAR-1 to VAR-9).
//!
//! A string becomes parts; segments and patterns are split in the parts of text only, so that a value
//! never brings a colon or a star of its own (CITE VAR-8).

use std::borrow::Cow;

use camshaft_value::{alphabet, operator::Base, pattern::Variable};

use crate::{
    diagnostic::code,
    finding::Finding,
    setting::{Filling, Parameters, Setting},
};

/// A part of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part<'t> {
    /// As written: colons divide and stars are wildcards.
    Text(&'t str),
    /// The value of a parameter: literal.
    Filled(&'t str),
    /// A built-in parameter whose account is not known.
    Unvalued,
    /// Replaced for each request.
    Variable(Variable),
}

/// A string whose parameters are filled and that has no variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filled<'t> {
    Text(Cow<'t, str>),
    /// It depends on a built-in parameter whose account is not known.
    Unvalued,
}

/// Where the variables of a string may stand (CITE VAR-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variables {
    Nowhere,
    /// In the sixth segment.
    InPath,
    Everywhere,
    /// Nowhere, because of this operator.
    NotWith(Base),
}

/// Splits a string into its parts; the first fault if it has one.
pub(crate) fn read<'t>(
    whole: &'t str,
    variables: Variables,
    setting: &Setting<'t>,
) -> Result<Vec<Part<'t>>, Finding> {
    let mut parts = Vec::new();
    let mut colons = 0;
    for piece in pieces(whole) {
        match piece {
            Raw::Text(text) => {
                colons += text.bytes().filter(|byte| *byte == b':').count();
                parts.push(Part::Text(text));
            }
            Raw::Open(rest) => {
                let message = format!("`{}` has no closing brace", short(rest));
                return Err(Finding::new(code::VARIABLE_MALFORMED, message));
            }
            Raw::Name(name) => {
                let part = named(name, setting)?;
                if let Part::Variable(variable) = part {
                    match variables {
                        Variables::Everywhere => {}
                        Variables::InPath if colons >= 5 => {}
                        Variables::InPath | Variables::Nowhere => {
                            let mended = whole.replace("${owner_uin}", "${OwnerUin}");
                            let mended = mended.replace("${app_id}", "${OwnerAppid}");
                            let finding = misplaced(variable);
                            let same = mended == whole;
                            return Err(if same { finding } else { finding.suggest(mended) });
                        }
                        Variables::NotWith(base) => {
                            let message = format!("`${{{name}}}` stands in a value of `{}`", base.name());
                            return Err(Finding::new(code::VARIABLE_OPERATOR, message));
                        }
                    }
                }
                parts.push(part);
            }
        }
    }
    Ok(parts)
}

fn named<'t>(name: &str, setting: &Setting<'t>) -> Result<Part<'t>, Finding> {
    if let Some(variable) = variable(name) {
        return Ok(Part::Variable(variable));
    }
    if name.starts_with("qcs:") {
        let message = format!("the variable `${{{name}}}` is not supported");
        let help = format!("`${{{name}}}` exists, but its meaning is not published");
        return Err(Finding::new(code::VARIABLE_UNSUPPORTED, message).help(help));
    }
    if !is_parameter_name(name) {
        let message = format!("`{}` is not the name of a variable or parameter", short(name));
        return Err(Finding::new(code::VARIABLE_MALFORMED, message));
    }
    match setting.parameter(name) {
        Filling::Value(value) => Ok(Part::Filled(value)),
        Filling::Unvalued => Ok(Part::Unvalued),
        Filling::Missing => {
            let message = format!("no value is given for the parameter `{name}`");
            let help = format!("pass a value for `{name}`");
            Err(Finding::new(code::PARAMETER_MISSING, message).help(help))
        }
    }
}

/// Whether the text has a `${`.
pub(crate) fn is_template(text: &str) -> bool {
    text.contains("${")
}

/// The names in `${…}`, well formed or not.
pub(crate) fn names(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).filter_map(|piece| match piece {
        Raw::Name(name) => Some(name),
        _ => None,
    })
}

/// Splits at a byte where it stands in text, at most `times` times.
pub(crate) fn split<'t>(parts: &[Part<'t>], at: char, times: usize) -> Vec<Vec<Part<'t>>> {
    let mut segments = Vec::with_capacity(times + 1);
    let mut segment = Vec::new();
    for part in parts {
        let Part::Text(text) = *part else {
            segment.push(*part);
            continue;
        };
        let mut rest = text;
        while segments.len() < times {
            let Some((before, after)) = rest.split_once(at) else { break };
            if !before.is_empty() {
                segment.push(Part::Text(before));
            }
            segments.push(core::mem::take(&mut segment));
            rest = after;
        }
        if !rest.is_empty() {
            segment.push(Part::Text(rest));
        }
    }
    segments.push(segment);
    segments
}

/// The text cut at its first colons, those in `${…}` aside.
pub(crate) fn segments(text: &str, times: usize) -> Vec<&str> {
    let mut segments = Vec::with_capacity(times + 1);
    let (mut start, mut at) = (0, 0);
    for piece in pieces(text) {
        match piece {
            Raw::Text(piece) => {
                for (colon, _) in piece.match_indices(':').take(times - segments.len()) {
                    segments.push(text.get(start..at + colon).unwrap_or(""));
                    start = at + colon + 1;
                }
                at += piece.len();
            }
            Raw::Name(name) => at += name.len() + 3,
            Raw::Open(_) => break,
        }
    }
    segments.push(text.get(start..).unwrap_or(""));
    segments
}

/// Joins parts into one text where variables cannot stand.
pub(crate) fn fill<'t>(parts: &[Part<'t>]) -> Result<Filled<'t>, Finding> {
    if let Some(Part::Variable(variable)) = parts.iter().find(|part| matches!(part, Part::Variable(_))) {
        return Err(misplaced(*variable));
    }
    if parts.contains(&Part::Unvalued) {
        return Ok(Filled::Unvalued);
    }
    let text = match parts {
        [] => Cow::Borrowed(""),
        [Part::Text(text) | Part::Filled(text)] => Cow::Borrowed(*text),
        _ => Cow::Owned(parts.iter().map(literal).collect()),
    };
    Ok(Filled::Text(text))
}

/// The text of a part as far as it has one.
pub(crate) fn literal<'t>(part: &Part<'t>) -> &'t str {
    match part {
        Part::Text(text) | Part::Filled(text) => text,
        Part::Unvalued | Part::Variable(_) => "",
    }
}

/// CAM0431.
pub(crate) fn misplaced(variable: Variable) -> Finding {
    let name = variable_name(variable);
    let finding = Finding::new(code::VARIABLE_PLACE, format!("`${{{name}}}` cannot stand here"));
    finding.help("only in the resource segment and in string values; for an account use `${OwnerUin}`")
}

/// The name of a variable, without `${` and `}`.
pub(crate) fn variable_name(variable: Variable) -> &'static str {
    match variable {
        Variable::Uin => "uin",
        Variable::OwnerUin => "owner_uin",
        Variable::AppId => "app_id",
        Variable::Unvalued => "OwnerUin",
    }
}

fn variable(name: &str) -> Option<Variable> {
    Some(match name {
        "uin" => Variable::Uin,
        "owner_uin" => Variable::OwnerUin,
        "app_id" => Variable::AppId,
        _ => return None,
    })
}

/// `[A-Za-z_][A-Za-z0-9_.-]{0,63}` (CITE VAR-6).
fn is_parameter_name(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    let others = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    first && name.len() <= 64 && name.bytes().all(others)
}

/// Why a map of parameters cannot be used (CITE VAR-8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterFault {
    /// CAM0435, CAM0436 or, for a name that no `${…}` can have, CAM0433.
    pub code: crate::diagnostic::Code,
    /// The parameter.
    pub name: String,
    /// What is wrong.
    pub message: String,
}

/// Checks the names and values of parameters; every fault.
pub fn check_parameters(parameters: &Parameters) -> Vec<ParameterFault> {
    let mut faults = Vec::new();
    for (name, value) in parameters {
        let mut fault = |code, message| faults.push(ParameterFault { code, name: name.clone(), message });
        if variable(name).is_some() || name.starts_with("qcs:") {
            fault(code::PARAMETER_NAME, format!("the parameter `{name}` has the name of a variable"));
        } else if !is_parameter_name(name) {
            fault(code::VARIABLE_MALFORMED, format!("`{}` is not the name of a parameter", short(name)));
        }
        if !is_parameter_value(value) {
            let message = format!("`{}` cannot be the value of the parameter `{name}`", short(value));
            fault(code::PARAMETER_VALUE, message);
        }
    }
    faults
}

fn is_parameter_value(value: &str) -> bool {
    let bad = |c: char| matches!(c, '*' | '$' | '{' | '}') || alphabet::is_blank(c) || c.is_control();
    !value.is_empty() && !value.contains(bad)
}

/// At most 40 characters of a text, for messages.
pub(crate) fn short(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(40) {
        Some((at, _)) => Cow::Owned(format!("{}…", text.get(..at).unwrap_or(""))),
        None => Cow::Borrowed(text),
    }
}

enum Raw<'t> {
    Text(&'t str),
    Name(&'t str),
    /// A `${` without end, and what follows it.
    Open(&'t str),
}

/// The text cut at every `${…}`; nothing of it is lost.
fn pieces(text: &str) -> impl Iterator<Item = Raw<'_>> {
    let mut rest = text;
    core::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        match rest.find("${") {
            Some(0) => {
                let body = rest.get(2..).unwrap_or("");
                match body.split_once('}') {
                    Some((name, after)) => {
                        rest = after;
                        Some(Raw::Name(name))
                    }
                    None => {
                        let open = rest;
                        rest = "";
                        Some(Raw::Open(open))
                    }
                }
            }
            Some(at) => {
                let (before, after) = rest.split_at(at);
                rest = after;
                Some(Raw::Text(before))
            }
            None => Some(Raw::Text(core::mem::take(&mut rest))),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{policy::Kind, testing::Fixture};

    #[test]
    fn splits_text_and_not_values() {
        let mut fixture = Fixture::new();
        fixture.parameters.insert("Colon".into(), "a:b".into());
        let setting = fixture.setting(Kind::Identity);
        let parts = read("x:${Colon}:${Name}y:", Variables::Nowhere, &setting).unwrap();
        let segments = split(&parts, ':', 5);
        let texts: Vec<String> = segments.iter().map(|parts| parts.iter().map(literal).collect()).collect();
        assert_eq!(texts, ["x", "a:b", "weby", ""]);
        assert_eq!(super::segments("a:${b:c}:d:e", 2), ["a", "${b:c}", "d:e"]);
        assert_eq!(super::segments("a", 5), ["a"]);
    }

    #[test]
    fn checks_parameters() {
        let codes = |name: &str, value: &str| {
            let faults = check_parameters(&[(name.to_owned(), value.to_owned())].into());
            faults.iter().map(|fault| fault.code.0).collect::<Vec<_>>()
        };
        assert_eq!(codes("Role_1.x-y", "a/b:é"), [0u16; 0]);
        for value in ["", "*", "a*", "${x}", "{", "}", "a b", "a\u{3000}", "\u{1}"] {
            assert_eq!(codes("A", value), [435], "{value:?}");
        }
        for (name, code) in [("uin", 436), ("app_id", 436), ("qcs:user", 436), ("1a", 433), ("", 433)] {
            assert_eq!(codes(name, "v"), [code], "{name}");
        }
        assert_eq!(codes(&"a".repeat(64), "v"), [0u16; 0]);
        assert_eq!(codes(&"a".repeat(65), "v"), [433]);
    }
}
