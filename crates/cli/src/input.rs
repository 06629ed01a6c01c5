//! Files in: read whole or line by line, told apart by what they hold, found by walking folders.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use camshaft_frontend::json::{self, Bounds};
use camshaft_frontend::limits;
use camshaft_frontend::source::{Source, Span};
use camshaft_frontend::world::{self, FileError, Files};

use crate::exit::{Failure, describe};
use crate::progress::Progress;

/// Whether a path stands for standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// What reports call a path.
pub(crate) fn name(path: &Path) -> String {
    let path = path.strip_prefix("./").ok().filter(|rest| !rest.as_os_str().is_empty()).unwrap_or(path);
    if is_stdin(path) { "<stdin>".into() } else { path.display().to_string() }
}

/// All bytes of a file or of standard input.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if is_stdin(path) {
        io::stdin().lock().read_to_end(&mut bytes).map(drop)
    } else {
        fs::read(path).map(|read| bytes = read)
    };
    read.map(|()| bytes).map_err(|error| Failure::read(path, error))
}

/// A file or standard input.
pub(crate) type Reader = BufReader<Box<dyn Read>>;

/// A file or standard input, to be read piece by piece; `progress` tells how far that is.
pub(crate) fn open(path: &Path, progress: Option<&Progress>) -> Result<Reader, Failure> {
    let (file, length): (Box<dyn Read>, _) = if is_stdin(path) {
        (Box::new(io::stdin()), None)
    } else {
        let file = File::open(path).and_then(|file| match file.metadata()? {
            about if about.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            about => Ok((file, about.len())),
        });
        let (file, length) = file.map_err(|error| Failure::read(path, error))?;
        (Box::new(file), Some(length))
    };
    let file = match progress {
        Some(progress) => progress.reading(file, length),
        None => file,
    };
    Ok(BufReader::with_capacity(1 << 16, file))
}

/// What a text is, by its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// A world in one text.
    World,
    /// A world in lines.
    Stream,
    /// A case file.
    Cases,
    /// A policy, or a text too broken to tell.
    Policy,
    /// JSON that is none of these.
    Other,
}

/// Members that only worlds have.
const WORLD: [&str; 8] = [
    "accounts",
    "presets",
    "resource_policies",
    "organization",
    "general_policies",
    "catalogue",
    "prerequisites",
    "parameters",
];

/// Members of policies.
const POLICY: [&str; 5] = ["version", "statement", "effect", "action", "principal"];

/// Tells what a text is. A text that is not JSON counts as a policy: reading it as one says what is wrong.
pub(crate) fn content(text: &str) -> Content {
    if world::is_stream(text) {
        return Content::Stream;
    }
    // PERF: of a world of gigabytes the first member tells.
    if first_member(text).is_some_and(|name| WORLD.contains(&name)) {
        return Content::World;
    }
    let parse = |text: &str| {
        let source = Source::new("", text);
        json::parse(&source, 0, Span::new(0, text.len()), Bounds::WORLD).value
    };
    // Of a stream of lines the first tells.
    let first =
        || text.lines().find(|line| !line.trim().is_empty()).filter(|line| line.len() < text.trim().len());
    let Some(value) = parse(text).or_else(|| parse(first()?)) else { return Content::Policy };
    let has = |names: &[&str]| {
        let members = value.as_object().unwrap_or(&[]);
        members.iter().any(|member| names.iter().any(|name| member.name.eq_ignore_ascii_case(name)))
    };
    if has(&["expect"]) {
        Content::Cases
    } else if has(&WORLD) || has(&["options"]) {
        Content::World
    } else if has(&["request", "resource", "context"]) && !has(&["version", "statement", "effect"]) {
        Content::Other
    } else if has(&POLICY) || value.as_object().is_none_or(<[_]>::is_empty) {
        Content::Policy
    } else {
        Content::Other
    }
}

/// Whether a text is a world or a line of one.
pub(crate) fn is_world(text: &str) -> bool {
    // PERF: asked for each finding, so a text that is too long for a policy is not read for it.
    text.len() > limits::SOURCE_BYTES || matches!(content(text), Content::World | Content::Stream)
}

fn first_member(text: &str) -> Option<&str> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let name = text.strip_prefix('{')?.trim_start().strip_prefix('"')?;
    name.split('"').next()
}

/// A file found by walking a folder.
#[derive(Debug)]
pub(crate) struct Found {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Whether it is the `world.json` of its folder.
    pub(crate) world: bool,
}

