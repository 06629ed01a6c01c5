//! The canonical form of worlds: which members come first, and which lists have an order that means nothing.
//!
//! Members come in the order of docs/cases.md, a name before what it names. Accounts, users, groups, roles, named
//! documents and references are sorted. Not sorted is what gives a document in place its name in reasons (CITE
//! EVA-27): a list of references that holds one, resource policies of which one has no name. Lists that are empty
//! are left out.

use camshaft_frontend::json::{Node, Value};
use camshaft_frontend::source::{Source, Span};

use super::sheet::Json;

/// How a value is put in order.
#[derive(Debug)]
pub(super) enum Shape {
    /// As it is.
    Plain,
    /// A document or what stands for one; as it is, comments included.
    Document,
    /// References to policies, or names.
    References,
    /// An object whose names are given by the user.
    Named(&'static Shape),
    /// Objects, sorted by a member if each has it.
    Sorted(&'static str, &'static Shape),
    /// An array whose order counts.
    Each(&'static Shape),
    /// An object with these members.
    Members(&'static [(&'static str, Shape)]),
}

use Shape::{Document, Each, Members, Named, Plain, References, Sorted};

/// The members of a user.
pub(super) const USER_ORDER: [&str; 6] = ["uin", "name", "kind", "groups", "policies", "boundary"];
/// The members of a group.
pub(super) const GROUP_ORDER: [&str; 3] = ["name", "id", "policies"];
/// The members of a role.
pub(super) const ROLE_ORDER: [&str; 6] = ["name", "id", "policies", "boundary", "trust", "service_linked"];

/// A world in one text.
pub(super) static WORLD: Shape = Members(&[
    ("accounts", Sorted("uin", &ACCOUNT)),
    ("presets", Named(&Document)),
    ("resource_policies", Sorted("name", &RESOURCE_POLICY)),
    ("organization", Sorted("account", &ORGANIZATION)),
    ("general_policies", References),
    ("catalogue", Named(&References)),
    ("parameters", Named(&Plain)),
    ("options", OPTIONS),
    ("prerequisites", Named(&Plain)),
]);

/// A line of a world.
pub(super) static LINE: Shape = Members(&[
    ("account", ACCOUNT),
    ("preset", Members(&[("name", Plain), ("policy", Document)])),
    ("resource_policy", RESOURCE_POLICY),
    ("organization", ORGANIZATION),
    ("general_policy", Document),
    (
        "settings",
        Members(&[
            ("catalogue", Named(&References)),
            ("parameters", Named(&Plain)),
            ("options", OPTIONS),
            ("prerequisites", Named(&Plain)),
        ]),
    ),
]);

const ACCOUNT: Shape = Members(&[
    ("uin", Plain),
    ("appid", Plain),
    ("users", Sorted("uin", &USER)),
    ("groups", Sorted("name", &GROUP)),
    ("roles", Sorted("name", &ROLE)),
    ("policies", Named(&Document)),
]);

const USER: Shape = Members(&[
    (USER_ORDER[0], Plain),
    (USER_ORDER[1], Plain),
    (USER_ORDER[2], Plain),
    (USER_ORDER[3], References),
    (USER_ORDER[4], References),
    (USER_ORDER[5], Document),
]);

const GROUP: Shape =
    Members(&[(GROUP_ORDER[0], Plain), (GROUP_ORDER[1], Plain), (GROUP_ORDER[2], References)]);

const ROLE: Shape = Members(&[
    (ROLE_ORDER[0], Plain),
    (ROLE_ORDER[1], Plain),
    (ROLE_ORDER[2], References),
    (ROLE_ORDER[3], Document),
    (ROLE_ORDER[4], Document),
    (ROLE_ORDER[5], Plain),
]);

const RESOURCE_POLICY: Shape = Members(&[("name", Plain), ("resource", Plain), ("policy", Document)]);

const ORGANIZATION: Shape = Members(&[("account", Plain), ("levels", Each(&References))]);

