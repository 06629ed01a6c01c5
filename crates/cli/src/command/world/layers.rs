//! The policies that can bear on an identity, by the layers of a decision (CITE EVA-7, EVA-8, EVA-15, EVA-17).
//!
//! In: a sound world and a [`Subject`]. Out: [`Layer`]s, for `show` and for what `revoke` leaves.

use anstyle::Style;
use camshaft_frontend::normalize;
use camshaft_frontend::policy::{Effect, Kind, Policy, PolicyId, PolicySet, Statement};
use serde::Serialize;

use super::reach::{At, Subject, Who};
use crate::console::Console;
use crate::exit::Failure;
use crate::render::table::{Align, Table};
use crate::render::text;

/// Policies that bear on an identity in one way.
#[derive(Debug, Serialize)]
pub(super) struct Layer {
    /// `own`, `group`, `general`, `boundary`, `scp`, `resource`, `trust`, `trusted_by`.
    layer: &'static str,
    /// The group.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// The level, from the root of the organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<usize>,
    policies: Vec<Held>,
}

/// One policy of a layer.
#[derive(Debug, Serialize)]
struct Held {
    policy: String,
    kind: &'static str,
    /// How many it has.
    statements: usize,
    /// Of those that name the identity, which for most kinds are all.
    allow: usize,
    deny: usize,
    source: String,
    /// Indices of the statements that name the identity.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    naming: Vec<u32>,
    /// Through what they do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    through: Vec<String>,
    /// The scope of a resource policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// The role of a trust policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
}

/// Every layer that has policies, and the own policies in any case.
pub(super) fn layers(set: &PolicySet, subject: &Subject<'_>) -> Vec<Layer> {
    let Subject { account, who } = *subject;
    let held =
        |ids: &[PolicyId]| ids.iter().filter_map(|id| Some(held(policy(set, *id)?))).collect::<Vec<_>>();
    let layer = |layer, policies| Layer { layer, group: None, level: None, policies };
    let mut layers = Vec::new();
    match who {
        Who::Root => {}
        Who::User(user) => {
            layers.push(layer("own", held(&user.policies)));
            layers.extend(subject.groups().map(|group| Layer {
                group: Some(group.name.to_string()),
                ..layer("group", held(&group.policies))
            }));
            layers.push(layer("general", held(&account.general)));
            layers.push(layer("boundary", held(user.boundary.as_slice())));
        }
        Who::Group(group) => layers.push(layer("own", held(&group.policies))),
        Who::Role(role) => {
            layers.push(layer("own", held(&role.policies)));
            layers.push(layer("boundary", held(role.boundary.as_slice())));
            layers.push(layer("trust", held(role.trust.as_slice())));
        }
    }
    // CITE EVA-17: not service-linked roles. A group is not who calls.
    if !matches!(who, Who::Group(_)) && !matches!(who, Who::Role(role) if role.service_linked) {
        let levels = account.levels.iter().flatten().enumerate();
        layers.extend(levels.map(|(at, ids)| Layer { level: Some(at), ..layer("scp", held(ids)) }));
    }
    layers.push(layer("resource", resource(set, subject)));
    layers.push(layer("trusted_by", trusted_by(set, subject)));
    layers.retain(|layer| !layer.policies.is_empty() || ["own", "group"].contains(&layer.layer));
    layers
}

/// What is left when an identity holds nothing any more, or no longer holds one policy.
pub(super) fn remaining(set: &PolicySet, subject: &Subject<'_>, of: Option<&str>) -> Vec<Layer> {
    let mut layers = layers(set, subject);
    let qualified = of.map(|name| format!("{}/{name}", subject.account.uin));
    for layer in &mut layers {
        layer.policies.retain(|held| {
            of.is_none_or(|name| held.policy == name || qualified.as_ref() == Some(&held.policy))
        });
    }
    layers.retain(|layer| !layer.policies.is_empty());
    layers
}

fn policy(set: &PolicySet, id: PolicyId) -> Option<&Policy> {
    set.policies.get(id.0 as usize)
}

fn held(policy: &Policy) -> Held {
    counted(policy, policy.statements.iter())
}

/// A policy with the effects of some of its statements.
fn counted<'p>(policy: &Policy, counted: impl Iterator<Item = &'p Statement> + Clone) -> Held {
    let of = |effect| counted.clone().filter(|statement| statement.effect == effect).count();
    Held {
        policy: policy.name.to_string(),
        kind: kind(policy.kind),
        statements: policy.statements.len(),
        allow: of(Effect::Allow),
        deny: of(Effect::Deny),
        source: policy.source.to_string(),
        naming: Vec::new(),
        through: Vec::new(),
        scope: None,
        role: None,
    }
}

