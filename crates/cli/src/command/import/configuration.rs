//! What the configuration of a plan says about values that are known only after apply: to which resource an
//! attribute refers, and which provider a resource uses.

use std::collections::BTreeSet;

use serde_json::Value;

use super::show::{Resource, Show};

/// Most hops through variables and outputs; a configuration cannot be circular, a damaged file can.
const MOST_HOPS: usize = 32;

/// A resource as the configuration names it: its modules, type and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Target {
    modules: Vec<String>,
    kind: String,
    name: String,
}

/// The only resource that an attribute can refer to; `None` if there is none or there are several.
pub(super) fn referred<'s>(show: &'s Show, from: &Resource, attribute: &str) -> Option<&'s Resource> {
    let modules = steps(&from.module);
    let expression = &entry(show, from)?["expressions"][attribute];
    let mut targets = BTreeSet::new();
    let sure = follow(show, &modules, &expression["references"], &mut targets, MOST_HOPS);
    let mut targets = targets.into_iter();
    let target = targets.next().filter(|_| sure && targets.len() == 0)?;
    let named = |own: &&Resource| {
        own.kind == target.kind
            && own.name == target.name
            && steps(&own.module) == target.modules
            && !own.deposed
    };
    // Every instance of a module refers to its own.
    let near = |own: &&Resource| target.modules != modules || own.module == from.module;
    let mut found = show.resources.iter().filter(named).filter(near);
    found.next().filter(|_| found.next().is_none())
}

/// The region that the configuration writes into the provider of a resource.
pub(super) fn region(show: &Show, of: &Resource) -> Option<String> {
    let key = entry(show, of)?["provider_config_key"].as_str()?;
    let region = &show.configuration["provider_config"][key]["expressions"]["region"]["constant_value"];
    region.as_str().filter(|region| !region.is_empty()).map(str::to_owned)
}

/// The names of the modules in an address, without their instances.
fn steps(module: &str) -> Vec<String> {
    let (mut steps, mut word, mut depth, mut quoted, mut escaped) =
        (Vec::new(), String::new(), 0, false, false);
    for c in module.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth -= 1,
            '.' if depth == 0 && !quoted => steps.push(core::mem::take(&mut word)),
            c if depth == 0 => word.push(c),
            _ => {}
        }
    }
    steps.push(word);
    // `module` and a name, in turn.
    steps.into_iter().skip(1).step_by(2).collect()
}

/// The configuration of a module.
fn module<'s>(show: &'s Show, steps: &[String]) -> &'s Value {
    let root = &show.configuration["root_module"];
    steps.iter().fold(root, |module, step| &module["module_calls"][step]["module"])
}

/// The configuration of a resource.
fn entry<'s>(show: &'s Show, of: &Resource) -> Option<&'s Value> {
    let resources = module(show, &steps(&of.module))["resources"].as_array()?;
    resources
        .iter()
        .find(|own| own["mode"] == "managed" && own["type"] == *of.kind && own["name"] == *of.name)
}

/// Collects the resources that references lead to; whether every reference was understood.
fn follow(
    show: &Show,
    modules: &[String],
    references: &Value,
    targets: &mut BTreeSet<Target>,
    hops: usize,
) -> bool {
    let Some(references) = references.as_array().filter(|_| hops > 0) else { return false };
    references.iter().filter_map(Value::as_str).all(|reference| {
        let parts: Vec<&str> =
            reference.split('.').map(|part| part.split('[').next().unwrap_or(part)).collect();
        match parts.as_slice() {
            ["var", name, ..] => {
                let Some((call, outer)) = modules.split_last() else { return false };
                let given = &module(show, outer)["module_calls"][call]["expressions"][*name];
                follow(show, outer, &given["references"], targets, hops - 1)
            }
            // The reference to the output stands before it.
            ["module", _] => true,
            ["module", call, output, ..] => {
                let mut inner = modules.to_vec();
                inner.push((*call).into());
                let value = &module(show, &inner)["outputs"][*output]["expression"];
                follow(show, &inner, &value["references"], targets, hops - 1)
            }
            [kind, name, ..] if kind.starts_with("tencentcloud_") => {
                let target = Target { modules: modules.to_vec(), kind: (*kind).into(), name: (*name).into() };
                targets.insert(target);
                true
            }
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::steps;

    #[test]
    fn instances_are_left_out_of_addresses() {
        assert_eq!(steps(""), [""; 0]);
        assert_eq!(steps("module.a"), ["a"]);
        assert_eq!(steps("module.a[\"x.y\"].module.b[0]"), ["a", "b"]);
        assert_eq!(steps("module.a[\"\\\"].module.z\"].module.b"), ["a", "b"]);
    }
}
