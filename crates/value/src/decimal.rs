//! Exact decimals of at most 38 digits on either side of the point (CITE LIT-5).

use core::cmp::Ordering;

/// A decimal number, compared exactly and never as a binary float.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    negative: bool,
    integer: u128,
    /// Fraction in units of 10⁻³⁸.
    fraction: u128,
}

/// The most digits on either side of the point.
pub const MAX_DIGITS: usize = 38;

impl Decimal {
    /// Reads `-?d{1,38}(.d{1,38})?`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(integer) = short(text) {
            return Some(Self { negative: false, integer: integer.into(), fraction: 0 });
        }
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (integer, fraction) = match digits.split_once('.') {
            Some((integer, fraction)) => (integer, Some(fraction)),
            None => (digits, None),
        };
        let integer = number(integer)?;
        let fraction = match fraction {
            None => 0,
            Some(text) => {
                let scale = u32::try_from(MAX_DIGITS.checked_sub(text.len())?).ok()?;
                number(text)?.checked_mul(10u128.checked_pow(scale)?)?
            }
        };
        Some(Self { negative: negative && (integer, fraction) != (0, 0), integer, fraction })
    }

    /// Sign, integer part and fraction in units of 10⁻³⁸: what a bundle stores.
    pub fn parts(self) -> (bool, u128, u128) {
        (self.negative, self.integer, self.fraction)
    }

    /// The inverse of [`Decimal::parts`]; zero is never negative.
    pub fn from_parts(negative: bool, integer: u128, fraction: u128) -> Self {
        Self { negative: negative && (integer, fraction) != (0, 0), integer, fraction }
    }
}

/// A whole number that surely fits.
///
/// PERF: most numbers are; 128 bits take ten times the instructions.
fn short(digits: &str) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.bytes().try_fold(0u64, |sum, byte| match byte {
        b'0'..=b'9' => Some(sum * 10 + u64::from(byte - b'0')),
        _ => None,
    })
}

fn number(digits: &str) -> Option<u128> {
    if digits.is_empty() || digits.len() > MAX_DIGITS {
        return None;
    }
    digits.bytes().try_fold(0u128, |sum, byte| match byte {
        b'0'..=b'9' => sum.checked_mul(10)?.checked_add(u128::from(byte - b'0')),
        _ => None,
    })
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = (self.integer, self.fraction).cmp(&(other.integer, other.fraction));
        match (self.negative, other.negative) {
            (false, false) => size,
            (true, true) => size.reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The shortest text of the value: no leading, trailing or redundant zeros.
impl core::fmt::Display for Decimal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        write!(f, "{}", self.integer)?;
        if self.fraction != 0 {
            let (mut fraction, mut width) = (self.fraction, MAX_DIGITS);
            while fraction.is_multiple_of(10) {
                fraction /= 10;
                width -= 1;
            }
            write!(f, ".{fraction:0width$}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_compares_and_prints() {
        let d = |t| Decimal::parse(t).unwrap();
        assert_eq!(d("1.20"), d("1.2"));
        assert_eq!(d("-0.0"), d("0"));
        assert!(d("-1") < d("-0.5") && d("-0.5") < d("0") && d("9") < d("10") && d("1.09") < d("1.1"));
        for (text, shortest) in [("007.50", "7.5"), ("-0.050", "-0.05"), ("0", "0"), ("10", "10")] {
            assert_eq!(d(text).to_string(), shortest);
        }
        let wide = "99999999999999999999999999999999999999.99999999999999999999999999999999999999";
        assert_eq!(d(wide).to_string(), wide);
        for bad in ["", "-", ".5", "5.", "+1", "1e3", " 1", "1_0", &"1".repeat(39)] {
            assert_eq!(Decimal::parse(bad), None, "{bad}");
        }
    }
}
