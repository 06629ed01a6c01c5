//! `file:` URIs to paths and back.

use std::path::{Path, PathBuf};

/// The path of a `file:` URI; `None` for other schemes, such as that of a text that was never saved.
pub(crate) fn to_path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let path = rest.get(rest.find('/')?..)?;
    let mut bytes = Vec::with_capacity(path.len());
    let mut left = path.as_bytes();
    while let Some((&byte, rest)) = left.split_first() {
        let escaped = (byte == b'%').then(|| rest.get(..2)).flatten();
        let escaped = escaped.and_then(|digits| core::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(escaped) => {
                bytes.push(escaped);
                left = rest.get(2..).unwrap_or(&[]);
            }
            None => {
                bytes.push(byte);
                left = rest;
            }
        }
    }
    let path = String::from_utf8(bytes).ok()?;
    // `/c:/folder` is `c:/folder`.
    let drive = path.as_bytes().get(1..3).is_some_and(|two| two[0].is_ascii_alphabetic() && two[1] == b':');
    let path = if drive && cfg!(windows) { path.get(1..).unwrap_or("").to_owned() } else { path };
    Some(PathBuf::from(path))
}

/// The URI of a path.
pub(crate) fn of_path(path: &Path) -> String {
    let path = path.to_string_lossy().replace('\\', if cfg!(windows) { "/" } else { "\\" });
    let mut uri = String::from("file://");
    if !path.starts_with('/') {
        uri.push('/');
    }
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(byte.into())
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn paths_survive() {
        for path in ["/a b/密%/x.json", "/plain/world.json", "/q?#&.json"] {
            assert_eq!(to_path(&of_path(Path::new(path))), Some(path.into()));
        }
        assert_eq!(to_path("file://host/a%2"), Some("/a%2".into()));
        assert_eq!(to_path("untitled:Untitled-1"), None);
        assert_eq!(to_path("file:///a%ff"), None);
    }
}
