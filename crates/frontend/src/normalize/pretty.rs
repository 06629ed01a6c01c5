//! JSON laid out for people.

/// Lays out JSON that has no insignificant blanks: one member or entry a line, two spaces a level, a
/// line feed at the end.
pub fn pretty(compact: &str) -> String {
    let mut out = String::with_capacity(compact.len() * 2);
    let mut level = 0usize;
    let mut in_string = false;
    let mut escaped = false;
    let mut opened = false;
    for c in compact.chars() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        let closes = matches!(c, '}' | ']');
        if closes {
            level = level.saturating_sub(1);
            if !opened {
                line(&mut out, level);
            }
        } else if opened {
            line(&mut out, level);
        }
        opened = matches!(c, '{' | '[');
        out.push(c);
        match c {
            '"' => in_string = true,
            '{' | '[' => level += 1,
            ',' => line(&mut out, level),
            ':' => out.push(' '),
            _ => {}
        }
    }
    out.push('\n');
    out
}

fn line(out: &mut String, level: usize) {
    out.push('\n');
    for _ in 0..level {
        out.push_str("  ");
    }
}
