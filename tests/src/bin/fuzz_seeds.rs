//! Writes inputs for the fuzz targets to begin with: `fuzz_seeds DIR` fills one folder a target.
//!
//! All are of our own making: generated worlds, their policies, requests and bundles.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

use camshaft_tests::fuzz::{WORLDS, sound_bundles};
use camshaft_tests::generate::{Features, Random, Requests, world};
use serde_json::Value;

/// Generated worlds to take inputs from.
const SEEDS: u64 = 40;

fn put(folder: &Path, target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let folder = folder.join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)
}

/// Every policy document inside.
fn documents<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(members) if members.contains_key("statement") => found.push(value),
        Value::Object(members) => members.values().for_each(|value| documents(value, found)),
        Value::Array(all) => all.iter().for_each(|value| documents(value, found)),
        _ => {}
    }
}

fn write(folder: &Path) -> io::Result<()> {
    for seed in 0..SEEDS {
        let small = Features { statements: 2, ..Features::all() };
        let value = world(seed, small);
        put(folder, "build_world", &format!("world-{seed}.json"), value.to_string().as_bytes())?;
        let mut policies = Vec::new();
        documents(&value, &mut policies);
        for (at, policy) in policies.iter().enumerate().filter(|(at, _)| at % 4 == 0) {
            for target in ["parse", "normalize"] {
                put(folder, target, &format!("policy-{seed}-{at}.json"), policy.to_string().as_bytes())?;
            }
        }
        let mut bytes = seed.to_le_bytes().to_vec();
        bytes.extend(0..16);
        put(folder, "differential", &format!("{seed}.bin"), &bytes)?;
    }
    for which in 0..WORLDS {
        let value = world(u64::from(which), Features::all());
        let maker = Requests::new(&value, Features::all());
        let mut random = Random::new(u64::from(which));
        for at in 0..12 {
            let mut bytes = vec![which];
            bytes.extend_from_slice(maker.next(&mut random).to_string().as_bytes());
            put(folder, "decide", &format!("request-{which}-{at}"), &bytes)?;
        }
    }
    for (which, bundle) in sound_bundles().enumerate() {
        put(folder, "open_file", &format!("{which}.cam"), bundle)?;
    }
    let mut random = Random::new(1);
    for at in 0..64 {
        let edit: Vec<u8> = (0..9).map(|_| random.bits() as u8).collect();
        put(folder, "prove", &format!("edits-{at}.bin"), &edit)?;
        put(folder, "open_bundle", &format!("edits-{at}.bin"), &edit[..3 + at % 3 * 3])?;
    }
    Ok(())
}

fn main() -> ExitCode {
    let Some(folder) = env::args().nth(1) else {
        eprintln!("usage: fuzz_seeds DIR");
        return ExitCode::from(2);
    };
    match write(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{folder}: {error}");
            ExitCode::FAILURE
        }
    }
}
