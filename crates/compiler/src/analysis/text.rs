//! Which of some patterns can match one text: a walk over all texts, the shortest first.
//!
//! A state is the set of positions that the patterns can be in. Letters that no pattern waits for in a state are one
//! letter there, so the walk is exact, and patterns that have failed cost nothing any more.

use std::collections::HashSet;
use std::ops::ControlFlow;

use super::bits::Bits;
use super::search::{Spent, Steps};
use crate::prove::glob::{Glob, Part};

/// A step of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Letter(char),
    /// In lower case; stands for either case of an ASCII letter.
    Folded(char),
    /// Any text.
    Any,
    /// The text must end here.
    End,
}

/// Patterns side by side. The positions of one follow those of the one before.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    tokens: Vec<Token>,
    /// By position.
    of: Vec<u32>,
    starts: Vec<u32>,
}

impl Patterns {
    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    /// Adds a pattern without variables.
    pub(super) fn add(&mut self, glob: &Glob<'_>, folded: bool) {
        let number = u32::try_from(self.starts.len()).unwrap_or(u32::MAX);
        self.starts.push(u32::try_from(self.tokens.len()).unwrap_or(u32::MAX));
        for part in &glob.0 {
            match part {
                Part::Text(text) if folded => {
                    self.tokens.extend(text.chars().map(|c| Token::Folded(c.to_ascii_lowercase())));
                }
                Part::Text(text) => self.tokens.extend(text.chars().map(Token::Letter)),
                Part::Any | Part::Variable(_) => self.tokens.push(Token::Any),
            }
        }
        self.tokens.push(Token::End);
        self.of.resize(self.tokens.len(), number);
    }

    fn token(&self, at: u32) -> Token {
        self.tokens.get(at as usize).copied().unwrap_or(Token::End)
    }

    fn pattern(&self, at: u32) -> u32 {
        self.of.get(at as usize).copied().unwrap_or(0)
    }

    /// Adds a position, and those behind the stars that begin there.
    fn reach(&self, state: &mut Vec<u32>, mut at: u32) {
        state.push(at);
        while self.token(at) == Token::Any {
            at += 1;
            state.push(at);
        }
    }

    /// Ascending, once each, and nothing of a pattern in front of its last star: what matches from there matches from
    /// the star too.
    fn tidy(&self, state: &mut Vec<u32>) {
        state.sort_unstable();
        state.dedup();
        let mut star: Option<(u32, u32)> = None;
        let mut kept = vec![true; state.len()];
        for (at, keep) in state.iter().zip(&mut kept).rev() {
            let pattern = self.pattern(*at);
            if star.is_some_and(|(of, _)| of == pattern) {
                *keep = false;
            } else if self.token(*at) == Token::Any {
                star = Some((pattern, *at));
            }
        }
        let mut kept = kept.into_iter();
        state.retain(|_| kept.next().unwrap_or(true));
    }

    fn start(&self) -> Vec<u32> {
        let mut state = Vec::new();
        self.starts.iter().for_each(|at| self.reach(&mut state, *at));
        self.tidy(&mut state);
        state
    }

    fn step(&self, state: &[u32], letter: char) -> Vec<u32> {
        let mut next = Vec::with_capacity(state.len() + 1);
        for at in state {
            match self.token(*at) {
                Token::Any => self.reach(&mut next, *at),
                Token::Letter(own) if own == letter => self.reach(&mut next, at + 1),
                Token::Folded(own) if own == letter.to_ascii_lowercase() => self.reach(&mut next, at + 1),
                _ => {}
            }
        }
        self.tidy(&mut next);
        next
    }

    fn patterns(&self, state: &[u32], is_of: impl Fn(Token) -> bool) -> Bits {
        let mut patterns = Bits::new(self.len());
        for at in state.iter().filter(|at| is_of(self.token(**at))) {
            patterns.set(self.pattern(*at) as usize);
        }
        patterns
    }
}

/// What texts are made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letters {
    /// Whether a letter may stand in a text.
    pub(super) allowed: fn(char) -> bool,
    /// Letters that stand for all others, the likely ones first.
    pub(super) fillers: &'static str,
    /// Whether the empty text is one.
    pub(super) empty: bool,
}

/// The most letters that a text of a request may have.
const LONGEST: usize = camshaft_frontend::limits::REQUEST_STRING_BYTES;

impl Letters {
    /// A letter that no pattern waits for in a state.
    fn other(&self, waited: &[char]) -> Option<char> {
        let is_other = |letter: &char| (self.allowed)(*letter) && !waited.contains(letter);
        self.fillers.chars().find(is_other).or_else(|| ('!'..'\u{ffff}').find(is_other))
    }
}

/// Calls `at` with every set of patterns that some text matches and none besides, and with the shortest text that
/// does. What is behind a state whose patterns `may` not matter is left out.
pub(super) fn walk<B>(
    patterns: &Patterns,
    letters: Letters,
    steps: &Steps,
    mut may: impl FnMut(&Bits) -> bool,
    mut at: impl FnMut(&Bits, &str) -> ControlFlow<B>,
) -> Result<ControlFlow<B>, Spent> {
    let first = patterns.start();
    let mut seen: HashSet<Box<[u32]>> = HashSet::new();
    let mut told: HashSet<Bits> = HashSet::new();
    if letters.empty {
        seen.insert(first.as_slice().into());
    }
    // A state, the place of the one before it, and the letter between.
    let mut states: Vec<(Vec<u32>, usize, char)> = vec![(first, 0, ' ')];
    let mut number = 0;
    let mut waited: Vec<char> = Vec::new();
    while let Some((state, ..)) = states.get(number) {
        let state = state.clone();
        steps.take(state.len() + 1, "texts")?;
        let live = patterns.patterns(&state, |_| true);
        if !may(&live) {
            number += 1;
            continue;
        }
        if number > 0 || letters.empty {
            let matched = patterns.patterns(&state, |token| token == Token::End);
            if !told.contains(&matched) {
                let text = text_of(&states, number);
                if text.len() <= LONGEST
                    && let ControlFlow::Break(stop) = at(&matched, &text)
                {
                    return Ok(ControlFlow::Break(stop));
                }
                told.insert(matched);
            }
        }
        waited.clear();
        for at in &state {
            match patterns.token(*at) {
                Token::Letter(letter) => waited.push(letter),
                Token::Folded(letter) => waited.extend([letter, letter.to_ascii_uppercase()]),
                Token::Any | Token::End => {}
            }
        }
        waited.sort_unstable();
        waited.dedup();
        waited.retain(|letter| (letters.allowed)(*letter));
        // A star reads like a pattern: it comes last.
        waited.sort_by_key(|letter| *letter == '*');
        let other = letters.other(&waited);
        for letter in waited.iter().copied().chain(other) {
            let next = patterns.step(&state, letter);
            if !seen.contains(next.as_slice()) {
                seen.insert(next.as_slice().into());
                states.push((next, number, letter));
            }
        }
        number += 1;
    }
    Ok(ControlFlow::Continue(()))
}

fn text_of(states: &[(Vec<u32>, usize, char)], mut number: usize) -> String {
    let mut letters = Vec::new();
    while let Some((_, before, letter)) = states.get(number).filter(|_| number > 0) {
        letters.push(*letter);
        number = *before;
    }
    letters.iter().rev().collect()
}
