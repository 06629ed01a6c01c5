//! Single tokens: which characters are typographic twins of ASCII ones, comments, numbers, escapes.

/// The ASCII character that a typographic one stands for (CAM0106); the separators that JSON does not
/// have are read as the comma they were meant for.
pub(super) fn ascii_twin(c: char) -> Option<char> {
    Some(match c {
        '“' | '”' | '‘' | '’' | '„' | '‟' | '＂' => '"',
        '：' => ':',
        '，' | '、' | '；' => ',',
        '｛' => '{',
        '｝' => '}',
        '［' => '[',
        '］' => ']',
        '\u{a0}' | '\u{3000}' => ' ',
        _ => return None,
    })
}

/// Whether the text is a number of RFC 8259.
pub(super) fn is_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let bytes = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let digits = |bytes: &[u8]| bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(bytes);
    if whole == 0 || (whole > 1 && bytes.first() == Some(&b'0')) {
        return false;
    }
    let mut rest = bytes.get(whole..).unwrap_or(&[]);
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = fraction.get(count..).unwrap_or(&[]);
    }
    if let Some(exponent) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        let exponent =
            exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

/// A byte that may belong to a word or number.
pub(super) fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_')
}

/// An escape sequence after its backslash: the character and the bytes behind the backslash, or how
/// many of these belong to the bad sequence.
pub(super) fn escape(rest: &[u8]) -> Result<(char, usize), usize> {
    let simple = |c| Ok((c, 1));
    match rest.first() {
        Some(b'"') => simple('"'),
        Some(b'\\') => simple('\\'),
        Some(b'/') => simple('/'),
        Some(b'b') => simple('\u{8}'),
        Some(b'f') => simple('\u{c}'),
        Some(b'n') => simple('\n'),
        Some(b'r') => simple('\r'),
        Some(b't') => simple('\t'),
        Some(b'u') => unicode(rest),
        _ => Err(0),
    }
}

fn unicode(rest: &[u8]) -> Result<(char, usize), usize> {
    let unit = |at: usize| {
        let digits = rest.get(at..at + 4)?;
        digits.iter().try_fold(0u32, |sum, byte| Some(sum << 4 | char::from(*byte).to_digit(16)?))
    };
    let high = unit(1).ok_or(1usize)?;
    if let Some(c) = char::from_u32(high) {
        return Ok((c, 5));
    }
    if high >= 0xdc00 || rest.get(5..7) != Some(b"\\u") {
        return Err(5);
    }
    match unit(7) {
        Some(low @ 0xdc00..=0xdfff) => {
            let point = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            char::from_u32(point).map(|c| (c, 11)).ok_or(5)
        }
        _ => Err(5),
    }
}
