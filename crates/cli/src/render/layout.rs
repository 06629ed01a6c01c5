//! JSON and long texts in the columns of a terminal.

use serde_json::Value;

/// Lays out JSON so that it can be read and pasted: what fits into the columns stands in a line, else each member and
/// entry has its own. Behind the first, lines are indented.
pub(crate) fn json(value: &Value, indent: usize, columns: usize) -> String {
    let mut out = String::new();
    write(&mut out, value, indent, indent, columns);
    out
}

/// `used` columns are taken at the start, and more lines are indented by `indent`.
fn write(out: &mut String, value: &Value, indent: usize, used: usize, columns: usize) {
    let line = in_line(value);
    if used + line.chars().count() <= columns {
        out.push_str(&line);
        return;
    }
    let (open, close, members): (char, char, Vec<(String, &Value)>) = match value {
        Value::Object(members) if !members.is_empty() => {
            let named =
                members.iter().map(|(name, value)| (format!("{}: ", Value::from(name.as_str())), value));
            ('{', '}', named.collect())
        }
        Value::Array(entries) if !entries.is_empty() => {
            ('[', ']', entries.iter().map(|entry| (String::new(), entry)).collect())
        }
        _ => {
            out.push_str(&line);
            return;
        }
    };
    out.push(open);
    let last = members.len() - 1;
    for (number, (name, member)) in members.into_iter().enumerate() {
        out.push('\n');
        out.push_str(&" ".repeat(indent + 2));
        out.push_str(&name);
        // A comma may follow.
        write(out, member, indent + 2, indent + 2 + name.chars().count() + 1, columns);
        if number < last {
            out.push(',');
        }
    }
    out.push('\n');
    out.push_str(&" ".repeat(indent));
    out.push(close);
}

/// JSON in a line, with blanks for people.
fn in_line(value: &Value) -> String {
    match value {
        Value::Object(members) if !members.is_empty() => {
            let members = members
                .iter()
                .map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), in_line(value)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(entries) => {
            format!("[{}]", entries.iter().map(in_line).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// Words in lines of at most so many columns; what is longer than a line stands in one of its own.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A part of a text round a byte, at most so many columns wide, and the column of the byte in it. `…` stands where
/// something was cut.
pub(crate) fn window(text: &str, at: usize, columns: usize) -> (String, usize) {
    let chars: Vec<char> = text.chars().collect();
    let column = text.get(..at).map_or(chars.len(), |before| before.chars().count());
    if chars.len() <= columns {
        return (text.to_owned(), column);
    }
    // Most of what is shown stands before the byte: that is what fits.
    let room = columns.saturating_sub(2);
    let start = column.saturating_sub(room * 2 / 3).min(chars.len().saturating_sub(room));
    let end = (start + room).min(chars.len());
    let mut out: String = chars.get(start..end).unwrap_or_default().iter().collect();
    if end < chars.len() {
        out.push('…');
    }
    if start > 0 {
        out.insert(0, '…');
    }
    (out, column - start + usize::from(start > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_breaks_where_it_must() {
        let value = serde_json::json!({"effect": "allow", "action": ["a:B", "a:C"], "x": {}});
        assert_eq!(json(&value, 0, 80), r#"{ "effect": "allow", "action": ["a:B", "a:C"], "x": {} }"#);
        let expected =
            "{\n    \"effect\": \"allow\",\n    \"action\": [\"a:B\", \"a:C\"],\n    \"x\": {}\n  }";
        assert_eq!(json(&value, 2, 30), expected);
        let narrow = json(&value, 0, 18);
        assert!(narrow.contains("\"action\": [\n    \"a:B\",\n    \"a:C\"\n  ]"), "{narrow}");
        for columns in [10, 20, 40, 80] {
            assert_eq!(serde_json::from_str::<Value>(&json(&value, 3, columns)).unwrap(), value);
        }
    }

    #[test]
    fn windows_show_the_place() {
        let text = format!("{}X{}", "a".repeat(50), "b".repeat(50));
        for columns in [20, 40, 101, 200] {
            let (shown, column) = window(&text, 50, columns);
            assert!(shown.chars().count() <= columns);
            assert_eq!(shown.chars().nth(column), Some('X'), "{shown}");
        }
        assert_eq!(window("é", 2, 10), ("é".into(), 1));
        let (shown, column) = window(&text, 101, 20);
        assert_eq!((shown.ends_with('b'), column), (true, shown.chars().count()));
    }

    #[test]
    fn words_are_wrapped() {
        assert_eq!(wrapped("a bb ccc dddddddd e", 6), ["a bb", "ccc", "dddddddd", "e"]);
    }
}
