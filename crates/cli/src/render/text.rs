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
    fn durations_are_short() {
        let shown = |ms: f64| duration(Duration::from_secs_f64(ms / 1e3));
        assert_eq!(
            [shown(0.44), shown(44.4), shown(4440.0), shown(444_000.0)].join(" "),
            "0.4 ms 44 ms 4.4 s 444 s"
        );
    }
}
