//! `camshaft verify`: a bundle, opened with every check, and its index proven to reach every row; with `--prove`, every
//! block proven to be its statements.

use std::time::Instant;

use camshaft_bundle::{FORMAT_VERSION, verify_full};
use serde::Serialize;

use crate::args::Verify;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::load;
use crate::render::json;
use crate::render::proof::{Proof, prove_bundle};
use crate::render::text;
use crate::trust::{self, Signature};

#[derive(Serialize)]
struct Report {
    bundle: String,
    sound: bool,
    format: u32,
    digest: String,
    signature: Option<Signature>,
    bytes: usize,
    blocks: u32,
    rows: u64,
    certificate: json::Certificate,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<Proof>,
}

/// Runs it.
pub(crate) fn run(args: &Verify, console: &mut Console) -> Result<Exit, Failure> {
    let begin = Instant::now();
    let file = input::read(&args.bundle)?;
    let (bundle, signature) = match trust::trust(&args.trusted)? {
        Some(trust) => {
            let bundle = load::opened(&args.bundle, &file, Some(&trust))?;
            let signature = bundle.envelope().map(|envelope| Signature::new(envelope, true));
            (bundle, signature)
        }
        None => {
            let (bundle, envelope) = load::unverified(&args.bundle, &file)?;
            (bundle, envelope.map(|envelope| Signature::new(&envelope, false)))
        }
    };
    drop(file);
    let full =
        verify_full(&bundle).map_err(|error| Failure::Bundle { path: input::name(&args.bundle), error })?;
    let time = begin.elapsed();
    let proof = args.proving.prove.then(|| prove_bundle(&bundle, None, &args.proving, 0));
    let exit = proof.as_ref().map_or(Exit::Done, Proof::exit);
    let report = Report {
        bundle: input::name(&args.bundle),
        sound: true,
        format: FORMAT_VERSION,
        digest: bundle.digest_text(),
        signature,
        bytes: bundle.length(),
        blocks: full.blocks,
        rows: full.rows,
        certificate: json::Certificate(full.certificate),
        proof,
    };
    if console.is_json() {
        console.json(&report)?;
        return Ok(exit);
    }
    let color = console.out_color;
    let sound = text::paint(color, text::GOOD, "sound");
    let (bytes, time) = (text::counted(report.bytes, "byte"), text::duration(time));
    let (blocks, certificate) = (text::counted(report.blocks as usize, "block"), report.certificate.text());
    let Report { bundle, format, digest, rows, signature, proof, .. } = report;
    let rows = text::figure(rows);
    writeln!(
        console.out(),
        "{bundle} is {sound}: format {format}, {bytes}, digest {digest}, checked in {time}"
    )?;
    writeln!(console.out(), "each of the {rows} rows of {blocks} is reached; {certificate}")?;
    if let Some(signature) = signature {
        let found = signature.text();
        match signature.verified {
            true => writeln!(console.out(), "{found}")?,
            false => writeln!(
                console.out(),
                "{found}, not verified: `--key FILE` names the keys that are trusted"
            )?,
        }
    }
    if let Some(proof) = proof {
        let style = if proof.complete { text::GOOD } else { text::BAD };
        let word = if proof.complete { "proven" } else { "not proven" };
        writeln!(console.out(), "{}: {}", text::paint(color, style, word), proof.line())?;
        write!(console.out(), "{}", proof.details())?;
    }
    Ok(exit)
}
