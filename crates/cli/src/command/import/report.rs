//! What became of the resources, for people and for programs.

use anstyle::Style;
use serde::Serialize;
use serde_json::Value;

use crate::console::Console;
use crate::exit::Failure;
use crate::render::diagnostic;
use crate::render::table::{Align, Table};
use crate::render::{json, text};

/// What the world does because something is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Effect {
    /// It may allow what the account denies.
    AllowsMore,
    /// It may deny what the account allows.
    AllowsLess,
    /// Either.
    MoreOrLess,
}

impl Effect {
    fn text(self) -> &'static str {
        match self {
            Self::AllowsMore => "the world may allow more than the account",
            Self::AllowsLess => "the world may allow less than the account",
            Self::MoreOrLess => "the world may allow more or less than the account",
        }
    }
}

/// Something that is not in the world, or not all of it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Unmapped {
    pub(super) address: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// Whether the rest of it is in the world.
    pub(super) partly: bool,
    pub(super) reason: String,
    pub(super) effect: Effect,
}

/// How something was found out that no attribute says.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Note {
    pub(super) address: String,
    pub(super) note: String,
}

/// A value and where it is from.
#[derive(Debug, Serialize)]
pub(super) struct Found {
    pub(super) value: String,
    pub(super) from: String,
}

/// What the world holds.
#[derive(Debug, Serialize)]
pub(super) struct Holds {
    pub(super) users: usize,
    pub(super) groups: usize,
    pub(super) roles: usize,
    pub(super) policies: usize,
    pub(super) presets: usize,
    pub(super) resource_policies: usize,
}

/// How many resources became what.
#[derive(Debug, Default, Serialize)]
pub(super) struct Counts {
    pub(super) mapped: usize,
    pub(super) not_mapped: usize,
    /// Of CAM and COS, without a say in decisions.
    pub(super) without_permissions: usize,
    /// Of other services and other providers.
    pub(super) other: usize,
}

/// The whole report.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// `state` or `plan`.
    pub(super) source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) terraform_version: Option<String>,
    pub(super) account: Found,
    pub(super) appid: Found,
    /// The file; left out where the world is in the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) out: Option<String>,
    pub(super) written: bool,
    pub(super) resources: Counts,
    pub(super) holds: Holds,
    pub(super) not_mapped: Vec<Unmapped>,
    pub(super) notes: Vec<Note>,
    pub(super) findings: diagnostic::Counts,
    pub(super) diagnostics: Vec<json::Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) world: Option<Value>,
}

impl Report {
    /// Tells people. The summary goes where the world does not.
    pub(super) fn human(&self, console: &mut Console) -> Result<(), Failure> {
        let color = console.err_color;
        for one in &self.notes {
            let line = text::plain(&format!("{}: {}", one.address, one.note));
            console.message(&text::labelled(color, text::DIM, "note", &line));
        }
        for one in &self.not_mapped {
            let how = if one.partly { "is mapped in part" } else { "is not mapped" };
            let line = text::plain(&format!("{} {how}: {}", one.address, one.reason));
            console.message(&text::labelled(color, text::DOUBTFUL, "warning", &line));
        }
        if let Some(effect) = self.effect() {
            let missing = text::count(self.resources.not_mapped, "resource is", "resources are");
            let line = format!("{missing} not mapped, or not as a whole: {}", effect.text());
            console.message(&text::labelled(color, text::BAD, "incomplete", &line));
        }
        let to_out = self.out.is_some() && self.written;
        let summary = self.summary(if to_out { console.out_color } else { color });
        if to_out {
            console.out().write_all(summary.as_bytes())?;
        } else {
            console.message(&summary);
        }
        Ok(())
    }

    /// What all that is missing comes to.
    fn effect(&self) -> Option<Effect> {
        let mut effects = self.not_mapped.iter().map(|one| one.effect);
        let first = effects.next()?;
        Some(if effects.all(|effect| effect == first) { first } else { Effect::MoreOrLess })
    }

    fn summary(&self, color: bool) -> String {
        let mut out = String::new();
        if let Some(path) = &self.out {
            let (tone, label) =
                if self.written { (text::GOOD, "wrote") } else { (text::BAD, "did not write") };
            out.push_str(&format!("{} {}\n\n", text::paint(color, tone, label), text::plain(path)));
        }
        let mut table = Table::new([(Align::Left, text::DIM), (Align::Left, Style::new())]);
        let from = |found: &Found| text::plain(&format!("{} ({})", found.value, found.from));
        table.row(["account", &from(&self.account)]);
        table.row(["APPID", &from(&self.appid)]);
        let figures = |figures: &[(usize, &str, &str)]| {
            let some = figures.iter().filter(|(number, ..)| *number > 0);
            let parts: Vec<String> =
                some.map(|(number, one, more)| text::count(*number, one, more)).collect();
            if parts.is_empty() { "nothing".into() } else { parts.join(", ") }
        };
        let resources = &self.resources;
        table.row([
            self.source,
            &figures(&[
                (resources.mapped, "resource mapped", "resources mapped"),
                (resources.not_mapped, "not mapped", "not mapped"),
                (resources.without_permissions, "without permissions", "without permissions"),
                (resources.other, "of other services", "of other services"),
            ]),
        ]);
        let holds = &self.holds;
        table.row([
            "world",
            &figures(&[
                (holds.users, "user", "users"),
                (holds.groups, "group", "groups"),
                (holds.roles, "role", "roles"),
                (holds.policies, "policy", "policies"),
                (holds.presets, "preset", "presets"),
                (holds.resource_policies, "resource policy", "resource policies"),
            ]),
        ]);
        out.push_str(&table.render(color));
        if self.findings != diagnostic::Counts::default() {
            let found = self.findings.text();
            out.push_str(&format!("\n{found} in the documents: `camshaft check` shows them of the world\n"));
        }
        out
    }
}
