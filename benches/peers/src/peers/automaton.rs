//! One dense byte-wise DFA a principal that finds every matching statement in one pass: the fastest there is, as
//! long as it fits.

use camshaft_benches::subject::Subject;
use camshaft_runtime::Request;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;
use regex_automata::{Anchored, MatchKind};

use crate::peer::{Load, Map, Peer, Verdict};
use crate::peers::patterns::{self, Rule};
use crate::text;

/// Bytes of all automata together, and of the work for one.
pub const BUDGET: usize = 256 << 20;

struct Automata<'w> {
    callers: Map<(dense::DFA<Vec<u32>>, Vec<Rule<'w>>)>,
    haystack: String,
}

/// Builds the automata of all principals.
pub fn source(subject: &Subject) -> Load<'_> {
    let world = &subject.world;
    let texts: Vec<_> = text::users(world)
        .map(|id| (text::principal(world, id), patterns::of(world, world.of_user(id)), id))
        .collect();
    Box::new(move |deadline| {
        let (mut callers, mut left) = (Map::default(), BUDGET);
        for (number, (name, patterns, id)) in texts.iter().enumerate() {
            let (of, all) = (texts.len() - number, texts.len());
            if deadline.passed() {
                return Err(format!("loading takes too long ({of} of {all} principals left)"));
            }
            let built = build(patterns, left);
            let Some(built) = built.ok().filter(|built| built.memory_usage() <= left) else {
                return Err(format!("does not fit {} MiB ({of} of {all} principals left)", BUDGET >> 20));
            };
            left -= built.memory_usage();
            callers.insert(name.clone(), (built, patterns::rules(world.of_user(*id))));
        }
        Ok(Box::new(Automata { callers, haystack: String::new() }))
    })
}

fn build(patterns: &[String], limit: usize) -> Result<dense::DFA<Vec<u32>>, Box<dense::BuildError>> {
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Anchored)
        .dfa_size_limit(Some(limit))
        .determinize_size_limit(Some(BUDGET));
    dense::Builder::new()
        .configure(config)
        .thompson(thompson::Config::new().utf8(false))
        .syntax(syntax::Config::new().unicode(false).utf8(false).dot_matches_new_line(true))
        .build_many(patterns)
        .map_err(Box::new)
}

impl Peer for Automata<'_> {
    fn decide(&mut self, request: &Request<'_>) -> Verdict {
        let Some((dfa, rules)) = self.callers.get(request.principal) else { return Verdict::Nothing };
        patterns::haystack(request, &mut self.haystack);
        let start = regex_automata::util::start::Config::new().anchored(Anchored::Yes);
        let Ok(mut state) = dfa.start_state(&start) else { return Verdict::Nothing };
        for byte in self.haystack.bytes() {
            state = dfa.next_state(state, byte);
            if dfa.is_dead_state(state) {
                return Verdict::Nothing;
            }
        }
        let state = dfa.next_eoi_state(state);
        if !dfa.is_match_state(state) {
            return Verdict::Nothing;
        }
        let matches = (0..dfa.match_len(state)).map(|at| &rules[dfa.match_pattern(state, at).as_usize()]);
        patterns::verdict(matches, request)
    }
}