/// The files below a folder with one of some extensions, sorted. Hidden ones are left out, and so are links that lead
/// out of the folder or to a folder, so that the walk ends.
pub(crate) fn walk(folder: &Path, extensions: &[&str]) -> Result<Vec<Found>, Failure> {
    let root = folder.canonicalize().map_err(|error| Failure::read(folder, error))?;
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |error| Failure::read(&folder, error);
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            let kind = entry.file_type().map_err(failed)?;
            let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
            if kind.is_dir() {
                folders.push(path);
                continue;
            }
            let inside =
                || path.canonicalize().is_ok_and(|target| target.starts_with(&root) && target.is_file());
            if extensions.contains(&extension) && (kind.is_file() || kind.is_symlink() && inside()) {
                found.push(Found { world: entry.file_name() == "world.json", path });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// The files of a world's folder. Links are followed as long as they stay in the folder.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    /// The folder as the command line names it; empty for the current one.
    given: PathBuf,
    /// What was read, by the path in the world: the file, links resolved.
    read: RefCell<BTreeMap<String, PathBuf>>,
}

impl Folder {
    /// The folder that a file stands in; for standard input the current one.
    pub(crate) fn of(file: &Path) -> Result<Self, Failure> {
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty() && !is_stdin(file));
        let given = parent.unwrap_or(Path::new("")).to_owned();
        let parent = parent.unwrap_or(Path::new("."));
        let root = parent.canonicalize().map_err(|error| Failure::read(parent, error))?;
        Ok(Self { root, given, read: RefCell::default() })
    }

    /// The files that were read, links resolved.
    pub(crate) fn into_read(self) -> BTreeSet<PathBuf> {
        self.read.into_inner().into_values().collect()
    }

    /// What the command line would call a file that was read.
    pub(crate) fn shown(&self, path: &str) -> Option<String> {
        self.read.borrow().contains_key(path).then(|| self.given.join(path).display().to_string())
    }
}

impl Files for Folder {
    fn read(&self, path: &str) -> Result<String, FileError> {
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => FileError::Missing,
            _ => FileError::Unreadable(describe(&error)),
        };
        let file = self.root.join(path).canonicalize().map_err(unreadable)?;
        if !file.starts_with(&self.root) {
            return Err(FileError::Unreadable("a link leads out of the folder of the world".into()));
        }
        // A device or a pipe would be read for ever.
        if !file.metadata().map_err(unreadable)?.is_file() {
            return Err(FileError::Unreadable("it is not a regular file".into()));
        }
        let bytes = fs::read(&file).map_err(unreadable)?;
        self.read.borrow_mut().insert(path.into(), file);
        String::from_utf8(bytes).map_err(|_| FileError::NotUtf8)
    }
}

/// One line of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Its bytes, without the line break.
    Bytes(Vec<u8>),
    /// It was longer than the bound; it was skipped.
    TooLong,
}

/// Reads one line of at most so many bytes; `None` at the end.
pub(crate) fn line(reader: &mut dyn BufRead, most: usize) -> io::Result<Option<Line>> {
    let mut bytes = Vec::new();
    let mut over = false;
    loop {
        let buffer = match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            buffer => buffer?,
        };
        if buffer.is_empty() {
            return Ok(match (over, bytes.is_empty()) {
                (true, _) => Some(Line::TooLong),
                (false, true) => None,
                (false, false) => Some(Line::Bytes(bytes)),
            });
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let part = &buffer[..end.unwrap_or(buffer.len())];
        over |= bytes.len() + part.len() > most;
        if !over {
            bytes.extend_from_slice(part);
        }
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            return Ok(Some(if over { Line::TooLong } else { Line::Bytes(bytes) }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_apart() {
        let is = |text: &str| content(text);
        assert_eq!(is(r#"{"version":"2.0","statement":[]}"#), Content::Policy);
        assert_eq!(is("{ // comment\n\"Statement\":[]}"), Content::Policy);
        assert_eq!(is("{ broken"), Content::Policy);
        assert_eq!(is(""), Content::Policy);
        assert_eq!(is(" {\n \"accounts\": ["), Content::World);
        assert_eq!(is(r#"{"options":{},"accounts":[]}"#), Content::World);
        assert_eq!(is(r#"{"account":{}}"#), Content::Stream);
        assert_eq!(is("{\"policies\":[],\"expect\":\"allow\"}\n{\"policies\":[]}\n"), Content::Cases);
        assert_eq!(is("{\"version\":\"2.0\",\"statement\":[]}\n{}"), Content::Policy);
        assert_eq!(is("{\"action\":\"a:B\",\"resource\":\"*\"}\n{\"action\":\"a:C\"}\n"), Content::Other);
        assert_eq!(is(r#"{"name":"x"}"#), Content::Other);
        assert_eq!(is(r#"{"principal":"q","action":"a:B","resource":"*"}"#), Content::Other);
    }

    #[test]
    fn lines_are_bounded() {
        let lines = |text: &str, most| {
            let mut reader = BufReader::with_capacity(3, text.as_bytes());
            core::iter::from_fn(|| line(&mut reader, most).unwrap()).collect::<Vec<_>>()
        };
        let bytes = |text: &str| Line::Bytes(text.into());
        assert_eq!(lines("ab\n\nabcdefg\ncd", 6), [bytes("ab"), bytes(""), Line::TooLong, bytes("cd")]);
        assert_eq!(lines("abcdefg", 6), [Line::TooLong]);
        assert_eq!(lines("", 6), []);
    }
}
