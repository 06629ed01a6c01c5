//! Checked views of the flat arrays of an opened bundle.

use rkyv::rend::u32_le;

/// The id that stands for "none".
pub const NONE: u32 = u32::MAX;

/// An array of little-endian integers.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a>(pub(crate) &'a [u32_le]);

/// A range of items of another table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// First item.
    pub start: u32,
    /// One past the last item.
    pub end: u32,
}

impl Range {
    /// The number of items.
    pub fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl IntoIterator for Range {
    type Item = u32;
    type IntoIter = core::ops::Range<u32>;

    fn into_iter(self) -> Self::IntoIter {
        self.start..self.end
    }
}

impl<'a> Words<'a> {
    /// The number of integers.
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The integer at an index.
    #[inline]
    pub fn get(self, index: u32) -> Option<u32> {
        self.0.get(index as usize).map(|word| word.to_native())
    }

    /// The record of `N` integers with this number.
    #[inline]
    pub fn record<const N: usize>(self, number: u32) -> Option<[u32; N]> {
        // PERF: a multiplication, where dividing into chunks would divide by the width.
        let words = self.0.get((number as usize).checked_mul(N)?..)?.first_chunk::<N>()?;
        Some(words.map(|word| word.to_native()))
    }

    /// The `N` integers from an index on.
    #[inline]
    pub fn record_at<const N: usize>(self, start: u32) -> Option<[u32; N]> {
        let words = self.0.get(start as usize..)?.first_chunk::<N>()?;
        Some(words.map(|word| word.to_native()))
    }

    /// How many records of `N` integers there are.
    pub fn records<const N: usize>(self) -> u32 {
        u32::try_from(self.0.len().checked_div(N).unwrap_or(0)).unwrap_or(NONE)
    }

    /// In an array of ends (item `n` spans from end `n-1` to end `n`), the range of item `n`.
    #[inline]
    pub fn range(self, number: u32) -> Option<Range> {
        let start = match number.checked_sub(1) {
            Some(before) => self.get(before)?,
            None => 0,
        };
        Some(Range { start, end: self.get(number)? })
    }

    /// The integers of a range.
    #[inline]
    pub fn slice(self, range: Range) -> Option<Words<'a>> {
        Some(Words(self.0.get(range.start as usize..range.end as usize)?))
    }

    /// All integers in order.
    #[inline]
    pub fn iter(self) -> impl DoubleEndedIterator<Item = u32> + ExactSizeIterator + Clone + use<'a> {
        self.0.iter().map(|word| word.to_native())
    }

    /// All records of `N` integers in order.
    #[inline]
    pub fn iter_records<const N: usize>(self) -> impl ExactSizeIterator<Item = [u32; N]> + use<'a, N> {
        self.0.as_chunks::<N>().0.iter().map(|record| record.map(|word| word.to_native()))
    }

    /// Whether a sorted array holds the integer.
    #[inline]
    pub fn holds(self, word: u32) -> bool {
        if self.0.len() <= 8 {
            return self.iter().any(|item| item == word);
        }
        self.0.binary_search_by(|item| item.to_native().cmp(&word)).is_ok()
    }
}

/// UTF-8 text that other tables point into.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a>(pub(crate) &'a str);

impl<'a> Text<'a> {
    /// The text of a byte range; `None` off the end or inside a character.
    #[inline]
    pub fn get(self, start: u32, length: u32) -> Option<&'a str> {
        let start = start as usize;
        self.0.get(start..start.checked_add(length as usize)?)
    }

    /// The bytes of a range, which may begin or end inside a character.
    #[inline]
    pub fn bytes(self, start: u32, length: u32) -> Option<&'a [u8]> {
        let start = start as usize;
        self.0.as_bytes().get(start..start.checked_add(length as usize)?)
    }

    /// The whole text.
    pub fn all(self) -> &'a str {
        self.0
    }
}
