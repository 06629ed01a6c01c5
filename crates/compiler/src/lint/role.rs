//! Whether resources cover two roles, one of which nobody names: CAM0511, CAM0512.

use std::collections::BTreeSet;

use camshaft_frontend::outline::Written;
use camshaft_frontend::policy::{
    AccountPattern, Pattern, Piece, ProjectPattern, ResourceEntry, ResourcePattern,
};
use camshaft_frontend::source::Span;
use camshaft_value::alphabet;

use crate::prove::glob::{Glob, Seen, Tokens};

/// What the resources of a statement cover.
#[derive(Debug)]
pub(super) enum Found {
    /// Two roles.
    Two {
        /// The entry that covers the one that is not named.
        at: Span,
        /// The one that no entry names and the other one, for messages.
        roles: String,
    },
    /// No two such roles.
    None,
    /// A walk was over its budget.
    GaveUp,
}

/// Some role that a pattern covers.
pub(super) fn some(path: &Pattern) -> Option<String> {
    match word(&Glob::of(path).widened(), &BTreeSet::new(), 1 << 12) {
        Word::Found(role) => Some(role),
        Word::None | Word::GaveUp => None,
    }
}

/// Looks for two roles that the entries cover.
pub(super) fn two(entries: &[Written<ResourceEntry>], budget: usize) -> Found {
    let any = Glob::any();
    let globs: Vec<(Span, Glob<'_>, bool)> = entries
        .iter()
        .filter_map(|entry| match &entry.means {
            ResourceEntry::All => Some((entry.span, any.clone(), true)),
            ResourceEntry::Segments(segments) => {
                let owners = segments.account == AccountPattern::Any;
                covers_roles(segments).then(|| (entry.span, Glob::of(&segments.path), owners))
            }
        })
        .collect();
    let named: BTreeSet<String> = globs
        .iter()
        .filter_map(|(_, glob, _)| glob.exact())
        .filter(|path| is_role(path))
        .map(String::from)
        .collect();
    let starred: Vec<_> =
        globs.iter().filter(|(_, glob, owners)| *owners || glob.exact().is_none()).collect();
    for (span, glob, owners) in &starred {
        let unnamed = match word(glob, &named, budget) {
            Word::Found(unnamed) => unnamed,
            Word::GaveUp => return Found::GaveUp,
            // Of an entry for every owner two roles of one name are two, and none of them is named.
            Word::None if *owners => match word(glob, &BTreeSet::new(), budget) {
                Word::Found(role) => {
                    return Found::Two {
                        at: *span,
                        roles: format!("`{role}` of one account and of another"),
                    };
                }
                Word::None => continue,
                Word::GaveUp => return Found::GaveUp,
            },
            Word::None => continue,
        };
        if let Some(other) = named.first() {
            return Found::Two { at: *span, roles: format!("`{unnamed}` and `{other}`") };
        }
        let first = BTreeSet::from([unnamed.clone()]);
        for (_, glob, _) in &starred {
            match word(glob, &first, budget) {
                Word::Found(other) => {
                    return Found::Two { at: *span, roles: format!("`{unnamed}` and `{other}`") };
                }
                Word::None => {}
                Word::GaveUp => return Found::GaveUp,
            }
        }
        if *owners {
            return Found::Two { at: *span, roles: format!("`{unnamed}` of one account and of another") };
        }
    }
    Found::None
}

/// Whether the first five segments are T for roles of some account. A role has no region.
fn covers_roles(segments: &ResourcePattern) -> bool {
    segments.project == ProjectPattern::Any
        && matches!(segments.service.as_deref(), None | Some("cam"))
        && segments.region.is_none()
        && segments.account != AccountPattern::Unvalued
        && !segments.path.0.iter().any(|piece| matches!(piece, Piece::Variable(_)))
}

/// Bytes of what stands behind the slash.
type OfName = fn(u8) -> bool;
/// Whether it is sound as a whole.
type Good = fn(&str) -> bool;

/// The ways to write a role, and what follows.
const FORMS: [(&str, OfName, Good); 2] =
    [("roleName/", alphabet::is_name_byte, alphabet::is_name), ("role/", digit, alphabet::is_number)];

fn digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

fn is_role(path: &str) -> bool {
    FORMS.iter().any(|(head, _, good)| path.strip_prefix(head).is_some_and(good))
}

enum Word {
    Found(String),
    None,
    GaveUp,
}

/// A shortest role that the glob matches and that is none of the excluded ones.
fn word(glob: &Glob<'_>, excluded: &BTreeSet<String>, budget: usize) -> Word {
    let mut gave_up = false;
    for (head, of_name, good) in FORMS {
        match word_of(glob, head, of_name, good, excluded, budget) {
            Word::None => {}
            Word::GaveUp => gave_up = true,
            found => return found,
        }
    }
    if gave_up { Word::GaveUp } else { Word::None }
}

fn word_of(
    glob: &Glob<'_>,
    head: &str,
    of_name: OfName,
    good: Good,
    excluded: &BTreeSet<String>,
    budget: usize,
) -> Word {
    let tokens = Tokens::new(glob);
    let mut set = tokens.start();
    for byte in head.bytes() {
        set = tokens.step(&set, byte);
    }
    let letters = b"abcdefghijklmnopqrstuvwxyz123456789".iter().copied().filter(|byte| of_name(*byte));
    let mut alphabet: Vec<u8> = letters.take(9).chain(tokens.bytes().filter(|byte| of_name(*byte))).collect();
    let mut known = [false; 256];
    alphabet.retain(|byte| !core::mem::replace(&mut known[usize::from(*byte)], true));
    // Positions of the glob, and the excluded names that what was read agrees with, with its length.
    let names: Vec<&str> = excluded.iter().filter_map(|path| path.strip_prefix(head)).collect();
    let all: Vec<usize> = (0..names.len()).collect();
    let mut seen = Seen::new((set, all, 0), budget);
    while let Some((number, (set, agree, depth))) = seen.next() {
        let way = || String::from_utf8(seen.way(number)).unwrap_or_default();
        let is_excluded = agree.iter().any(|at| names[*at].len() == depth);
        if tokens.accepts(&set) && !is_excluded && good(&way()) {
            return Word::Found(format!("{head}{}", way()));
        }
        for byte in &alphabet {
            let next = tokens.step(&set, *byte);
            if next.is_empty() {
                continue;
            }
            let agree: Vec<usize> =
                agree.iter().copied().filter(|at| names[*at].as_bytes().get(depth) == Some(byte)).collect();
            // Only where names agree does the length tell states apart.
            let depth = if agree.is_empty() { usize::MAX } else { depth + 1 };
            if !seen.add((next, agree, depth), number, *byte) {
                return Word::GaveUp;
            }
        }
    }
    Word::None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, excluded: &[&str]) -> Option<String> {
        let mut parts = Vec::new();
        for (at, text) in pattern.split('*').enumerate() {
            if at > 0 {
                parts.push(crate::prove::glob::Part::Any);
            }
            if !text.is_empty() {
                parts.push(crate::prove::glob::Part::Text(text.into()));
            }
        }
        match word(&Glob(parts), &excluded.iter().map(|word| (*word).to_owned()).collect(), 10_000) {
            Word::Found(word) => Some(word),
            Word::None => None,
            Word::GaveUp => panic!("gave up"),
        }
    }

    #[test]
    fn roles_that_a_pattern_covers() {
        assert_eq!(found("*", &[]).as_deref(), Some("roleName/a"));
        assert_eq!(found("*", &["roleName/a"]).as_deref(), Some("roleName/b"));
        assert_eq!(found("role/*", &[]).as_deref(), Some("role/1"));
        assert_eq!(found("roleName/CM*", &["roleName/CM"]).as_deref(), Some("roleName/CMa"));
        assert_eq!(found("*Name/x", &[]).as_deref(), Some("roleName/x"));
        assert_eq!(found("*Name/x", &["roleName/x"]), None);
        assert_eq!(found("instance/*", &[]), None);
        assert_eq!(found("roleName/*/", &[]), None);
        let letters: Vec<String> = (b'a'..=b'z').map(|c| format!("roleName/{}", char::from(c))).collect();
        let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
        let other = found("roleName/*", &letters).unwrap();
        assert!(is_role(&other) && !letters.contains(&other.as_str()), "{other}");
    }
}
