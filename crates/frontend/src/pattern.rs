//! Building the patterns of policies: literals joined, stars folded.

use camshaft_value::pattern::Variable;

use crate::policy::{Pattern, Piece};

/// Collects pieces; keeps the invariants of [`Piece`].
#[derive(Default)]
pub(crate) struct Builder {
    pieces: Vec<Piece>,
    literal: String,
    stars: usize,
}

impl Builder {
    /// Text that stands for itself.
    pub(crate) fn literal(&mut self, text: &str) {
        self.literal.push_str(text);
    }

    /// Text in which `*` stands for any text.
    pub(crate) fn glob(&mut self, text: &str) {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('*') {
            self.literal.push_str(before);
            self.stars += 1;
            self.star();
            rest = after;
        }
        self.literal.push_str(rest);
    }

    /// Any text.
    pub(crate) fn star(&mut self) {
        self.flush();
        if self.pieces.last() != Some(&Piece::Star) {
            self.pieces.push(Piece::Star);
        }
    }

    /// The text of a variable.
    pub(crate) fn variable(&mut self, variable: Variable) {
        self.flush();
        self.pieces.push(Piece::Variable(variable));
    }

    /// Stars written in globs so far (CITE LIM-14).
    pub(crate) fn written_stars(&self) -> usize {
        self.stars
    }

    pub(crate) fn finish(mut self) -> Pattern {
        self.flush();
        Pattern(self.pieces)
    }

    fn flush(&mut self) {
        if !self.literal.is_empty() {
            self.pieces.push(Piece::Literal(core::mem::take(&mut self.literal).into()));
        }
    }
}

impl Pattern {
    /// Whether some text matches both patterns, a variable standing for any text.
    pub fn meets(&self, other: &Self) -> bool {
        let (a, b) = (Shape::of(self), Shape::of(other));
        match (a.open, b.open) {
            // Between a first and a last open place every middle literal of either finds room.
            (true, true) => {
                let heads = a.head.starts_with(b.head) || b.head.starts_with(a.head);
                heads && (a.tail.ends_with(b.tail) || b.tail.ends_with(a.tail))
            }
            (false, _) => other.admits(a.head),
            (_, false) => self.admits(b.head),
        }
    }

    /// Whether the text matches, a variable standing for any text.
    fn admits(&self, text: &str) -> bool {
        use camshaft_value::pattern::{self, Piece as Bare};
        let bare = self.0.iter().map(|piece| match piece {
            Piece::Literal(literal) => Bare::Literal(literal),
            Piece::Star | Piece::Variable(_) => Bare::Star,
        });
        pattern::matches(bare, text)
    }
}

/// The literals at either end, and whether anything between them is open.
struct Shape<'p> {
    head: &'p str,
    tail: &'p str,
    open: bool,
}

impl<'p> Shape<'p> {
    fn of(pattern: &'p Pattern) -> Self {
        let literal = |piece: Option<&'p Piece>| match piece {
            Some(Piece::Literal(text)) => &**text,
            _ => "",
        };
        let open = pattern.0.iter().any(|piece| !matches!(piece, Piece::Literal(_)));
        Self { head: literal(pattern.0.first()), tail: literal(pattern.0.last()), open }
    }
}
