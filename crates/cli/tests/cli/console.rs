//! Command lines and what they print: the files `tests/data/cli/*.console` state both.
//!
//! Each file runs in a copy of `tests/data/cli/files`. Lines of a file:
//!
//! | line | meaning |
//! |---|---|
//! | `$ camshaft …` | runs it; `< FILE` at the end gives it standard input |
//! | `$ flip FILE BYTE`, `$ cut FILE LENGTH`, `$ pad FILE LENGTH`, `$ put FILE BYTE VALUE` | damages a file |
//! | `? 3` | the exit code, if it is not 0 |
//! | `! …` | a line of standard error |
//! | `...` | any lines |
//! | `# …` | a remark |
//! | anything else | a line of standard output, `[..]` stands for any text; `\` stands before one of the marks above |
//!
//! `UPDATE=1 cargo test -p camshaft --test cli` writes what does not agree anew.

use std::fs;
use std::path::Path;

use crate::folder::{Folder, data};

/// A command line with what it prints.
#[derive(Debug, Default)]
struct Step {
    remarks: Vec<String>,
    line: String,
    expected: Vec<String>,
}

fn parse(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut remarks = Vec::new();
    for line in text.lines() {
        if line.starts_with('#') || steps.is_empty() && !line.starts_with("$ ") {
            remarks.push(line.to_owned());
        } else if let Some(command) = line.strip_prefix("$ ") {
            let remarks = std::mem::take(&mut remarks);
            steps.push(Step { remarks, line: command.to_owned(), expected: Vec::new() });
        } else if let Some(step) = steps.last_mut() {
            step.expected.push(line.to_owned());
        }
    }
    // Empty lines between the steps are for the eye.
    for step in &mut steps {
        while step.expected.last().is_some_and(String::is_empty) {
            step.expected.pop();
        }
    }
    steps
}

/// Words, with single and double quotes.
pub(crate) fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut open) = (Vec::new(), String::new(), None, false);
    for c in line.chars() {
        match (quote, c) {
            (None, '\'' | '"') => (quote, open) = (Some(c), true),
            (Some(mark), c) if mark == c => quote = None,
            (None, ' ') if open || !word.is_empty() => {
                words.push(std::mem::take(&mut word));
                open = false;
            }
            (None, ' ') => {}
            (_, c) => word.push(c),
        }
    }
    if open || !word.is_empty() {
        words.push(word);
    }
    words
}

fn run(folder: &Folder, line: &str) -> Vec<String> {
    let mut words = words(line);
    let input = match words.iter().position(|word| word == "<") {
        Some(at) => {
            let name = words.split_off(at).pop().expect("a file");
            fs::read(folder.path().join(name)).expect("the input")
        }
        None => Vec::new(),
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["camshaft", args @ ..] => {
            let output = folder.run_with(args, &input);
            let lines = |bytes: &[u8], mark: &str| -> Vec<String> {
                let text = String::from_utf8_lossy(bytes).into_owned();
                text.lines().map(|line| format!("{mark}{line}").trim_end().to_owned()).collect()
            };
            let mut printed = lines(&output.stdout, "");
            let marked = printed.iter_mut().filter(|line| line.starts_with(['#', '$', '!', '?']));
            marked.for_each(|line| line.insert(0, '\\'));
            printed.extend(lines(&output.stderr, "! "));
            match output.status.code() {
                Some(0) => {}
                Some(code) => printed.push(format!("? {code}")),
                None => printed.push("? killed".into()),
            }
            while printed.last().is_some_and(String::is_empty) {
                printed.pop();
            }
            printed
        }
        ["flip", file, byte] => damage(folder, file, |bytes| bytes[byte.parse::<usize>().unwrap()] ^= 0x10),
        ["cut", file, length] => damage(folder, file, |bytes| bytes.truncate(length.parse().unwrap())),
        ["pad", file, length] => damage(folder, file, |bytes| bytes.resize(length.parse().unwrap(), b' ')),
        ["put", file, byte, value] => {
            damage(folder, file, |bytes| bytes[byte.parse::<usize>().unwrap()] = value.parse().unwrap())
        }
        _ => panic!("no such command: {line}"),
    }
}

fn damage(folder: &Folder, file: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<String> {
    let path = folder.path().join(file);
    let mut bytes = fs::read(&path).expect("the file");
    change(&mut bytes);
    fs::write(&path, bytes).expect("the file");
    Vec::new()
}

/// Whether lines are as expected; `...` stands for any lines, `[..]` for any text.
pub(crate) fn agrees(expected: &[String], printed: &[String]) -> bool {
    match expected.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first == "..." => {
            (0..=printed.len()).any(|skip| agrees(rest, &printed[skip..]))
        }
        Some((first, rest)) => printed
            .split_first()
            .is_some_and(|(line, others)| line_agrees(first.trim_end(), line) && agrees(rest, others)),
    }
}

