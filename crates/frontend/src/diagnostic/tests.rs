use super::*;

#[test]
fn the_catalogue_is_sorted_and_whole() {
    let codes: Vec<Code> = Code::all().collect();
    assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(codes.len(), catalogue::ENTRIES.len());
    for code in codes {
        let entry = code.entry().unwrap();
        assert!(!entry.title.is_empty() && !entry.cause.is_empty() && !entry.rules.is_empty(), "{code}");
        for text in [entry.title, entry.cause, entry.help] {
            assert!(!text.ends_with('.') && text.matches('`').count() % 2 == 0, "{code}: {text}");
        }
        assert_eq!(Code::parse(&code.to_string()), Some(code));
        let page = code.help_page();
        assert!(page.starts_with(&format!("{code}: {}", entry.title)) && page.ends_with('\n'));
    }
}

#[test]
fn codes_are_read_strictly() {
    for bad in ["CAM0000", "CAM319", "319", "CAM03190", "CAM+319", ""] {
        assert_eq!(Code::parse(bad), None, "{bad}");
    }
    assert_eq!(Code::parse("cam0319"), Some(code::ACCOUNT_INVALID));
    assert!(Code(999).help_page().contains("no such"));
}

#[test]
fn messages_stay_short_whatever_they_quote() {
    let found = |text: &str| Diagnostic::new(code::ACCOUNT_INVALID, 0, Span::new(0, 0), text).message;
    for text in ["", "short", &"x".repeat(1_024), &"é".repeat(512)] {
        assert_eq!(found(text), text);
    }
    for letter in ["x", "é", "路", "🦀"] {
        for more in 0..4 {
            let message = found(&format!("{}{}end", "x".repeat(more), letter.repeat(1 << 20)));
            assert!(
                message.len() < 1_024 && message.ends_with("end") && message.contains(" […] "),
                "{message}"
            );
        }
    }
}
