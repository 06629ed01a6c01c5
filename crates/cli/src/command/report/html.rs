//! Writing HTML: everything that comes from a bundle goes through [`text`] or [`json`].
//!
//! Names of policies, paths and conditions are whatever their authors wrote; none of it may become markup or script.

/// Text as it stands in an element or in a quoted attribute. Control characters that no reader would see are replaced.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if is_hidden(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Characters that show as nothing or turn the direction of what follows.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A value as JSON inside a `script` element: no character of it can end the element or begin a comment.
pub(super) fn json(value: &impl serde::Serialize) -> String {
    // What cannot be written as JSON is nothing of ours: lists, numbers and strings always can.
    let plain = serde_json::to_string(value).unwrap_or_else(|_| "null".into());
    let mut out = String::with_capacity(plain.len());
    for c in plain.chars() {
        match c {
            '<' | '>' | '&' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c if is_hidden(c) || matches!(c, '\u{2028}' | '\u{2029}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

/// A share of a hundred, for a bar: between 0 and 100, with a decimal.
pub(super) fn share(part: u64, whole: u64) -> String {
    let tenths = (u128::from(part) * 1000).checked_div(u128::from(whole)).unwrap_or(0).min(1000);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A bar of so many of a hundred.
pub(super) fn bar(part: u64, whole: u64) -> String {
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"track\" width=\"100\" height=\"6\"/><rect class=\"fill\" width=\"{}\" height=\"6\"/></svg>",
        share(part, whole)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_becomes_markup() {
        assert_eq!(
            text("<a href='x'>\"&\u{202e}\u{0}"),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;\u{fffd}\u{fffd}"
        );
        let hostile = "</script><!--<script>&\u{2028}\u{202e}";
        let written = json(&hostile);
        assert!(!written.contains(['<', '>', '&', '\u{2028}', '\u{202e}']), "{written}");
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), hostile);
    }

    #[test]
    fn shares_are_of_a_hundred() {
        assert_eq!(
            [share(1, 3), share(0, 0), share(9, 4), share(u64::MAX, u64::MAX)],
            ["33.3", "0.0", "100.0", "100.0"]
        );
    }
}
