//! Options, parameters, catalogue and prerequisites, and what the caller adds to them.

use std::collections::HashMap;

use camshaft_value::resource::{Owner, Requested};

use super::library::Library;
use super::{Overrides, raw};
use crate::action;
use crate::diagnostic::{Diagnostic, code};
use crate::options::WorldOptions;
use crate::setting::{Catalogue, Parameters};
use crate::source::{Source, Span};
use crate::template;

/// Puts the caller's options in the place of the world's.
pub(super) fn apply(options: &mut WorldOptions, overrides: &Overrides, library: &mut Library<'_>) {
    if let Some(strict) = overrides.strict {
        options.strict = strict;
    }
    for (name, figure) in &overrides.limits {
        match options.limits.by_name(name).filter(|_| *figure > 0) {
            Some(limit) => limit.set(*figure),
            None => {
                let given = format!("{name}={figure}");
                let at = given_place(&given, library);
                library.report(code::WORLD_OPTION, at, format!("the limit `{given}` cannot be set"));
            }
        }
    }
}

/// Something that the caller gave, as a source of its own.
fn given_place(given: &str, library: &mut Library<'_>) -> raw::Place {
    let source = library.add(Source::new("command line", given));
    raw::Place { source, span: Span::new(0, given.len()) }
}

/// The parameters that templates are filled with (CITE VAR-6, VAR-8).
pub(super) fn parameters(world: &raw::World, overrides: &Overrides, library: &mut Library<'_>) -> Parameters {
    let mut places: HashMap<&str, (raw::Place, raw::Place)> = HashMap::new();
    let mut parameters = Parameters::new();
    for (name, value) in &world.parameters {
        // The first of two stays; the second was reported.
        if !parameters.contains_key(&*name.text) {
            places.insert(&name.text, (name.at, value.at));
            parameters.insert((&*name.text).into(), (&*value.text).into());
        }
    }
    report(&parameters, library, |name, _| places.get(name).copied());
    let given: Parameters = overrides.parameters.iter().cloned().collect();
    report(&given, library, |name, library| {
        let text = format!("{name}={}", given.get(name).map_or("", |value| value));
        let at = given_place(&text, library);
        Some((at, at))
    });
    parameters.extend(given);
    parameters
}

fn report(
    parameters: &Parameters,
    library: &mut Library<'_>,
    place: impl Fn(&str, &mut Library<'_>) -> Option<(raw::Place, raw::Place)>,
) {
    for fault in template::check_parameters(parameters) {
        let Some((name, value)) = place(&fault.name, library) else { continue };
        let at = if fault.code == code::PARAMETER_VALUE { value } else { name };
        library.report(fault.code, at, fault.message);
    }
}

/// The action sets (CITE ACT-7). What is wrong with them is the world's: CAM0701.
pub(super) fn catalogue(world: &raw::World, library: &mut Library<'_>) -> Catalogue {
    let mut catalogue = Catalogue::new();
    let malformed =
        |at: raw::Place, message: String| Diagnostic::new(code::WORLD_MALFORMED, at.source, at.span, message);
    for (set, entries) in &world.catalogue {
        if let Some(message) = action::set_fault(&set.text) {
            library.diagnostics.push(malformed(set.at, message));
        }
        if entries.is_empty() {
            library.diagnostics.push(malformed(set.at, format!("the set `{}` has no entries", set.text)));
        }
        for entry in entries {
            if let Err((_, message)) = action::check_catalogue_entry(&entry.text) {
                library.diagnostics.push(malformed(entry.at, message));
            }
        }
        let entries = entries.iter().map(|entry| (&*entry.text).into()).collect();
        catalogue.entry((&*set.text).into()).or_insert(entries);
    }
    catalogue
}

/// Resources of prerequisites need what the resources of requests need (CITE REQ-5).
pub(super) fn prerequisites(world: &raw::World, library: &mut Library<'_>) {
    let services = &world.options.resource_policy_services;
    for (_, resource) in world.prerequisites.iter().flat_map(|entry| &entry.needs) {
        let Some(Requested::Resource(read)) = Requested::parse(&resource.text) else { continue };
        let incomplete = read.region.is_empty() || read.owner == Owner::Caller;
        if incomplete && services.iter().any(|service| **service == *read.service) {
            let message = format!("`{}` needs a region and an account", resource.text);
            library.report(code::WORLD_MALFORMED, resource.at, message);
        }
    }
}
