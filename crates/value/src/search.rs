//! The first of a byte, and of a text, in a short text.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Where the byte first stands.
///
/// PERF: eight bytes a step; requests are searched for slashes several times.
#[inline]
pub fn find(text: &[u8], byte: u8) -> Option<usize> {
    let (words, rest) = text.as_chunks::<8>();
    let pattern = LOW.wrapping_mul(u64::from(byte));
    let mut at = 0;
    for word in words {
        let found = zeros(u64::from_le_bytes(*word) ^ pattern);
        if found != 0 {
            return Some(at + (found.trailing_zeros() >> 3) as usize);
        }
        at += 8;
    }
    rest.iter().position(|other| *other == byte).map(|behind| at + behind)
}

/// Where the text first stands.
///
/// PERF: the standard library's searcher takes 150 instructions to set up, more than most of these searches. It takes over
/// where candidates have cost more than reading the text twice, so the time stays linear.
pub fn find_text(text: &[u8], needle: &[u8]) -> Option<usize> {
    let Some((first, rest)) = needle.split_first() else { return Some(0) };
    let last = text.len().checked_sub(needle.len())?;
    let mut budget = 2 * text.len() + 64;
    let mut at = 0;
    while at <= last {
        at += find(text.get(at..=last)?, *first)?;
        let behind = text.get(at + 1..)?;
        let same = rest.iter().zip(behind).take_while(|(a, b)| a == b).count();
        if same == rest.len() {
            return Some(at);
        }
        let Some(left) = budget.checked_sub(same + 8) else {
            return find_slowly(text, needle, at + 1);
        };
        budget = left;
        at += 1;
    }
    None
}

/// The standard library's search, linear in any case, from a place on.
#[cold]
fn find_slowly(text: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let (text, needle) = (core::str::from_utf8(text).ok()?, core::str::from_utf8(needle).ok()?);
    // A byte in the middle of a character begins no text.
    let from = (from..=text.len()).find(|at| text.is_char_boundary(*at))?;
    text.get(from..)?.find(needle).map(|at| from + at)
}

/// The top bit of every zero byte; of the bytes above the first zero perhaps others too.
#[inline]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(LOW) & !word & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_the_standard_library_finds() {
        let long = "ab".repeat(300) + "abb" + &"ab".repeat(20) + "é" + &"é".repeat(400) + "x";
        for text in ["", "a", "abcabd", "aaaaaaaab", "/a/b/frozen/c", "éèé", &long] {
            for needle in ["", "a", "abd", "aab", "/frozen", "é", "éé", "abb", "bé", "éx", "zzz"] {
                assert_eq!(find_text(text.as_bytes(), needle.as_bytes()), text.find(needle), "{needle}");
            }
        }
        // Candidates that use the budget up.
        let text = "a".repeat(4_000) + "é" + &"a".repeat(600) + "b";
        for needle in ["a".repeat(500) + "b", "a".repeat(601), "b".into(), "é".to_owned() + &"a".repeat(600)]
        {
            assert_eq!(find_text(text.as_bytes(), needle.as_bytes()), text.find(&needle), "{}", needle.len());
        }
    }

    #[test]
    fn finds_what_position_finds() {
        let text: Vec<u8> = (0..=255).chain([b'/', 1, 0, b'/']).collect();
        for start in 0..text.len() {
            for byte in 0..=255 {
                let text = &text[start..];
                assert_eq!(find(text, byte), text.iter().position(|other| *other == byte), "{start} {byte}");
            }
        }
    }
}
