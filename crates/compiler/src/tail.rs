//! Sixth segments to tails: the cheapest test that decides the pattern, and the literals that an index
//! can find it by.

use camshaft_bundle::schema::{piece, row::tail};
use camshaft_frontend::policy::{Pattern, Piece};
use camshaft_value::pattern::Variable;

use crate::draft::Scraps;
use crate::intern::Interner;
use crate::stats::Strategy;

/// Places in the text heap: start and length. In a draft: number of the text from 1, and length.
pub(crate) type Place = (u32, u32);

/// A classified sixth segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tail {
    /// One of [`tail`].
    pub(crate) kind: u32,
    /// The literal of exact, prefix and suffix tails; the pattern number of the others, in the first.
    pub(crate) operand: (u32, u32),
    /// Every match begins with this literal.
    pub(crate) head: Place,
    /// Every match ends with this literal.
    pub(crate) foot: Place,
    /// How it counts in reports.
    pub(crate) strategy: Strategy,
}

/// Patterns as the bundle stores them: lists of `[kind, text start, length]`.
pub(crate) type Patterns = Interner<Vec<[u32; 3]>>;

/// Any text.
pub(crate) const ANY: Tail =
    Tail { kind: tail::ANY, operand: (0, 0), head: (0, 0), foot: (0, 0), strategy: Strategy::Any };

/// Classifies a pattern.
pub(crate) fn classify(pattern: &Pattern, heap: &mut Scraps, patterns: &mut Patterns) -> Tail {
    let mut place = |text: &str| heap.place(text);
    match pattern.0.as_slice() {
        [Piece::Star] => ANY,
        [] => {
            let at = place("");
            Tail { kind: tail::EXACT, operand: at, head: at, foot: at, strategy: Strategy::Exact }
        }
        [Piece::Literal(text)] => {
            let at = place(text);
            Tail { kind: tail::EXACT, operand: at, head: at, foot: at, strategy: Strategy::Exact }
        }
        [Piece::Literal(text), Piece::Star] => {
            let at = place(text);
            Tail { kind: tail::PREFIX, operand: at, head: at, foot: (0, 0), strategy: Strategy::Prefix }
        }
        [Piece::Star, Piece::Literal(text)] => {
            let at = place(text);
            Tail { kind: tail::SUFFIX, operand: at, head: (0, 0), foot: at, strategy: Strategy::Suffix }
        }
        pieces => {
            let variable = pieces.iter().any(|piece| matches!(piece, Piece::Variable(_)));
            let literal = |piece: Option<&Piece>, heap: &mut Scraps| match piece {
                Some(Piece::Literal(text)) => heap.place(text),
                _ => (0, 0),
            };
            let stars = pieces.iter().filter(|piece| **piece == Piece::Star).count();
            let inner = pieces.first() == Some(&Piece::Star) && pieces.last() == Some(&Piece::Star);
            let strategy = match (variable, stars) {
                (true, _) => Strategy::Variable,
                (false, 1) => Strategy::Infix,
                (false, 2) if inner => Strategy::Infix,
                _ => Strategy::MultiStar,
            };
            Tail {
                kind: if variable { tail::VARIABLE } else { tail::PATTERN },
                operand: (store(pattern, heap, patterns), 0),
                head: literal(pieces.first(), heap),
                foot: literal(pieces.last(), heap),
                strategy,
            }
        }
    }
}

/// The number of a pattern as a list of pieces.
pub(crate) fn store(pattern: &Pattern, heap: &mut Scraps, patterns: &mut Patterns) -> u32 {
    let pieces = pattern.0.iter().map(|piece| match piece {
        Piece::Literal(text) => {
            let (start, length) = heap.place(text);
            [piece::LITERAL, start, length]
        }
        Piece::Star => [piece::STAR, 0, 0],
        Piece::Variable(Variable::Uin) => [piece::UIN, 0, 0],
        Piece::Variable(Variable::OwnerUin) => [piece::OWNER_UIN, 0, 0],
        Piece::Variable(Variable::AppId) => [piece::APP_ID, 0, 0],
        Piece::Variable(Variable::Unvalued) => [piece::UNVALUED, 0, 0],
    });
    let pieces: Vec<[u32; 3]> = pieces.collect();
    patterns.id(pieces)
}
