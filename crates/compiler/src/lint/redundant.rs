//! Entries that others of the same list cover: CAM0503 to CAM0505.

use camshaft_frontend::diagnostic::{Code, Fix, code};
use camshaft_frontend::outline::{Stated, Written};
use camshaft_frontend::policy::{ActionEntry, Kind};

use super::Document;
use super::cover::{self, Cover, Ground};

impl Document<'_, '_> {
    pub(super) fn redundant(&mut self, stated: &Stated) {
        let budget = self.lints.budget_states;
        // Long lists of exact actions cannot cover each other: their texts differ.
        let open: Vec<bool> = stated.actions.iter().map(|entry| is_open(&entry.means)).collect();
        self.list(stated, code::REDUNDANT_ACTION, &stated.actions, |outer, inner| {
            let same = || stated.actions[outer].means == stated.actions[inner].means;
            if !open[outer] && !same() {
                return Cover::No;
            }
            cover::actions(&stated.actions[outer].means, &stated.actions[inner].means, budget)
        });
        let shared = self.outline.preset || self.outline.kind == Kind::Scp;
        let ground = Ground { effect: stated.meaning.effect, own: self.owner().filter(|_| !shared), budget };
        self.list(stated, code::REDUNDANT_RESOURCE, &stated.resources, |outer, inner| {
            cover::resources(&stated.resources[outer].means, &stated.resources[inner].means, ground)
        });
        for term in &stated.terms {
            let base = term.meaning.operator.base;
            self.list(stated, code::REDUNDANT_VALUE, &term.values, |outer, inner| {
                cover::values(base, &term.values[outer].means, &term.values[inner].means, budget)
            });
        }
    }

    /// Reports every entry that another covers. Of entries that cover each other the first stays.
    fn list<T>(
        &mut self,
        stated: &Stated,
        code: Code,
        entries: &[Written<T>],
        covers: impl Fn(usize, usize) -> Cover,
    ) {
        for (inner, entry) in entries.iter().enumerate() {
            let mut by = None;
            for outer in (0..entries.len()).filter(|outer| *outer != inner) {
                let cover = covers(outer, inner);
                if cover == Cover::Unknown {
                    self.gave_up();
                }
                let stays = cover.holds() && (outer < inner || !covers(inner, outer).holds());
                // What may be dropped without a thought is better, and of such the widest.
                let wider = |best| covers(outer, best).holds() && !covers(best, outer).holds();
                if stays && by.is_none_or(|(at, best)| cover > best || cover == best && wider(at)) {
                    by = Some((outer, cover));
                }
            }
            let Some((outer, cover)) = by else { continue };
            let by = &entries[outer];
            let message = format!("`{}` is covered by `{}`", entry.text, by.text);
            let fix = entry.removal.filter(|_| cover == Cover::Whole);
            let found = self.found(stated, code, entry.span, message);
            found.related.push((by.span, "this covers it".into()));
            found.fix = fix.map(|removal| Fix::machine(removal, ""));
            found.help = Some(match cover {
                Cover::Whole => "remove it: nothing changes".into(),
                _ => "wherever it matches, the other does too".into(),
            });
        }
    }
}

fn is_open(actions: &[ActionEntry]) -> bool {
    actions.len() > 1
        || actions.iter().any(|action| match action {
            ActionEntry::All => true,
            ActionEntry::Operation { operation, .. } => {
                operation.0.len() != 1 || {
                    !matches!(operation.0.first(), Some(camshaft_frontend::policy::Piece::Literal(_)))
                }
            }
        })
}
