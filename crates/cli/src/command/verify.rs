//! `camshaft verify`: a bundle, opened with every check.

use std::time::Instant;

use camshaft_bundle::FORMAT_VERSION;
use serde::Serialize;

use crate::args::Verify;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::load;
use crate::render::text;

#[derive(Serialize)]
struct Report {
    bundle: String,
    sound: bool,
    format: u32,
    digest: String,
    bytes: usize,
}

/// Runs it.
pub(crate) fn run(args: &Verify, console: &mut Console) -> Result<Exit, Failure> {
    let begin = Instant::now();
    let bundle = load::bundle(&args.bundle)?;
    let time = begin.elapsed();
    let report = Report {
        bundle: input::name(&args.bundle),
        sound: true,
        format: FORMAT_VERSION,
        digest: bundle.digest_text(),
        bytes: bundle.length(),
    };
    if console.is_json() {
        console.json(&report)?;
        return Ok(Exit::Done);
    }
    let sound = text::paint(console.out_color, text::GOOD, "sound");
    let (bytes, time) = (text::counted(report.bytes, "byte"), text::duration(time));
    let Report { bundle, format, digest, .. } = report;
    writeln!(
        console.out(),
        "{bundle} is {sound}: format {format}, {bytes}, digest {digest}, checked in {time}"
    )?;
    Ok(Exit::Done)
}
