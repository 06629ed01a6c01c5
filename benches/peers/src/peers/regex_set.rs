//! One [`RegexSet`] a principal, a pattern a statement.

use camshaft_benches::subject::Subject;
use camshaft_runtime::Request;
use regex::bytes::{RegexSet, RegexSetBuilder};

use crate::peer::{Load, Map, Peer, Verdict};
use crate::peers::patterns::{self, Rule};
use crate::text;

/// Bytes that a compiled set may take: more than any here does.
const LIMIT: usize = 8 << 30;
/// Bytes of lazily made states; past them the set starts over, again and again.
const CACHE: usize = 256 << 20;

struct Sets<'w> {
    callers: Map<(RegexSet, Vec<Rule<'w>>)>,
    haystack: String,
}

/// Builds the sets of all principals.
pub fn source(subject: &Subject) -> Load<'_> {
    let world = &subject.world;
    let texts: Vec<_> = text::users(world)
        .map(|id| (text::principal(world, id), patterns::of(world, world.of_user(id)), id))
        .collect();
    Box::new(move |deadline| {
        let mut callers = Map::default();
        for (name, texts, id) in &texts {
            if deadline.passed() {
                return Err("loading takes too long".into());
            }
            let built = RegexSetBuilder::new(texts)
                .unicode(false)
                .dot_matches_new_line(true)
                .size_limit(LIMIT)
                .dfa_size_limit(CACHE)
                .build();
            let rules = patterns::rules(world.of_user(*id));
            callers.insert(name.clone(), (built.map_err(|error| error.to_string())?, rules));
        }
        Ok(Box::new(Sets { callers, haystack: String::new() }))
    })
}

impl Peer for Sets<'_> {
    fn decide(&mut self, request: &Request<'_>) -> Verdict {
        let Some((set, rules)) = self.callers.get(request.principal) else { return Verdict::Nothing };
        patterns::haystack(request, &mut self.haystack);
        let matches = set.matches(self.haystack.as_bytes());
        patterns::verdict(matches.iter().map(|number| &rules[number]), request)
    }
}
