//! The small alphabets that names, numbers and services are written in.

/// A set of ASCII bytes.
///
/// PERF: one load a byte instead of four comparisons; every byte of a request but the path passes here.
struct Alphabet([bool; 256]);

impl Alphabet {
    // Evaluated at compile time only.
    #[allow(clippy::indexing_slicing)]
    /// Letters of the given cases, digits, and some marks.
    const fn new(upper: bool, marks: &[u8]) -> Self {
        let mut bytes = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            let c = byte as u8;
            let mut in_it = c.is_ascii_lowercase() || c.is_ascii_digit() || upper && c.is_ascii_uppercase();
            let mut mark = 0;
            while mark < marks.len() {
                in_it = in_it || marks[mark] == c;
                mark += 1;
            }
            bytes[byte] = in_it;
            byte += 1;
        }
        Self(bytes)
    }

    #[inline]
    fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)).copied().unwrap_or(false)
    }
}

static SERVICE: Alphabet = Alphabet::new(false, b"_-");
static REGION: Alphabet = Alphabet::new(false, b"-");
static OPERATION: Alphabet = Alphabet::new(true, b"_*./-");
static NAME: Alphabet = Alphabet::new(true, b"_.@=+-");

/// A number of an account, user, group or role: `[1-9][0-9]*` (CITE PRI-4).
pub fn is_number(text: &str) -> bool {
    matches!(text.as_bytes().first(), Some(b'1'..=b'9')) && text.bytes().all(|b| b.is_ascii_digit())
}

/// The longest beginning whose bytes are all of a kind, and the rest.
///
/// PERF: every segment of a request is read by this one loop, where searching a separator and then
/// checking the alphabet would read it twice.
#[inline]
pub fn split_while(text: &str, is_of: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|byte| !is_of(byte)).unwrap_or(text.len());
    // The kinds are ASCII, so the end is a character boundary.
    text.split_at_checked(end).unwrap_or(("", text))
}

/// [`split_while`] for the bytes of a region.
///
/// PERF: eight bytes a step; every request has a region.
#[inline]
pub fn split_region(text: &str) -> (&str, &str) {
    let (words, _) = text.as_bytes().as_chunks::<8>();
    let mut end = 0;
    for word in words {
        let others = !region_bytes(u64::from_le_bytes(*word)) & HIGH;
        if others != 0 {
            end += (others.trailing_zeros() >> 3) as usize;
            return text.split_at_checked(end).unwrap_or(("", text));
        }
        end += 8;
    }
    let rest = text.as_bytes().iter().skip(end);
    end += rest.take_while(|byte| is_region_byte(**byte)).count();
    text.split_at_checked(end).unwrap_or(("", text))
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = ONES << 7;

/// The top bit of every byte that may stand in a region.
#[inline]
fn region_bytes(word: u64) -> u64 {
    // Bytes below 0x80 neither carry nor borrow here; the others are no members.
    let low = word & !HIGH;
    let from = |byte: u8| low + ONES * u64::from(0x80 - byte);
    let in_range = |first: u8, last: u8| from(first) & !from(last + 1);
    (in_range(b'a', b'z') | in_range(b'0', b'9') | in_range(b'-', b'-')) & !word
}

/// A number at the beginning of a text, and the rest.
#[inline]
pub fn split_number(text: &str) -> Option<(&str, &str)> {
    let (number, rest) = split_while(text, |byte| byte.is_ascii_digit());
    matches!(number.as_bytes().first(), Some(b'1'..=b'9')).then_some((number, rest))
}

/// A name of a policy, role, provider or service: `[A-Za-z0-9_.@=+-]{1,128}` (CITE PRI-4, EVA-27).
pub fn is_name(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(is_name_byte)
}

/// The name of a role session: as [`is_name`], and commas (CITE REQ-3).
pub fn is_session_name(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b == b',' || is_name_byte(b))
}

/// One byte of [`is_name`].
#[inline]
pub fn is_name_byte(byte: u8) -> bool {
    NAME.has(byte)
}

/// The short name of a service: `[a-z0-9][a-z0-9_-]*` (CITE ACT-1).
pub fn is_service(text: &str) -> bool {
    matches!(text.as_bytes().first(), Some(b'a'..=b'z' | b'0'..=b'9')) && text.bytes().all(is_service_byte)
}

/// One byte of a service name after the first.
#[inline]
pub fn is_service_byte(byte: u8) -> bool {
    SERVICE.has(byte)
}

/// A byte of an operation in a policy: `A-Za-z0-9_*./-` (CITE ACT-1).
#[inline]
pub fn is_operation_byte(byte: u8) -> bool {
    OPERATION.has(byte)
}

/// A region segment: `[a-z0-9-]*` (CITE RES-5, REQ-5).
pub fn is_region(text: &str) -> bool {
    text.bytes().all(is_region_byte)
}

/// One byte of [`is_region`].
#[inline]
pub fn is_region_byte(byte: u8) -> bool {
    REGION.has(byte)
}

/// A lower-case domain of at least two labels (CITE PRI-4).
pub fn is_domain(text: &str) -> bool {
    text.contains('.') && text.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

/// A blank: any Unicode White_Space character.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_end_where_their_bytes_do() {
        for at in 0..20 {
            for byte in 0..=127u8 {
                let mut text = *b"ap-guangzhou-09az-x:";
                text[at] = byte;
                let text = core::str::from_utf8(&text).unwrap();
                assert_eq!(split_region(text), split_while(text, is_region_byte), "{text:?}");
            }
        }
        assert_eq!(split_region("ap-é:"), ("ap-", "é:"));
        assert_eq!(split_region("ap-ap-aé:"), ("ap-ap-a", "é:"));
    }
}
