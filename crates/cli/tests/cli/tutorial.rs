//! The tutorial, run: what it shows is what the commands print.
//!
//! A fence ` ```json dev.json ` writes that file. In a fence ` ```console ` lines with `$ ` are commands, a `\` at the end
//! goes on in the next line, and what follows is what they print, messages first; `…` stands for any lines, `[..]` for
//! any text. All of it happens in one folder, empty at first. `UPDATE=1` writes what does not agree anew.

use std::fs;
use std::path::Path;

use crate::console::{agrees, renewed, words};
use crate::folder::Folder;

/// A part of the page.
enum Part {
    /// What is only read.
    Prose(Vec<String>),
    /// A file to write.
    File(String, Vec<String>),
    /// Commands, with their lines on the page and what they print.
    Session(Vec<(Vec<String>, Vec<String>)>),
}

fn parse(page: &str) -> Vec<Part> {
    let mut parts = vec![Part::Prose(Vec::new())];
    let mut fenced = false;
    for line in page.lines() {
        match (line.strip_prefix("```"), fenced) {
            (Some(info), false) => {
                fenced = true;
                match info.split_once(' ') {
                    Some((_, file)) => parts.push(Part::File(file.to_owned(), Vec::new())),
                    None if info == "console" => parts.push(Part::Session(Vec::new())),
                    None => panic!("a fence of another kind: {line}"),
                }
                continue;
            }
            (Some(_), true) => {
                fenced = false;
                parts.push(Part::Prose(Vec::new()));
                continue;
            }
            (None, _) => {}
        }
        match parts.last_mut().expect("a part") {
            Part::Prose(lines) | Part::File(_, lines) => lines.push(line.to_owned()),
            Part::Session(steps) => match steps.last_mut() {
                Some((command, printed))
                    if printed.is_empty() && command.last().is_some_and(|last| last.ends_with('\\')) =>
                {
                    command.push(line.to_owned());
                }
                _ if line.starts_with("$ ") => steps.push((vec![line.to_owned()], Vec::new())),
                Some((_, printed)) => printed.push(if line == "…" { "..." } else { line }.to_owned()),
                None => panic!("output without a command: {line}"),
            },
        }
    }
    parts
}

/// What a command prints, messages first, and its exit code.
fn run(folder: &Folder, command: &[String], last: i32) -> (Vec<String>, i32) {
    let line: Vec<&str> = command.iter().map(|line| line.trim_end_matches('\\').trim()).collect();
    let line = line.join(" ");
    let line = line.strip_prefix("$ ").expect("a command");
    if line == "echo $?" {
        return (vec![last.to_string()], 0);
    }
    let words = words(line);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ["camshaft", args @ ..] = words.as_slice() else { panic!("no such command: {line}") };
    let output = folder.run(args);
    let text = String::from_utf8([output.stderr, output.stdout].concat()).expect("text");
    let mut printed: Vec<String> = text.lines().map(|line| line.trim_end().to_owned()).collect();
    while printed.last().is_some_and(String::is_empty) {
        printed.pop();
    }
    (printed, output.status.code().expect("an exit code"))
}

#[test]
fn the_tutorial_prints_what_it_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tutorial.md");
    let page = fs::read_to_string(&path).expect("the tutorial");
    let folder = Folder::empty();
    let (mut out, mut faults, mut last, mut commands) = (String::new(), Vec::new(), 0, 0);
    for part in parse(&page) {
        match part {
            Part::Prose(lines) => lines.iter().for_each(|line| out.push_str(&format!("{line}\n"))),
            Part::File(name, lines) => {
                let file = folder.path().join(&name);
                fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
                fs::write(&file, lines.join("\n") + "\n").expect("the file is written");
                let kind =
                    file.extension().map(|kind| kind.to_string_lossy().into_owned()).unwrap_or_default();
                out.push_str(&format!("```{kind} {name}\n{}\n```\n", lines.join("\n")));
            }
            Part::Session(steps) => {
                out.push_str("```console\n");
                for (command, expected) in steps {
                    let (printed, code) = run(&folder, &command, last);
                    (last, commands) = (code, commands + 1);
                    let good = agrees(&expected, &printed);
                    if !good {
                        faults.push(format!("{}\n{}\n", command.join("\n"), printed.join("\n")));
                    }
                    let kept = if good { expected } else { renewed(&expected, &printed) };
                    let kept = kept.into_iter().map(|line| if line == "..." { "…".to_owned() } else { line });
                    command.into_iter().chain(kept).for_each(|line| out.push_str(&format!("{line}\n")));
                }
                out.push_str("```\n");
            }
        }
    }
    assert!(commands > 10, "{commands}");
    if faults.is_empty() {
        assert_eq!(out, page, "the page is kept as it is written");
        return;
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, out).expect("the page is written");
    }
    panic!("{}: these print something else:\n{}", path.display(), faults.join("\n"));
}
