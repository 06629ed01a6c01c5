//! Patterns: literal text, stars and variables, and the one matcher for them.
//!
//! A star stands for any byte sequence, the empty one and `/` included (the glob of the semantics). Text
//! is compared as UTF-8 bytes; because every literal is whole UTF-8, searching it in a `str` is the same.

use crate::search;

/// A variable that is replaced once per request by literal text (CITE VAR-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variable {
    /// `${uin}`: the caller's own uin.
    Uin,
    /// `${owner_uin}`: the uin of the caller's root account.
    OwnerUin,
    /// `${app_id}`: the APPID of the caller's root account.
    AppId,
    /// A built-in template parameter in an account that is not known: it never has a value (CITE EVA-8).
    Unvalued,
}

/// A part of a pattern whose variables have been replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text that stands for itself, stars in it included.
    Literal(&'a str),
    /// Any text.
    Star,
}

/// Whether the pattern covers the whole text.
///
/// Greedy and without backtracking: every run of literals between two stars is taken at its first
/// occurrence. The time is linear in the text and the pattern, except that a run made of several
/// literals (around a variable) may be tried at every occurrence of its first.
pub fn matches<'a, I>(mut pieces: I, text: &str) -> bool
where
    I: Iterator<Item = Piece<'a>> + Clone,
{
    let mut rest = text;
    // The first run is anchored at the start.
    loop {
        match pieces.next() {
            Some(Piece::Literal(literal)) => match rest.strip_prefix(literal) {
                Some(tail) => rest = tail,
                None => return false,
            },
            Some(Piece::Star) => break,
            None => return rest.is_empty(),
        }
    }
    loop {
        let run = pieces.clone().take_while(|piece| *piece != Piece::Star);
        let (count, length) = run.clone().fold((0, 0), |(n, l), piece| (n + 1, l + size(piece)));
        if pieces.clone().nth(count).is_none() {
            // The last run is anchored at the end.
            let Some(at) = rest.len().checked_sub(length) else { return false };
            return rest.get(at..).is_some_and(|tail| strip_run(run, tail) == Some(""));
        }
        match find_run(run, rest) {
            Some(tail) => rest = tail,
            None => return false,
        }
        // The run and the star behind it.
        let _ = pieces.nth(count);
    }
}

/// Whether the text matches a pattern written with `*` and without variables.
pub fn matches_glob(pattern: &str, text: &str) -> bool {
    matches(split_stars(pattern), text)
}

/// The pieces of a pattern written with `*` and without variables.
pub fn split_stars(pattern: &str) -> impl Iterator<Item = Piece<'_>> + Clone {
    pattern.split_inclusive('*').flat_map(|part| {
        let (literal, star) = match part.strip_suffix('*') {
            Some(literal) => (literal, Some(Piece::Star)),
            None => (part, None),
        };
        (!literal.is_empty()).then_some(Piece::Literal(literal)).into_iter().chain(star)
    })
}

fn size(piece: Piece<'_>) -> usize {
    match piece {
        Piece::Literal(literal) => literal.len(),
        Piece::Star => 0,
    }
}

/// What follows the run at the start of the text.
fn strip_run<'a, 't>(run: impl Iterator<Item = Piece<'a>>, text: &'t str) -> Option<&'t str> {
    let mut rest = text;
    for piece in run {
        if let Piece::Literal(literal) = piece {
            rest = rest.strip_prefix(literal)?;
        }
    }
    Some(rest)
}

/// What follows the first occurrence of the run in the text.
fn find_run<'a, 't>(run: impl Iterator<Item = Piece<'a>> + Clone, text: &'t str) -> Option<&'t str> {
    let mut others = run.clone();
    let Some(Piece::Literal(first)) = others.next() else { return Some(text) };
    let mut rest = text;
    loop {
        let at = search::find_text(rest.as_bytes(), first.as_bytes())?;
        let tail = rest.get(at + first.len()..)?;
        if let Some(end) = strip_run(others.clone(), tail) {
            return Some(end);
        }
        let step = rest.get(at..)?.chars().next().map_or(1, char::len_utf8);
        rest = rest.get(at + step..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Textbook definition, exponential.
    fn slow(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|n| slow(rest, &text[n..])),
            Some((c, rest)) => text.split_first().is_some_and(|(t, tail)| t == c && slow(rest, tail)),
        }
    }

    fn words(alphabet: &str, max: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..max {
            last = last.iter().flat_map(|w| alphabet.chars().map(move |c| format!("{w}{c}"))).collect();
            all.extend(last.iter().cloned());
        }
        all
    }

    #[test]
    fn agrees_with_the_definition() {
        let texts = words("ab", 5);
        for pattern in words("ab*", 5) {
            for text in &texts {
                let expected = slow(pattern.as_bytes(), text.as_bytes());
                assert_eq!(matches_glob(&pattern, text), expected, "{pattern} on {text}");
                // The same with every literal byte a piece of its own, as around variables.
                let bytes: Vec<String> = pattern.chars().map(String::from).collect();
                let pieces = bytes.iter().map(|b| if b == "*" { Piece::Star } else { Piece::Literal(b) });
                assert_eq!(matches(pieces, text), expected, "{pattern} on {text}, in pieces");
            }
        }
    }
}
