//! Bytes of a text to lines and UTF-16 columns, and back.

use std::ops::Range as Bytes;

use gen_lsp_types::{Position, Range};

/// Bytes between two counts of units.
const BLOCK: usize = 1024;

/// Where the lines of a text begin, and how many UTF-16 units stand before every [`BLOCK`]th byte.
///
/// PERF: a world may be one line of megabytes with thousands of findings; counting from the start of the line for each
/// of them would be quadratic.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    starts: Vec<usize>,
    units: Vec<usize>,
}

impl Lines {
    /// Of a text. Lines end at LF, CR LF or CR.
    pub(crate) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        let starts = core::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        let mut count = 0;
        let sums = bytes.chunks_exact(BLOCK).map(|block| {
            count += units(block);
            count
        });
        let units = core::iter::once(0).chain(sums).collect();
        Self { starts, units }
    }

    /// The place of a byte; of a byte behind the end the end.
    pub(crate) fn position(&self, text: &str, byte: usize) -> Position {
        let byte = byte.min(text.len());
        let line = self.starts.partition_point(|start| *start <= byte).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let character = self.units_before(text, byte) - self.units_before(text, start);
        Position { line: number(line), character: number(character) }
    }

    /// The places of a range of bytes.
    pub(crate) fn range(&self, text: &str, bytes: Bytes<usize>) -> Range {
        Range { start: self.position(text, bytes.start), end: self.position(text, bytes.end) }
    }

    /// The byte of a place: of one behind the end of its line the end of the line, of one behind the text the end of
    /// the text, of one inside a character its beginning.
    pub(crate) fn offset(&self, text: &str, position: Position) -> usize {
        let line = position.line as usize;
        let Some(start) = self.starts.get(line).copied() else { return text.len() };
        let end = self.starts.get(line + 1).copied().unwrap_or(text.len());
        let line = text.get(start..end).unwrap_or("").trim_end_matches(['\n', '\r']);
        let mut left = position.character as usize;
        for (at, c) in line.char_indices() {
            if left < c.len_utf16() {
                return start + at;
            }
            left -= c.len_utf16();
        }
        start + line.len()
    }

    fn units_before(&self, text: &str, byte: usize) -> usize {
        let block = byte / BLOCK;
        let rest = text.as_bytes().get(block * BLOCK..byte).unwrap_or(&[]);
        self.units.get(block).copied().unwrap_or(0) + units(rest)
    }
}

/// UTF-16 units of the characters that begin in some bytes of UTF-8 text.
fn units(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .map(|byte| match byte {
            0x80..0xc0 => 0,
            0xf0.. => 2,
            _ => 1,
        })
        .sum()
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_utf16_units() {
        let text = "a密𝄞b\r\n𝄞\rx\n";
        let lines = Lines::of(text);
        let at = |byte| {
            let Position { line, character } = lines.position(text, byte);
            (line, character)
        };
        assert_eq!([at(0), at(1), at(4), at(8), at(9)], [(0, 0), (0, 1), (0, 2), (0, 4), (0, 5)]);
        assert_eq!([at(11), at(15), at(16), at(18), at(99)], [(1, 0), (1, 2), (2, 0), (3, 0), (3, 0)]);
        for (byte, _) in text.char_indices().filter(|(_, c)| *c != '\n') {
            assert_eq!(lines.offset(text, lines.position(text, byte)), byte);
        }
        let of = |line, character| lines.offset(text, Position { line, character });
        // Inside a pair, behind a line, behind the text.
        assert_eq!([of(0, 3), of(0, 80), of(3, 5), of(9, 0)], [4, 9, 18, 18]);
    }

    #[test]
    fn long_lines_are_counted_by_blocks() {
        let text = "密𝄞".repeat(3000);
        let lines = Lines::of(&text);
        assert_eq!(lines.position(&text, 7 * 2999).character, 3 * 2999);
        assert_eq!(lines.position(&text, 7 * 2999 + 3).character, 3 * 2999 + 1);
    }
}