fn line_agrees(expected: &str, line: &str) -> bool {
    let mut parts = expected.split("[..]");
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    let mut open = false;
    while let Some(part) = parts.next() {
        open = parts.peek().is_none();
        if open {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    open || rest.is_empty()
}

/// Figures that change with the format, the version and the machine.
fn elided(line: &str) -> String {
    // Byte counts by section, and the time at the end.
    if let Some((start, _)) = line.split_once("hot ").filter(|_| line.starts_with("  bytes  ")) {
        return format!("{start}[..]");
    }
    let timed = [" bytes in ", ", checked in ", " say, in "]
        .iter()
        .find_map(|mark| line.rfind(mark).map(|at| at + mark.len()));
    let line = timed.map_or_else(|| line.to_owned(), |at| format!("{}[..]", &line[..at]));
    let words = line.split(' ').collect::<Vec<_>>();
    let mut out = String::new();
    for (at, word) in words.iter().enumerate() {
        let counts = words.get(at + 1).is_some_and(|next| next.trim_end_matches(',') == "bytes");
        let figure = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
        out.push_str(if at > 0 { " " } else { "" });
        if counts && figure { out.push_str("[..]") } else { out.push_str(&without_digests(word)) }
    }
    out
}

fn without_digests(word: &str) -> String {
    let (mut out, mut rest) = (String::new(), word);
    while let Some(at) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let run = rest[at..].find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len() - at);
        out.push_str(&rest[..at]);
        out.push_str(if run == 64 { "[..]" } else { &rest[at..at + run] });
        rest = &rest[at + run..];
    }
    out + rest
}

/// What was expected, brought in line with what was printed at the least cost: a line that still agrees stays as it is
/// written, with its `[..]`, and `...` keeps standing for the lines between its neighbours.
pub(crate) fn renewed(expected: &[String], printed: &[String]) -> Vec<String> {
    const CHANGED: usize = 1_000;
    let (rows, columns) = (expected.len(), printed.len());
    let any = |row: usize| expected[row] == "...";
    let same = |row: usize, column: usize| line_agrees(expected[row].trim_end(), &printed[column]);
    // Of each pair of places the cost of what is left.
    let mut cost = vec![vec![0; columns + 1]; rows + 1];
    for row in (0..=rows).rev() {
        for column in (0..=columns).rev() {
            let dropped = |cost: &[Vec<usize>]| cost[row + 1][column] + if any(row) { 0 } else { CHANGED };
            let taken = |cost: &[Vec<usize>]| match row < rows {
                true if any(row) => cost[row][column + 1] + 1,
                true if same(row, column) => cost[row + 1][column + 1],
                true => (cost[row + 1][column + 1] + CHANGED).min(cost[row][column + 1] + CHANGED),
                false => cost[row][column + 1] + CHANGED,
            };
            cost[row][column] = match (row < rows, column < columns) {
                (true, true) => dropped(&cost).min(taken(&cost)),
                (true, false) => dropped(&cost),
                (false, true) => taken(&cost),
                (false, false) => 0,
            };
        }
    }
    let (mut row, mut column, mut lines) = (0, 0, Vec::new());
    while row < rows || column < columns {
        let here = cost[row][column];
        if row < rows && any(row) {
            if lines.last().is_none_or(|last| last != "...") {
                lines.push("...".to_owned());
            }
            if column < columns && here == cost[row][column + 1] + 1 { column += 1 } else { row += 1 }
        } else if row < rows && column < columns && same(row, column) && here == cost[row + 1][column + 1] {
            lines.push(expected[row].clone());
            (row, column) = (row + 1, column + 1);
        } else if row < rows && column < columns && here == cost[row + 1][column + 1] + CHANGED {
            lines.push(elided(&printed[column]));
            (row, column) = (row + 1, column + 1);
        } else if column < columns && here == cost[row][column + 1] + CHANGED {
            lines.push(elided(&printed[column]));
            column += 1;
        } else {
            row += 1;
        }
    }
    lines
}

#[test]
fn wildcards_survive_an_update() {
    let lines = |text: &str| text.lines().map(String::from).collect::<Vec<_>>();
    for (expected, printed, renewed_to) in [
        // Nothing but the line that changed is written anew.
        ("a [..]\nb\n...\nz", "a 1\nc\nx\ny\nz", "a [..]\nc\n...\nz"),
        ("a\n...\nz", "b\nx\nz", "b\n...\nz"),
        ("a\n...\ny\n...\nz", "a\n1\n2\nz", "a\n...\n2\n...\nz"),
        ("...\nz", "1\n2\ny", "...\ny"),
        ("a\n...", "a\nb", "a\n..."),
        ("a", "a\n17 bytes", "a\n[..] bytes"),
        ("a\nb", "", ""),
    ] {
        let renewed = renewed(&lines(expected), &lines(printed));
        assert_eq!(renewed, lines(renewed_to), "{expected:?} {printed:?}");
        assert!(agrees(&renewed, &lines(printed)), "{renewed:?} {printed:?}");
    }
}

fn file(path: &Path) -> Result<(), String> {
    let text = fs::read_to_string(path).expect("a file of commands");
    let folder = Folder::new();
    let (mut out, mut faults) = (String::new(), Vec::new());
    for step in parse(&text) {
        let printed = run(&folder, &step.line);
        let good = agrees(&step.expected, &printed);
        let kept = if good { step.expected } else { renewed(&step.expected, &printed) };
        if !good {
            faults.push(format!("$ {}\n{}\n", step.line, printed.join("\n")));
        }
        for line in step.remarks.iter().filter(|line| !line.is_empty()) {
            out.push_str(&format!("{line}\n"));
        }
        out.push_str(&format!("$ {}\n{}\n", step.line, kept.join("\n")));
        if !kept.is_empty() {
            out.push('\n');
        }
    }
    let out = format!("{}\n", out.replace("\n\n\n", "\n\n").trim_end());
    if faults.is_empty() {
        return Ok(());
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, out).expect("the file is written");
    }
    Err(format!("{}: these print something else:\n{}", path.display(), faults.join("\n")))
}

#[test]
fn command_lines_print_what_their_files_say() {
    let mut files: Vec<_> =
        fs::read_dir(data()).expect("the test data").map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "console"));
    files.sort();
    assert!(files.len() >= 6, "{files:?}");
    let faults: Vec<String> = files.iter().filter_map(|path| file(path).err()).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
