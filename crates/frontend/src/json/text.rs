//! The text on either side of the tree: bytes in, string literals out.

use crate::{
    diagnostic::{Diagnostic, code},
    source::{Source, Span},
};

pub(super) fn decode(name: &str, index: u32, bytes: Vec<u8>) -> (Source, Option<Diagnostic>) {
    let error = match String::from_utf8(bytes) {
        Ok(text) => return (Source::new(name, text), None),
        Err(error) => error,
    };
    let at = error.utf8_error().valid_up_to();
    let bad = error.as_bytes().get(at).copied().unwrap_or(0);
    let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
    let place = Span::new(at, at + '\u{fffd}'.len_utf8());
    let message = format!("byte 0x{bad:02x} does not belong to UTF-8 text");
    (Source::new(name, text), Some(Diagnostic::new(code::NOT_UTF8, index, place, message)))
}

/// Appends a JSON string with the fewest escapes (CITE CAN-1).
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    // PERF: escapes are rare, and this loop over whole texts is one the compiler makes wide.
    if text.bytes().fold(true, |plain, byte| plain & !is_escaped(byte)) {
        out.push_str(text);
        out.push('"');
        return;
    }
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if !is_escaped(byte) {
            continue;
        }
        out.push_str(text.get(plain..at).unwrap_or(""));
        plain = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            _ => out.push_str(&format!("\\u{byte:04x}")),
        }
    }
    out.push_str(text.get(plain..).unwrap_or(""));
    out.push('"');
}

fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}
