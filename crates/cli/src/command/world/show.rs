//! `camshaft world show`: the effective policies of an identity.

use serde::Serialize;

use super::identity::{Directory, Identity, Kind};
use super::layers::{self, Layer};
use super::reach::{Subject, Who};
use crate::args::Show;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::load;
use crate::render::text;

#[derive(Serialize)]
struct Report {
    world: String,
    identity: Described,
    layers: Vec<Layer>,
}

/// An identity and what is known about it.
#[derive(Serialize)]
struct Described {
    #[serde(flatten)]
    identity: Identity,
    /// The name of a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The id of a group or role.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Of a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    collaborator: Option<bool>,
    /// Of a role.
    #[serde(skip_serializing_if = "Option::is_none")]
    service_linked: Option<bool>,
    /// Uins of the members of a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Vec<String>>,
}

/// Runs it.
pub(super) fn run(args: &Show, console: &mut Console) -> Result<Exit, Failure> {
    let overrides = load::overrides(&args.reading)?;
    let world = input::name(&load::existing(&args.path)?);
    let mut loaded = load::world(&args.path, &overrides)?.loaded;
    let (set, _) = load::accepted(&world, &mut loaded)?;
    let identity = Directory::from(&set).find(&args.identity)?;
    let Some(subject) = Subject::find(&set, &identity) else {
        return Err(Failure::usage(format!("there is no `{}` in the world", identity.short())));
    };
    let layers = layers::layers(&set, &subject);
    let report = Report { world, identity: describe(identity, &subject), layers };
    if console.is_json() {
        console.json(&report)?;
    } else {
        let title = text::paint(console.out_color, text::STRONG, &report.identity.identity.principal);
        writeln!(console.out(), "{title}  {}", summary(&report.identity))?;
        if let Some(members) = &report.identity.members {
            let members = if members.is_empty() { "none".into() } else { members.join(", ") };
            writeln!(console.out(), "members: {members}")?;
        }
        if report.layers.is_empty() {
            writeln!(console.out(), "\nno policy bears on it")?;
        }
        layers::human(&report.layers, console)?;
    }
    Ok(Exit::Done)
}

fn describe(identity: Identity, subject: &Subject<'_>) -> Described {
    let mut described =
        Described { identity, name: None, id: None, collaborator: None, service_linked: None, members: None };
    let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    match subject.who {
        Who::Root => {}
        Who::User(user) => {
            (described.name, described.collaborator) = (text(&user.name), Some(user.collaborator));
        }
        Who::Role(role) => {
            (described.id, described.service_linked) = (text(&role.id), Some(role.service_linked));
        }
        Who::Group(group) => {
            described.id = text(&group.id);
            let is_in = |user: &camshaft_frontend::policy::User| {
                let mut groups = user.groups.iter().filter_map(|at| subject.account.groups.get(*at as usize));
                groups.any(|own| own.name == group.name)
            };
            let members = subject.account.users.iter().filter(|user| is_in(user));
            described.members = Some(members.map(|user| user.uin.to_string()).collect());
        }
    }
    described
}

/// `user dev`, `service-linked role`, …
fn summary(described: &Described) -> String {
    let kind = match described.identity.kind {
        Kind::Root => "root account: it may do everything in its account that nothing here denies",
        Kind::User if described.collaborator == Some(true) => "collaborator",
        Kind::User => "user",
        Kind::Group => "group",
        Kind::Role if described.service_linked == Some(true) => "service-linked role",
        Kind::Role => "role",
    };
    let name = match described.identity.kind {
        Kind::Group => Some(&described.identity.key),
        _ => described.name.as_ref().or(described.id.as_ref()),
    };
    name.map_or_else(|| kind.to_owned(), |name| format!("{kind} {}", text::plain(name)))
}
