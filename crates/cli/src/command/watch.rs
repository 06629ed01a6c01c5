//! `camshaft watch`: what a gateway that watches a folder would serve, event by event.

use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;

use camshaft::watch::{Event, Refusal, Refused, Serving, Source, Stale, Status, Watch};
use serde::Serialize;

use crate::args::Watch as Args;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::render::text;
use crate::trust;

/// A line of the report.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line {
    Loaded {
        at_s: u64,
        bundle: String,
        digest: String,
        revision: Option<u64>,
        created_s: Option<u64>,
        publication: u64,
    },
    Refused {
        at_s: u64,
        bundle: String,
        reason: &'static str,
        message: String,
    },
    Stale {
        at_s: u64,
        age_s: Option<u64>,
        greatest_s: u64,
    },
}

/// Runs it.
pub(crate) fn run(args: &Args, console: &mut Console) -> Result<Exit, Failure> {
    if input::is_stdin(&args.bundle) {
        return Err(Failure::usage("`-b` is a file or a folder; standard input does not change"));
    }
    let mut source = Source::new(&args.bundle);
    if let Some(trust) = trust::trust(&args.trusted)? {
        source = source.trust(trust);
    }
    if let Some(seconds) = args.max_age_s {
        source = source.max_age_s(seconds);
    }
    if args.proving.prove {
        source = source.prove(args.proving.budget(0));
    }
    let mut watch = Watch::new(source);
    if args.once {
        for event in watch.look(trust::now_s()) {
            tell(&event, console)?;
        }
        return Ok(exit(&watch.status()));
    }
    let (told, events) = channel();
    let heard = move |event: &Event| drop(told.send(event.clone()));
    let watching = watch.spawn(Duration::from_secs(args.poll_s), heard);
    let _watching = watching.map_err(|error| Failure::read(&args.bundle, error))?;
    // Until it is stopped from outside, or nobody reads any more.
    for event in events {
        tell(&event, console)?;
        console.finish()?;
    }
    // Only a thread that watches no more lets go of its end.
    Ok(Exit::Bug)
}

/// How one look ends: what is served must be good, new enough, and all that there is.
fn exit(status: &Status) -> Exit {
    let unread = |refusal: &Refusal| {
        matches!(refusal.reason, Refused::Missing | Refused::Unreadable { .. } | Refused::NotAFile)
    };
    match status {
        Status { refused, .. } if refused.iter().any(|refusal| !unread(refusal)) => Exit::Bundle,
        Status { refused, .. } if !refused.is_empty() => Exit::Io,
        Status { stale: Some(_), .. } => Exit::Negative,
        _ => Exit::Done,
    }
}

fn tell(event: &Event, console: &mut Console) -> Result<(), Failure> {
    let at_s = trust::now_s();
    let name = |file: &Path| input::name(file);
    if console.is_json() {
        return console.json_line(&match event {
            Event::Loaded(Serving { file, digest, stamp, publication, .. }) => Line::Loaded {
                at_s,
                bundle: name(file),
                digest: digest.clone(),
                revision: stamp.created_s.map(|_| stamp.revision),
                created_s: stamp.created_s,
                publication: *publication,
            },
            Event::Refused(Refusal { file, reason }) => {
                Line::Refused { at_s, bundle: name(file), reason: reason.kind(), message: reason.to_string() }
            }
            Event::Stale(Stale { age_s, greatest_s }) => {
                Line::Stale { at_s, age_s: *age_s, greatest_s: *greatest_s }
            }
        });
    }
    let color = console.out_color;
    let line = match event {
        Event::Loaded(Serving { file, digest, stamp, .. }) => {
            let word = text::paint(color, text::GOOD, "loaded");
            let origin = match stamp.created_s {
                Some(created_s) => format!("revision {} of {}", stamp.revision, text::instant(created_s)),
                None => "not signed".into(),
            };
            format!("{word} {}: {origin}, digest {digest}", text::plain(&name(file)))
        }
        Event::Refused(Refusal { file, reason }) => {
            let word = text::paint(color, text::BAD, "refused");
            format!("{word} {}: {}", text::plain(&name(file)), text::plain(&reason.to_string()))
        }
        Event::Stale(stale) => {
            let word = text::paint(color, text::DOUBTFUL, "stale");
            format!("{word}: the bundle is {stale}; every request is refused")
        }
    };
    writeln!(console.out(), "{line}")?;
    Ok(())
}
