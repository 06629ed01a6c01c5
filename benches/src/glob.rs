//! The sixth segment for the baselines: the shapes that have a cheap test, and a linear matcher for the rest.

/// A pattern of literals and stars.
#[derive(Debug)]
pub enum Glob<'w> {
    /// No star.
    Exact(&'w str),
    /// A star at the end.
    Prefix(&'w str),
    /// One star inside, or at the beginning.
    Ends(&'w str, &'w str),
    /// Anything else: what stands before, between and after the stars.
    Parts(&'w str, Vec<&'w str>, &'w str),
}

impl<'w> Glob<'w> {
    /// Reads a pattern.
    pub fn new(pattern: &'w str) -> Self {
        let parts: Vec<&str> = pattern.split('*').collect();
        match parts.as_slice() {
            [only] => Self::Exact(only),
            [first, ""] => Self::Prefix(first),
            [first, last] => Self::Ends(first, last),
            [first, middle @ .., last] => Self::Parts(first, middle.to_vec(), last),
            [] => Self::Exact(""),
        }
    }

    /// Whether it covers the whole text.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(only) => text == *only,
            Self::Prefix(first) => text.starts_with(first),
            Self::Ends(first, last) => {
                text.len() >= first.len() + last.len() && text.starts_with(first) && text.ends_with(last)
            }
            Self::Parts(first, middle, last) => {
                let Some(mut rest) = text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else {
                    return false;
                };
                for part in middle {
                    match rest.find(part) {
                        Some(at) => rest = &rest[at + part.len()..],
                        None => return false,
                    }
                }
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn agrees_with_the_product() {
        let words = ["", "a", "b", "ab", "ba", "aab", "abab", "abba", "bab"];
        for first in ["", "a", "ab"] {
            for middle in ["", "*", "*b", "*a*", "*ab*b", "**"] {
                for last in ["", "a", "b*"] {
                    let pattern = format!("{first}{middle}{last}");
                    for text in words {
                        let expected = camshaft_value::pattern::matches_glob(&pattern, text);
                        assert_eq!(Glob::new(&pattern).matches(text), expected, "{pattern} on {text}");
                    }
                }
            }
        }
    }
}
