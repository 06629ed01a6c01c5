//! Instants: `YYYY-MM-DDThh:mm:ss[.f]` with a zone, as milliseconds since 1970 in UTC (CITE LIT-6, LIT-13).

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

/// How a date of a policy departs from the strict form; both are read as written in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Departure {
    /// A blank stands where `T` belongs.
    pub blank: bool,
    /// There is no zone.
    pub no_zone: bool,
}

impl Instant {
    /// Reads a date of a request: `T` and a zone are required, digits beyond milliseconds are dropped.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(instant) = read_plain(text) {
            return Some(instant);
        }
        let (instant, departure, _) = read(text)?;
        (!departure.blank && !departure.no_zone).then_some(instant)
    }

    /// Reads a date of a policy: the zone may be missing, a blank may stand for `T`, and at most three
    /// digits of a second are allowed.
    pub fn parse_policy(text: &str) -> Option<(Self, Departure)> {
        let (instant, departure, digits) = read(text)?;
        (digits <= 3).then_some((instant, departure))
    }
}

/// `YYYY-MM-DDThh:mm:ssZ`, the form that requests mostly have; `None` for every other text.
///
/// PERF: eight bytes at once; [`read`] takes four times the instructions.
fn read_plain(text: &str) -> Option<Instant> {
    let (words, last) = text.as_bytes().as_chunks::<8>();
    let ([date, time], [colon, s1, s2, b'Z']) = (words, last) else { return None };
    let date = digits(u64::from_le_bytes(*date), *b"0000-00-")?;
    let time = digits(u64::from_le_bytes(*time), *b"00T00:00")?;
    let rest = digits(u64::from_le_bytes([*colon, *s1, *s2, b'0', b'0', b'0', b'0', b'0']), *b":0000000")?;
    let pair = |pairs: u64, at: u32| (pairs >> (8 * at) & 0xff) as i64;
    let year = pair(date, 0) * 100 + pair(date, 2);
    let (month, day) = (pair(date, 5), pair(time, 0));
    let (hour, minute, second) = (pair(time, 3), pair(time, 6), pair(rest, 1));
    let sound = (1..=12).contains(&month) && day >= 1 && (day <= 28 || day <= days_of(year, month));
    (sound && hour <= 23 && minute <= 59 && second <= 59).then(|| {
        let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
        Instant(seconds * 1_000)
    })
}

/// The numbers of two digits that begin at each byte of a text, which has digits where the form has `0` and
/// the form's own bytes elsewhere.
#[inline]
fn digits(text: u64, form: [u8; 8]) -> Option<u64> {
    let form = u64::from_le_bytes(form);
    // 9 where a digit stands and 0 elsewhere: the most that is left of the byte without its form.
    const ONES: u64 = 0x0101_0101_0101_0101;
    let is_digit = !((form ^ (ONES * 0x30)) + ONES * 0x7f) & (ONES << 7);
    let room = (ONES * 0x7f) - (is_digit >> 7) * 9;
    let values = text ^ form;
    // A byte with too much reaches its top bit; one that carries into its neighbour has reached it itself.
    let over = (values | values.wrapping_add(room)) & (ONES << 7);
    (over == 0).then(|| values.wrapping_mul(10).wrapping_add(values >> 8))
}

