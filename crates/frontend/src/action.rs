//! Actions of policies (CITE ACT-1 to ACT-10) and the catalogue of action sets (CITE ACT-7).

use std::borrow::Cow;

use camshaft_value::{action::strip_name, alphabet};

use crate::{
    diagnostic::{Code, code},
    finding::Finding,
    limits,
    pattern::Builder,
    policy::{ActionEntry, Pattern},
    setting::{Catalogue, Setting},
    template::{self, Filled, Part, Variables, short},
};

/// Reads one entry and appends what it stands for.
pub(crate) fn read(text: &str, setting: &Setting<'_>, out: &mut Vec<ActionEntry>) -> Result<(), Finding> {
    if template::is_template(text) {
        return read_template(text, setting, out);
    }
    if is_set(text) {
        return read_set(text, setting.catalogue, out);
    }
    out.push(read_plain(text)?);
    Ok(())
}

/// `permid/…` and `actionName/…`.
pub(crate) fn is_set(text: &str) -> bool {
    !text.contains(':') && (text.starts_with("permid/") || text.starts_with("actionName/"))
}

fn read_set(text: &str, catalogue: &Catalogue, out: &mut Vec<ActionEntry>) -> Result<(), Finding> {
    let Some(entries) = catalogue.get(text) else {
        let finding =
            Finding::new(code::ACTION_SET_UNKNOWN, format!("nobody says what `{}` stands for", short(text)));
        return Err(finding.help(format!("supply a catalogue that defines `{}`", short(text))));
    };
    for entry in entries {
        out.push(read_plain(entry)?);
    }
    Ok(())
}

/// Whether the text is one of the spellings of "all actions" (CITE ACT-5).
pub(crate) fn is_everything(text: &str) -> bool {
    matches!(text, "*" | "*:*" | "name/*:*")
}

/// An entry without parameters that is not a set.
fn read_plain(text: &str) -> Result<ActionEntry, Finding> {
    if is_everything(text) {
        return Ok(ActionEntry::All);
    }
    let Some((service, operation)) = strip_name(text).split_once(':') else {
        return Err(blank(text).unwrap_or_else(|| without_service(text)));
    };
    // PERF: the two checks of a sound entry come first; telling its faults apart can take its time.
    let sound = alphabet::is_service(service)
        && !operation.is_empty()
        && operation.bytes().all(alphabet::is_operation_byte);
    if !sound {
        return Err(fault(text, service, operation));
    }
    Ok(ActionEntry::Operation {
        service: service.into(),
        operation: operation_pattern(&[Part::Text(operation)])?,
    })
}

fn read_template(text: &str, setting: &Setting<'_>, out: &mut Vec<ActionEntry>) -> Result<(), Finding> {
    let parts = template::read(text, Variables::Nowhere, setting)?;
    let segments = template::split(&parts, ':', 1);
    let (service, operation) = match segments.as_slice() {
        [service, operation] => (template::fill(service)?, operation),
        _ => {
            return match template::fill(&parts)? {
                Filled::Text(set) if is_set(&set) => read_set(&set, setting.catalogue, out),
                Filled::Text(filled) => Err(blank(&filled).unwrap_or_else(|| without_service(text))),
                // Which set it is depends on the account: it may be any.
                Filled::Unvalued => {
                    out.push(ActionEntry::All);
                    Ok(())
                }
            };
        }
    };
    let operation_text: Cow<'_, str> = operation.iter().map(template::literal).collect();
    let Filled::Text(service) = service else {
        out.push(ActionEntry::All);
        return Ok(());
    };
    let service = strip_name(&service);
    let unvalued = operation.contains(&Part::Unvalued);
    let sound = alphabet::is_service(service)
        && (unvalued || !operation_text.is_empty())
        && operation_text.bytes().all(alphabet::is_operation_byte);
    if !sound {
        return Err(fault(text, service, &operation_text));
    }
    out.push(ActionEntry::Operation { service: service.into(), operation: operation_pattern(operation)? });
    Ok(())
}

