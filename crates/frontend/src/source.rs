//! Source texts, and places in them.

/// A range of bytes of one source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The range from `start` to `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }
}

/// A source text with its name and what it takes to find lines and columns.
#[derive(Clone, Debug)]
pub struct Source {
    name: Box<str>,
    text: Box<str>,
    /// Number of the first line: a line of a stream is a source of its own.
    first_line: usize,
    /// Byte offset of the first byte of every line.
    lines: Box<[usize]>,
    /// Characters before every [`BLOCK`]th byte.
    ///
    /// PERF: a world may be one line of a gigabyte with a million statements; counting from the start of
    /// the line for each of their positions would be quadratic.
    characters: Box<[usize]>,
}

/// Bytes between two counts of characters.
const BLOCK: usize = 1024;

/// Line and column from 1; columns count characters, lines end at LF, a byte-order mark does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Source {
    /// Takes a text under the name that reports give it.
    pub fn new(name: impl Into<Box<str>>, text: impl Into<Box<str>>) -> Self {
        Self::at_line(name, text, 1)
    }

    /// Takes a part of a longer text that begins at the given line, from 1.
    pub fn at_line(name: impl Into<Box<str>>, text: impl Into<Box<str>>, first_line: usize) -> Self {
        let text = text.into();
        let lines = core::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1));
        let mut count = 0;
        let characters = core::iter::once(0).chain(text.as_bytes().chunks_exact(BLOCK).map(|block| {
            count += count_characters(block);
            count
        }));
        let (lines, characters) = (lines.collect(), characters.collect());
        Self { name: name.into(), first_line, lines, characters, text }
    }

    /// The name, relative to the world where there is one.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of a span; empty when the span is not one of this source.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or("")
    }

    /// The place of a byte offset.
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.lines.get(line).copied().unwrap_or(0);
        let mark = usize::from(start == 0 && offset > 0 && self.text.starts_with('\u{feff}'));
        let column = self.characters_before(offset) - self.characters_before(start) - mark;
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Position { line: number(line + self.first_line), column: number(column + 1) }
    }

    /// How many characters begin before a byte offset.
    fn characters_before(&self, offset: usize) -> usize {
        let block = offset / BLOCK;
        let rest = self.text.as_bytes().get(block * BLOCK..offset).unwrap_or(&[]);
        self.characters.get(block).copied().unwrap_or(0) + count_characters(rest)
    }
}

/// How many characters begin in some bytes of UTF-8 text.
fn count_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_across_blocks() {
        let text = format!("\u{feff}{}\n密b\n", "密".repeat(3000));
        let source = Source::at_line("w", text.as_str(), 7);
        let at = |offset| {
            let Position { line, column } = source.position(offset);
            (line, column)
        };
        assert_eq!((at(0), at(3), at(6)), ((7, 1), (7, 1), (7, 2)));
        assert_eq!(at(3 + 3 * 2999), (7, 3000));
        let second = text.find('\n').unwrap() + 1;
        assert_eq!((at(second), at(second + 3), at(text.len())), ((8, 1), (8, 2), (9, 1)));
        assert_eq!(at(usize::MAX), (9, 1));
    }
}