const OPTIONS: Shape = Members(&[
    ("strict", Plain),
    ("list_deny", Plain),
    ("cos_anyone_deny", Plain),
    ("resource_policy_services", Plain),
    ("legacy_project", Plain),
    ("builtin_parameters", Plain),
    ("max_artifact_age_s", Plain),
    ("limits", Plain),
]);

/// Puts the values of one source in order.
pub(super) struct Shaper<'s> {
    /// The text.
    pub(super) source: &'s Source,
    /// Where its comments begin, sorted.
    pub(super) comments: &'s [usize],
}

impl Shaper<'_> {
    /// A value in order. What has another type than its shape says is left as it is.
    pub(super) fn shaped(&self, value: &Value, shape: &'static Shape) -> Json {
        match (shape, &value.node) {
            (Document, _) if self.has_comment(value.span) => self.raw(value.span),
            (References, Node::Array(items)) => {
                let mut items = items.iter().map(|item| self.shaped(item, &Document)).collect();
                arrange(&mut items);
                Json::List(items)
            }
            (Sorted(key, of), Node::Array(items)) => {
                let mut items: Vec<Json> = items.iter().map(|item| self.shaped(item, of)).collect();
                if items.iter().all(|item| item.text(key).is_some()) {
                    items.sort_by(|a, b| a.text(key).cmp(&b.text(key)));
                }
                Json::List(items)
            }
            (Each(of), Node::Array(items)) => {
                Json::List(items.iter().map(|item| self.shaped(item, of)).collect())
            }
            (Named(of), Node::Object(members)) => {
                let member =
                    members.iter().map(|member| (member.name.clone(), self.shaped(&member.value, of)));
                let mut members: Vec<_> = member.collect();
                members.sort_by(|(a, _), (b, _)| a.cmp(b));
                Json::Object(members)
            }
            (Members(shapes), Node::Object(members)) => {
                let rank = |name: &str| shapes.iter().position(|(own, _)| *own == name);
                let member = members.iter().filter_map(|member| {
                    let rank = rank(&member.name).unwrap_or(shapes.len());
                    let shape = shapes.get(rank).map_or(&Plain, |(_, shape)| shape);
                    let value = self.shaped(&member.value, shape);
                    let kept = !is_nothing(&value, shape) || &*member.name == "accounts";
                    kept.then(|| (rank, (member.name.clone(), value)))
                });
                let mut members: Vec<_> = member.collect();
                members.sort_by_key(|(rank, _)| *rank);
                Json::Object(members.into_iter().map(|(_, member)| member).collect())
            }
            (_, Node::String(text)) => Json::String(text.clone()),
            (_, Node::Array(items)) => {
                Json::List(items.iter().map(|item| self.shaped(item, &Plain)).collect())
            }
            (_, Node::Object(members)) => {
                let member = |member: &camshaft_frontend::json::Member| {
                    (member.name.clone(), self.shaped(&member.value, &Plain))
                };
                Json::Object(members.iter().map(member).collect())
            }
            (_, Node::Null | Node::Bool(_) | Node::Number | Node::Skimmed) => self.raw(value.span),
        }
    }

    fn raw(&self, span: Span) -> Json {
        Json::Raw(self.source.slice(span).into())
    }

    fn has_comment(&self, span: Span) -> bool {
        let after = self.comments.partition_point(|at| *at < span.start);
        self.comments.get(after).is_some_and(|at| *at < span.end)
    }
}

/// Whether a member says nothing: an empty list of holders, documents or references.
fn is_nothing(value: &Json, shape: &Shape) -> bool {
    matches!(shape, References | Named(_) | Sorted(..) | Each(_))
        && value.items().is_empty()
        && value.members().is_empty()
        && !matches!(value, Json::String(_) | Json::Raw(_))
}

/// Sorts references and keeps each once, unless a document in place has its name by its index.
pub(super) fn arrange(items: &mut Vec<Json>) {
    if items.iter().all(|item| item.as_str().is_some()) {
        items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        items.dedup();
    }
}