fn operation_pattern(parts: &[Part<'_>]) -> Result<Pattern, Finding> {
    let mut pattern = Builder::default();
    for part in parts {
        match part {
            Part::Text(text) => pattern.glob(text),
            Part::Filled(text) => pattern.literal(text),
            Part::Unvalued | Part::Variable(_) => pattern.star(),
        }
    }
    if pattern.written_stars() > limits::STARS {
        return Err(too_many_stars(pattern.written_stars()));
    }
    Ok(pattern.finish())
}

pub(crate) fn too_many_stars(count: usize) -> Finding {
    let message = format!("{count} stars in one pattern; at most {} are read", limits::STARS);
    Finding::new(code::TOO_MANY_STARS, message)
}

fn without_service(text: &str) -> Finding {
    let finding = Finding::new(code::ACTION_WITHOUT_SERVICE, format!("`{}` names no service", short(text)));
    let bare = strip_name(text);
    let near = ["：", "/", "."].iter().map(|mark| bare.replacen(mark, ":", 1));
    match near.into_iter().find(|near| camshaft_value::action::Action::parse(near).is_some()) {
        Some(near) => {
            finding.help(format!("write `service:Operation`; did you mean `{}`?", short(&near))).suggest(near)
        }
        None => finding.help("write `service:Operation`, or `*` for everything"),
    }
}

/// CAM0303, if there is a blank.
fn blank(text: &str) -> Option<Finding> {
    text.contains(alphabet::is_blank).then(|| {
        let mended: String = text.chars().filter(|c| !alphabet::is_blank(*c)).collect();
        Finding::new(code::ACTION_BLANK, format!("a blank stands in the action `{}`", short(text)))
            .machine(mended)
    })
}

/// The first fault of an entry with a colon.
fn fault(text: &str, service: &str, operation: &str) -> Finding {
    if let Some(finding) = blank(text) {
        return finding;
    }
    if service.is_empty() {
        return without_service(text);
    }
    if service.contains('*') {
        let message = format!("the service `{}` has a wildcard", short(service));
        return Finding::new(code::ACTION_SERVICE_WILDCARD, message);
    }
    let lower = service.to_ascii_lowercase();
    if alphabet::is_service(&lower) && lower != service {
        let message = format!("the service `{}` has upper-case letters", short(service));
        return Finding::new(code::SERVICE_CASE, message).machine(text.replacen(service, &lower, 1));
    }
    let character = |c: Option<char>| c.map_or(String::new(), |c| format!("`{}` ", c.escape_default()));
    if !alphabet::is_service(service) {
        let bad = service.chars().find(|c| !u8::try_from(*c).is_ok_and(alphabet::is_service_byte));
        let message = format!("{}cannot stand in a service", character(bad.or(service.chars().next())));
        return Finding::new(code::ACTION_CHARACTER, message).help("services are written with `a-z 0-9 _ -`");
    }
    if operation.is_empty() {
        return Finding::new(code::ACTION_CHARACTER, format!("`{}` names no operation", short(text)));
    }
    if operation.contains(['<', '>', '[', '$']) {
        let message = format!("`{}` is not an operation", short(operation));
        let help =
            format!("`{}` looks like a placeholder: name an operation, or `*` for all", short(operation));
        return Finding::new(code::ACTION_CHARACTER, message).help(help);
    }
    let bad = operation.chars().find(|c| !u8::try_from(*c).is_ok_and(alphabet::is_operation_byte));
    Finding::new(code::ACTION_CHARACTER, format!("{}cannot stand in an operation", character(bad)))
}

/// Why an action set cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueFault {
    /// What an action of a policy with this fault would be called.
    pub code: Code,
    /// The set.
    pub set: String,
    /// Index of the entry in the set; none where the set itself is at fault.
    pub entry: Option<usize>,
    /// What is wrong.
    pub message: String,
}

/// Checks a catalogue: names of sets, and plain entries of one service each (CITE ACT-7); every fault.
pub fn check_catalogue(catalogue: &Catalogue) -> Vec<CatalogueFault> {
    let mut faults = Vec::new();
    for (set, entries) in catalogue {
        let mut fault = |code, entry, message| {
            faults.push(CatalogueFault { code, set: set.clone(), entry, message });
        };
        if let Some(message) = set_fault(set) {
            fault(code::ACTION_SET_UNKNOWN, None, message);
        }
        if entries.is_empty() {
            fault(code::LIST_EMPTY, None, format!("the set `{}` has no entries", short(set)));
        }
        for (index, entry) in entries.iter().enumerate() {
            if let Err((code, message)) = check_catalogue_entry(entry) {
                fault(code, Some(index), message);
            }
        }
    }
    faults
}

/// What is wrong with the name of a set, if anything.
pub fn set_fault(set: &str) -> Option<String> {
    let id = set.strip_prefix("permid/").map(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()));
    let name =
        || set.strip_prefix("actionName/").map(|name| !name.is_empty() && !name.contains([':', '*', ' ']));
    let sound = id.or_else(name).unwrap_or(false);
    (!sound).then(|| format!("`{}` is not `permid/<number>` or `actionName/<name>`", short(set)))
}

/// Checks one entry of a set: `[name/]<service>:<operation>`, never another set and never everything.
pub fn check_catalogue_entry(entry: &str) -> Result<(), (Code, String)> {
    if is_everything(entry) || is_set(entry) || template::is_template(entry) {
        let message = format!("`{}` is not an operation of one service", short(entry));
        return Err((code::ACTION_WITHOUT_SERVICE, message));
    }
    match read_plain(entry) {
        Ok(_) => Ok(()),
        Err(finding) => Err((finding.code, finding.into_message())),
    }
}

#[cfg(test)]
mod tests;