fn read(text: &str) -> Option<(Instant, Departure, usize)> {
    let bytes = text.as_bytes();
    let (date, rest) = bytes.split_at_checked(10)?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *date else { return None };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let (month, day) = (two(m1, m2)?, two(d1, d2)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_of(year, month) {
        return None;
    }
    let (time, rest) = rest.split_at_checked(9)?;
    let [mark, h1, h2, b':', n1, n2, b':', s1, s2] = *time else { return None };
    let blank = match mark {
        b'T' => false,
        b' ' => true,
        _ => return None,
    };
    let (hour, minute, second) = (two(h1, h2)?, two(n1, n2)?, two(s1, s2)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (millis, digits, rest) = fraction(rest)?;
    let (offset, no_zone) = match *rest {
        [] => (0, true),
        [b'Z'] => (0, false),
        [sign @ (b'+' | b'-'), h1, h2, b':', n1, n2] => {
            let (hours, minutes) = (two(h1, h2)?, two(n1, n2)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let minutes = hours * 60 + minutes;
            (if sign == b'-' { -minutes } else { minutes }, false)
        }
        _ => return None,
    };
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + (minute - offset) * 60 + second;
    Some((Instant(seconds * 1_000 + millis), Departure { blank, no_zone }, digits))
}

/// Milliseconds, the number of digits written, and what follows them.
fn fraction(rest: &[u8]) -> Option<(i64, usize, &[u8])> {
    let Some((b'.', rest)) = rest.split_first() else { return Some((0, 0, rest)) };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let (written, rest) = rest.split_at_checked(digits)?;
    if digits == 0 {
        return None;
    }
    Some((millis_of(written), digits, rest))
}

/// The first three digits as milliseconds.
fn millis_of(digits: &[u8]) -> i64 {
    let zeros = [b'0'; 3];
    digits.iter().chain(zeros.iter()).take(3).fold(0i64, |sum, b| sum * 10 + i64::from(b - b'0'))
}

fn two(high: u8, low: u8) -> Option<i64> {
    let digit = |b: u8| b.is_ascii_digit().then(|| i64::from(b - b'0'));
    Some(digit(high)? * 10 + digit(low)?)
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, counted from March so that the leap day is
/// the last of its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // PERF: one cycle of 400 years later nothing is negative, and unsigned divisions are cheaper.
    let (year, month, day) = (year as u32 + 400, month as u32, day as u32);
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    i64::from(days) - 1 - 146_097 - 719_468
}

/// The canonical text: UTC with milliseconds.
impl core::fmt::Display for Instant {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (days, of_day) = (self.0.div_euclid(86_400_000), self.0.rem_euclid(86_400_000));
        let days = days + 719_468;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (year, month) =
            if month < 10 { (era * 400 + year, month + 3) } else { (era * 400 + year + 1, month - 9) };
        let (seconds, millis) = (of_day / 1_000, of_day % 1_000);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:00.5Z", 500),
            ("1970-01-01T00:00:00.25Z", 250),
            ("1970-01-01T00:00:00.0019999Z", 1),
            ("2000-02-29T12:00:00+08:00", 951_796_800_000),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2026-01-01T00:00:00-00:30", 1_767_227_400_000),
        ] {
            assert_eq!(Instant::parse(text), Some(Instant(millis)), "{text}");
        }
        for text in ["0000-01-01T00:00:00.000Z", "2024-02-29T23:59:59.123Z", "9999-12-31T00:00:00.000Z"] {
            assert_eq!(Instant::parse(text).unwrap().to_string(), text);
        }
        for bad in
            ["2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01t00:00:00Z", "2026-01-01T00:00:00.Z"]
        {
            assert_eq!(Instant::parse(bad), None, "{bad}");
        }
        assert_eq!(Instant::parse("2026-01-01T00:00:00"), None);
        // Every byte of the plain form in every place: the short way reads what the long one reads.
        for at in 0..20 {
            for byte in 0..128 {
                let mut text = *b"2024-02-29T23:59:59Z";
                text[at] = byte;
                let text = core::str::from_utf8(&text).unwrap();
                let strict = read(text).filter(|(_, departure, _)| !departure.blank && !departure.no_zone);
                assert_eq!(Instant::parse(text), strict.map(|(instant, ..)| instant), "{text}");
                assert!(read_plain(text).is_none_or(|plain| Some(plain) == Instant::parse(text)));
            }
        }
        let (_, departure) = Instant::parse_policy("2026-01-01 00:00:00").unwrap();
        assert_eq!(departure, Departure { blank: true, no_zone: true });
        assert_eq!(Instant::parse_policy("2026-01-01T00:00:00.1234Z"), None);
    }
}
