//! Actions and the list of known ones: CAM0523 to CAM0525, CAM0539.

use camshaft_frontend::diagnostic::{Fix, code};
use camshaft_frontend::outline::Stated;
use camshaft_frontend::policy::{ActionEntry, Effect, Piece, ResourceEntry};
use camshaft_frontend::spelling::nearest;
use camshaft_value::pattern::matches_glob;

use super::{Document, KnownActions};

/// Of so many actions of a service a near one is looked for.
const MOST_CANDIDATES: usize = 5_000;

impl Document<'_, '_> {
    pub(super) fn actions(&mut self, stated: &Stated) {
        if let Some(known) = &self.lints.known {
            self.unknown(stated, known);
            self.needs_star(stated, known);
        }
        self.narrow_list_deny(stated);
    }

    /// CAM0523, CAM0524.
    fn unknown(&mut self, stated: &Stated, known: &KnownActions) {
        for entry in &stated.actions {
            let globs: Vec<String> = entry.means.iter().filter_map(glob_text).collect();
            if globs.len() < entry.means.len()
                || globs.iter().any(|glob| matching(known, glob).next().is_some())
            {
                continue;
            }
            let other_case =
                globs.iter().find_map(|glob| matching_folded(known, glob).map(|near| (glob, near)));
            if let Some((glob, near)) = other_case {
                let message =
                    format!("`{}` matches no known action, but for the case of its letters", entry.text);
                let found = self.found(stated, code::ACTION_CASE, entry.span, message);
                found.help = Some(format!("actions are case-sensitive; did you mean `{near}`?"));
                let prefix = if entry.text.starts_with("name/") { "name/" } else { "" };
                let exact = !glob.contains('*') && entry.means.len() == 1;
                found.fix = exact.then(|| Fix::suggestion(entry.span, format!("\"{prefix}{near}\"")));
                continue;
            }
            let message = format!("`{}` matches no known action", entry.text);
            let service =
                globs.first().and_then(|glob| glob.split_once(':')).map_or("", |(service, _)| service);
            let head = format!("{service}:");
            let of_service: Vec<&str> =
                known.beginning(&head).map(|(action, _)| action).take(MOST_CANDIDATES).collect();
            let near = globs.first().and_then(|glob| nearest(glob, of_service.iter().copied()));
            let found = self.found(stated, code::UNKNOWN_ACTION, entry.span, message);
            found.help = Some(match (near, of_service.is_empty()) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, true) => format!("the list has no action of `{service}` at all"),
                (None, false) => "mend it, or add it to the list if it exists".into(),
            });
            let prefix = if entry.text.starts_with("name/") { "name/" } else { "" };
            found.fix = near.map(|near| Fix::suggestion(entry.span, format!("\"{prefix}{near}\"")));
        }
    }

    /// CAM0525.
    fn needs_star(&mut self, stated: &Stated, known: &KnownActions) {
        if stated.resources.iter().any(|entry| entry.means == ResourceEntry::All) {
            return;
        }
        let mut some = false;
        for action in &stated.meaning.actions {
            let Some(glob) = glob_text(action) else { return };
            // An action that the list does not know may well take a resource.
            if !glob.contains('*') && known.without_resource(&glob).is_none() {
                return;
            }
            for (_, without) in matching(known, &glob) {
                if !without {
                    return;
                }
                some = true;
            }
        }
        let Some(first) = stated.resources.first().filter(|_| some) else { return };
        let (message, help) = match stated.meaning.effect {
            Effect::Allow => (
                "the statement allows nothing that is known: its actions take no resource, and none of its entries is `*`",
                "write `*` as the resource",
            ),
            Effect::Deny => (
                "the actions take no resource: the statement denies them altogether",
                "write `*` as the resource to say so",
            ),
        };
        self.found(stated, code::NEEDS_STAR, first.span, message).help = Some(help.into());
    }

    /// CAM0539.
    fn narrow_list_deny(&mut self, stated: &Stated) {
        let reads = |action: &ActionEntry| match action {
            ActionEntry::Operation { operation, .. } => match operation.0.first() {
                Some(Piece::Literal(text)) => {
                    ["Describe", "Get", "List"].iter().any(|head| text.starts_with(head))
                }
                _ => false,
            },
            ActionEntry::All => false,
        };
        if stated.meaning.effect == Effect::Deny
            && !stated.meaning.resources.contains(&ResourceEntry::All)
            && stated.meaning.actions.iter().all(reads)
            && let Some(first) = stated.resources.first()
        {
            let message = "CAM documents that a deny of single resources may not take effect in lists";
            let found = self.found(stated, code::NARROW_LIST_DENY, first.span, message);
            found.help = Some("what must not be seen at all is denied on `*`".into());
        }
    }
}

/// The text of an entry as a glob over whole actions; `None` for every action.
fn glob_text(action: &ActionEntry) -> Option<String> {
    let ActionEntry::Operation { service, operation } = action else { return None };
    let mut text = format!("{service}:");
    for piece in &operation.0 {
        text.push_str(match piece {
            Piece::Literal(text) => text,
            Piece::Star | Piece::Variable(_) => "*",
        });
    }
    Some(text)
}

/// The known actions that a glob matches, and whether each takes no resource.
fn matching<'k>(known: &'k KnownActions, glob: &'k str) -> impl Iterator<Item = (&'k str, bool)> {
    let head = glob.split('*').next().unwrap_or_default();
    known.beginning(head).filter(move |(action, _)| matches_glob(glob, action))
}

/// A known action that a glob matches but for case.
fn matching_folded<'k>(known: &'k KnownActions, glob: &str) -> Option<&'k str> {
    let glob = glob.to_ascii_lowercase();
    let head = glob.split('*').next().unwrap_or_default().to_owned();
    known.first_folded(&head, |folded| matches_glob(&glob, folded))
}
