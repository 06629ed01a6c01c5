//! Patterns in words, and texts that they match.

use camshaft_frontend::policy::{Pattern, Piece};

use super::code;

/// What a text must be like: `begins with `Get``.
pub(super) fn words(pattern: &Pattern) -> String {
    let literal = |text: &str| code(text);
    match pattern.0.as_slice() {
        [] => "is empty".into(),
        [Piece::Star] => "is anything".into(),
        [Piece::Literal(text)] => format!("is exactly {}", literal(text)),
        [Piece::Literal(text), Piece::Star] => format!("begins with {}", literal(text)),
        [Piece::Star, Piece::Literal(text)] => format!("ends with {}", literal(text)),
        [Piece::Star, Piece::Literal(text), Piece::Star] => format!("contains {}", literal(text)),
        [Piece::Literal(head), Piece::Star, Piece::Literal(tail)] => {
            format!("begins with {} and ends with {}", literal(head), literal(tail))
        }
        pieces => {
            let text: String = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Literal(text) => text,
                    Piece::Star => "*",
                    Piece::Variable(_) => "${…}",
                })
                .collect();
            format!("matches {} (`*` stands for any text, none included)", literal(&text))
        }
    }
}

/// Whether the text matches; a variable stands for any text.
pub(super) fn matches(pattern: &Pattern, text: &str) -> bool {
    let pieces = if text.is_empty() { Vec::new() } else { vec![Piece::Literal(text.into())] };
    pattern.meets(&Pattern(pieces))
}

/// Texts that match, each open place filled with one of the fillings.
pub(super) fn examples(pattern: &Pattern, fillings: &[&str]) -> Vec<String> {
    let mut texts = Vec::new();
    for filling in fillings {
        let text: String = pattern
            .0
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => text,
                Piece::Star | Piece::Variable(_) => *filling,
            })
            .collect();
        if !text.is_empty() && !texts.contains(&text) && matches(pattern, &text) {
            texts.push(text);
        }
    }
    texts
}

/// Texts that nearly match: one more character, one level deeper, without the last slash.
pub(super) fn near_misses(pattern: &Pattern) -> Vec<String> {
    let bare: String = pattern
        .0
        .iter()
        .filter_map(|piece| match piece {
            Piece::Literal(text) => Some(&**text),
            _ => None,
        })
        .collect();
    let cut = bare.strip_suffix('/').unwrap_or("").to_owned();
    let tries = [cut, format!("{bare}0"), format!("{bare}/more"), format!("other/{bare}")];
    let mut misses: Vec<String> =
        tries.into_iter().filter(|text| !text.is_empty() && !matches(pattern, text)).collect();
    misses.truncate(2);
    misses
}
