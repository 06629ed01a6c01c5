//! What a bundle promises about the work of its decisions.

use crate::schema::{Tables, scalar};

/// The most rows that a decision may have to verify for one spelling of one resource, a session policy apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Certificate {
    /// Whatever the context.
    pub rows: u32,
    /// For each value of the context besides.
    pub of_value: u32,
    /// For each key of the context without values besides.
    pub of_empty: u32,
}

impl Certificate {
    /// Values of the context that [`Certificate::usual`] counts with.
    pub const USUAL_VALUES: u32 = 16;

    /// Rows for a request with so many values in its context, and so many keys without any.
    pub fn with_context(self, values: u32, empty: u32) -> u32 {
        let (of_values, of_empty) =
            (self.of_value.saturating_mul(values), self.of_empty.saturating_mul(empty));
        self.rows.saturating_add(of_values).saturating_add(of_empty)
    }

    /// Rows for a request with [`Certificate::USUAL_VALUES`] values and a key without any: the one figure to bound
    /// and to compare by.
    pub fn usual(self) -> u32 {
        self.with_context(Self::USUAL_VALUES, 1)
    }

    /// Both, one after the other.
    pub fn and(self, other: Self) -> Self {
        Self {
            rows: self.rows.saturating_add(other.rows),
            of_value: self.of_value.saturating_add(other.of_value),
            of_empty: self.of_empty.saturating_add(other.of_empty),
        }
    }

    /// The worse of both.
    pub fn or(self, other: Self) -> Self {
        Self {
            rows: self.rows.max(other.rows),
            of_value: self.of_value.max(other.of_value),
            of_empty: self.of_empty.max(other.of_empty),
        }
    }
}

/// `12 rows`, `12 rows, and 3 more for each value of the context`, `…, and 40 for each key without values`.
impl core::fmt::Display for Certificate {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} row{}", self.rows, if self.rows == 1 { "" } else { "s" })?;
        if self.of_value > 0 {
            write!(f, ", and {} more for each value of the context", self.of_value)?;
        }
        if self.of_empty > 0 {
            write!(f, ", and {} for each key without values", self.of_empty)?;
        }
        Ok(())
    }
}

impl Tables<'_> {
    /// The certificate, as the compiler wrote it; [`verify_full`](crate::verify_full) derives it again.
    pub fn certificate(&self) -> Certificate {
        Certificate {
            rows: self.scalar(scalar::MAX_CANDIDATES),
            of_value: self.scalar(scalar::MAX_VALUE_CANDIDATES),
            of_empty: self.scalar(scalar::MAX_EMPTY_CANDIDATES),
        }
    }
}
