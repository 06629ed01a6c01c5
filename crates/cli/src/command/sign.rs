//! `camshaft sign`: a bundle, verified in full, in a signed envelope.

use camshaft_bundle::verify_full;
use serde::Serialize;

use crate::args::Sign;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::load;
use crate::render::text;
use crate::trust::{self, Signature};
use crate::write;

#[derive(Serialize)]
struct Report {
    bundle: String,
    digest: String,
    signature: Signature,
}

/// Runs it.
pub(crate) fn run(args: &Sign, console: &mut Console) -> Result<Exit, Failure> {
    let out = match &args.out {
        Some(out) => out,
        None if input::is_stdin(&args.bundle) => {
            return Err(Failure::usage("a bundle from standard input needs `-o FILE`"));
        }
        None => &args.bundle,
    };
    let key = trust::secret(&args.key)?;
    let file = input::read(&args.bundle)?;
    let refused = |error| Failure::Bundle { path: input::name(&args.bundle), error };
    let (bundle, _) = load::unverified(&args.bundle, &file)?;
    verify_full(&bundle).map_err(refused)?;
    let created_s = args.created_s.unwrap_or_else(trust::now_s);
    let (signed, signature) = trust::sign(&file, &key, args.revision, created_s).map_err(refused)?;
    write::replace(out, &signed)?;
    let report = Report { bundle: out.display().to_string(), digest: bundle.digest_text(), signature };
    if console.is_json() {
        console.json(&report)?;
    } else {
        let done = text::paint(console.out_color, text::GOOD, "signed");
        writeln!(console.out(), "{done} {}: {}", report.bundle, report.signature.text())?;
        writeln!(console.out(), "digest {}", report.digest)?;
    }
    Ok(Exit::Done)
}
