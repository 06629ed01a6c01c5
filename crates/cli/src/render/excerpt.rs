//! The part of a source that a finding is shown in.
//!
//! A world may be one line of a gigabyte with thousands of findings: only the lines round the finding are
//! handed to the renderer, and of long lines only the part round it.

use camshaft_frontend::source::{Position, Source, Span};

/// Most bytes of lines that are shown whole.
const WHOLE_BYTES: usize = 1_200;
/// Bytes shown on each side of a place in a long line.
const BESIDE_BYTES: usize = 60;
/// Bytes shown of a long place.
const PLACE_BYTES: usize = 160;

/// A part of a source.
#[derive(Debug)]
pub(crate) struct Excerpt {
    /// The text; `…` where a line was cut.
    pub(crate) text: String,
    /// Number of its first line.
    pub(crate) first_line: usize,
    /// Where in the source the text begins, the mark for a cut not counted.
    start: usize,
    /// Where in the source it ends.
    end: usize,
    /// Bytes of the mark for a cut at the start.
    mark: usize,
}

impl Excerpt {
    /// The lines of some places, of which the first is the one that matters.
    pub(crate) fn of(source: &Source, places: &[Span]) -> Self {
        let main = places.first().copied().unwrap_or_default();
        let all = places
            .iter()
            .fold(main, |all, place| Span::new(all.start.min(place.start), all.end.max(place.end)));
        Self::lines(source, all)
            .or_else(|| Self::lines(source, main))
            .unwrap_or_else(|| Self::cut(source, main))
    }

    /// The lines that a place touches, unless they are too long to be shown.
    ///
    /// PERF: looks no further than that, or every finding in a line of megabytes would read all of it.
    fn lines(source: &Source, span: Span) -> Option<Self> {
        let (start, end) = (line_start(source, span.start)?, line_end(source, span.end.max(span.start))?);
        (end - start <= WHOLE_BYTES).then(|| Self::between(source, start, end))
    }

    fn between(source: &Source, start: usize, end: usize) -> Self {
        let Position { line, .. } = source.position(start);
        let text = source.slice(Span::new(start, end)).to_owned();
        Self { text, first_line: line as usize, start, end, mark: 0 }
    }

    /// The surroundings of a place within its line.
    fn cut(source: &Source, span: Span) -> Self {
        let text = source.text();
        let at = span.start.min(text.len());
        // Further away than is looked is as good as nowhere.
        let line_start = line_start(source, at).unwrap_or(0);
        let line_end = line_end(source, at).unwrap_or(text.len());
        let place_end = span.end.min(at + PLACE_BYTES).min(line_end);
        let mut start = at.saturating_sub(BESIDE_BYTES).max(line_start);
        let mut end = place_end.saturating_add(BESIDE_BYTES).min(line_end);
        while !text.is_char_boundary(start) {
            start += 1;
        }
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut excerpt = Self::between(source, start, end);
        if start > line_start {
            excerpt.mark = '…'.len_utf8();
            excerpt.text.insert(0, '…');
        }
        if end < line_end {
            excerpt.text.push('…');
        }
        excerpt
    }

    /// A place in the text; `None` if it is not part of it. A place that runs over the end is cut.
    pub(crate) fn place(&self, span: Span) -> Option<core::ops::Range<usize>> {
        let inside = self.start <= span.start && span.start <= self.end;
        let at = |offset: usize| offset.min(self.end) - self.start + self.mark;
        inside.then(|| at(span.start)..at(span.end.max(span.start)))
    }

    /// The column of a place in the text, from 1 in characters.
    pub(crate) fn column(&self, span: Span) -> Option<usize> {
        let before = self.text.get(..self.place(span)?.start)?;
        Some(before.rsplit('\n').next().unwrap_or("").chars().count() + 1)
    }

    /// Whether a place is part of the text as a whole.
    pub(crate) fn holds(&self, span: Span) -> bool {
        self.start <= span.start && span.end <= self.end
    }
}

/// Where the line of a byte begins; `None` if that is too far away.
fn line_start(source: &Source, at: usize) -> Option<usize> {
    let bytes = source.text().as_bytes();
    let at = at.min(bytes.len());
    let nearest = at.saturating_sub(WHOLE_BYTES);
    match bytes[nearest..at].iter().rposition(|byte| *byte == b'\n') {
        Some(before) => Some(nearest + before + 1),
        // A byte-order mark is not shown, and does not count.
        None if nearest == 0 => Some(if source.text().starts_with('\u{feff}') { 3.min(at) } else { 0 }),
        None => None,
    }
}

/// Where the line of a byte ends; `None` if that is too far away.
fn line_end(source: &Source, at: usize) -> Option<usize> {
    let bytes = source.text().as_bytes();
    let at = at.min(bytes.len());
    let furthest = bytes.len().min(at + WHOLE_BYTES);
    match bytes[at..furthest].iter().position(|byte| *byte == b'\n') {
        Some(after) => Some(at + after),
        None => (furthest == bytes.len()).then_some(furthest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_round_the_places() {
        let source = Source::at_line("a", "one\ntwo\nthree\nfour\n", 5);
        let excerpt = Excerpt::of(&source, &[Span::new(5, 6), Span::new(9, 10)]);
        assert_eq!((&*excerpt.text, excerpt.first_line), ("two\nthree", 6));
        assert_eq!(excerpt.place(Span::new(9, 10)), Some(5..6));
        assert_eq!(excerpt.place(Span::new(0, 1)), None);
        assert_eq!(Excerpt::of(&source, &[Span::new(19, 19)]).text, "");
    }

    #[test]
    fn long_lines_are_cut() {
        let text = format!("{}密{}", "密".repeat(2000), "a".repeat(2000));
        let source = Source::new("a", text.as_str());
        let excerpt = Excerpt::of(&source, &[Span::new(6000, 6003)]);
        assert_eq!(excerpt.text, format!("…{}密{}…", "密".repeat(20), "a".repeat(60)));
        assert_eq!(excerpt.text.get(excerpt.place(Span::new(6000, 6003)).unwrap()), Some("密"));
    }
}