/// A policy of which some statements name the identity.
fn naming(policy: &Policy, subject: &Subject<'_>, at: At<'_>) -> Option<Held> {
    let named = policy.statements.iter().map(|statement| (statement, subject.named_by(statement, at)));
    let named: Vec<_> = named.filter(|(_, through)| !through.is_empty()).collect();
    if named.is_empty() {
        return None;
    }
    let mut through: Vec<String> = named.iter().flat_map(|(_, through)| through.iter().cloned()).collect();
    through.sort_unstable();
    through.dedup();
    Some(Held {
        naming: named.iter().map(|(statement, _)| statement.index).collect(),
        through,
        ..counted(policy, named.iter().map(|(statement, _)| *statement))
    })
}

fn resource(set: &PolicySet, subject: &Subject<'_>) -> Vec<Held> {
    let policies = set.resource_policies.iter().filter_map(|attached| {
        let owner = set.accounts.get(attached.account as usize)?;
        let held = naming(policy(set, attached.policy)?, subject, At::Resource(owner))?;
        Some(Held { scope: Some(normalize::resource_text(&attached.scope)), ..held })
    });
    policies.collect()
}

fn trusted_by(set: &PolicySet, subject: &Subject<'_>) -> Vec<Held> {
    let roles = set.accounts.iter().flat_map(|account| account.roles.iter().map(move |role| (account, role)));
    let policies = roles.filter_map(|(account, role)| {
        let held = naming(policy(set, role.trust?)?, subject, At::Trust)?;
        Some(Held { role: Some(format!("qcs::cam::uin/{}:roleName/{}", account.uin, role.name)), ..held })
    });
    policies.collect()
}

/// As JSON spells the kind of a policy.
pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Identity => "identity",
        Kind::Boundary => "boundary",
        Kind::Session => "session",
        Kind::Scp => "scp",
        Kind::Trust => "trust",
        Kind::Resource => "resource",
    }
}

/// Layers for people.
pub(super) fn human(layers: &[Layer], console: &mut Console) -> Result<(), Failure> {
    let color = console.out_color;
    for layer in layers {
        let title = match (layer.layer, &layer.group, layer.level) {
            (_, Some(group), _) => format!("group {group}"),
            (_, _, Some(level)) => format!("organization, level {level}"),
            ("own", ..) => "own policies".into(),
            ("general", ..) => "general policies".into(),
            ("resource", ..) => "resource policies that reach it".into(),
            ("trust", ..) => "trust policy".into(),
            ("trusted_by", ..) => "roles that trust it".into(),
            (other, ..) => other.to_owned(),
        };
        let none = if layer.policies.is_empty() { ": none" } else { "" };
        writeln!(console.out(), "\n{}{none}", text::paint(color, text::STRONG, &title))?;
        let rows: Vec<[String; 5]> = layer.policies.iter().map(row).collect();
        let used: Vec<usize> = (0..5).filter(|at| rows.iter().any(|row| !row[*at].is_empty())).collect();
        let style = |at: &usize| if *at == 4 { text::DIM } else { Style::new() };
        let mut table = Table::new(used.iter().map(|at| (Align::Left, style(at))));
        for row in &rows {
            table.row(used.iter().map(|at| row[*at].as_str()));
        }
        write!(console.out(), "{}", table.render(color))?;
    }
    Ok(())
}

/// Policy, statements, through what, scope or role, source.
fn row(held: &Held) -> [String; 5] {
    let statements = text::counted(held.statements, "statement");
    let part = if held.naming.is_empty() || held.naming.len() == held.statements {
        statements
    } else {
        format!("{} of {statements}", held.naming.len())
    };
    let effects = [(held.allow, "allow"), (held.deny, "deny")];
    let effects = effects.iter().filter(|(count, _)| *count > 0);
    let effects: Vec<String> = effects.map(|(count, effect)| format!("{count} {effect}")).collect();
    let through = held.through.join(", ");
    let through = if through.is_empty() { through } else { format!("for {through}") };
    let about =
        held.scope.as_ref().or(held.role.as_ref()).map_or_else(String::new, |about| text::plain(about));
    [
        held.policy.clone(),
        format!("{part}: {}", effects.join(", ")),
        through,
        about,
        text::plain(&held.source),
    ]
}
