//! Figures and words.

use std::time::Duration;

use anstyle::{AnsiColor, Style};

/// A denial, a failure, an error.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// An allow, a success.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// A warning, something that was lost.
pub(crate) const DOUBTFUL: Style = AnsiColor::Yellow.on_default().bold();
/// What to do.
pub(crate) const HELP: Style = AnsiColor::Cyan.on_default().bold();
/// What matters less.
pub(crate) const DIM: Style = Style::new().dimmed();
/// What matters more.
pub(crate) const STRONG: Style = Style::new().bold();

/// Text in a style, if there are colours.
pub(crate) fn paint(color: bool, style: Style, text: &str) -> String {
    if color { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

/// `12,345`.
pub(crate) fn figure(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 policy`, `2,000 policies`.
pub(crate) fn count(number: usize, one: &str, more: &str) -> String {
    format!("{} {}", figure(number as u64), if number == 1 { one } else { more })
}

/// `3 files`: a count of a word that takes an s.
pub(crate) fn counted(number: usize, word: &str) -> String {
    count(number, word, &format!("{word}s"))
}

/// `0.4 ms`, `3.2 s`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        s if s < 0.01 => format!("{:.1} ms", s * 1e3),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 100.0 => format!("{s:.1} s"),
        s => format!("{s:.0} s"),
    }
}

/// Seconds since 1970 as a time in UTC; as the number where the year has more than four digits.
pub(crate) fn instant(seconds: u64) -> String {
    const LAST: u64 = 253_402_300_799;
    if seconds > LAST {
        return format!("second {seconds}");
    }
    // Years begin in March, so that the leap day is the last: 400 of them have 146,097 days.
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The first message, help line and so on of a failure.
pub(crate) fn labelled(color: bool, style: Style, label: &str, text: &str) -> String {
    format!("{}: {text}\n", paint(color, style, label))
}

/// Text that came from input, without control characters: it goes to a terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_commas() {
        let shown = |number: u64| figure(number);
        assert_eq!([shown(0), shown(999), shown(1000), shown(1234567)].join(" "), "0 999 1,000 1,234,567");
        assert_eq!(count(1, "policy", "policies"), "1 policy");
        assert_eq!(counted(2000, "row"), "2,000 rows");
    }

    #[test]
    fn instants_are_dates() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_767_225_599, "2025-12-31T23:59:59Z"),
            (1_835_395_200, "2028-02-29T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "second 253402300800"),
        ] {
            assert_eq!(instant(seconds), text);
        }
    }

    #[test]
    fn durations_are_short() {
        let shown = |ms: f64| duration(Duration::from_secs_f64(ms / 1e3));
        assert_eq!(
            [shown(0.44), shown(44.4), shown(4440.0), shown(444_000.0)].join(" "),
            "0.4 ms 44 ms 4.4 s 444 s"
        );
    }
}
