//! camshaft beside what people would otherwise use: the same worlds and requests through all of them, decisions
//! first, then times. Prints Markdown, and renews `results.md` and `latency.svg`. See README.md.

mod arguments;
mod measure;
mod memory;
mod peer;
mod peers;
mod plot;
mod report;
mod text;

use std::process::ExitCode;

use camshaft_benches::workload;

use crate::arguments::{Arguments, USAGE};
use crate::measure::{Disagreement, Row, Runs};

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("{error}\n\n{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    let rows = match run(&arguments) {
        Ok(rows) => rows,
        Err(Disagreement(text)) => {
            eprintln!("{text}");
            return ExitCode::FAILURE;
        }
    };
    if arguments.compare {
        print!("{}", report::comparisons(&rows));
        return ExitCode::SUCCESS;
    }
    let page = report::page(&rows);
    print!("{page}");
    let Some(folder) = &arguments.folder else { return ExitCode::SUCCESS };
    for (name, text) in [("results.md", page), ("latency.svg", plot::picture(&rows))] {
        if let Err(error) = std::fs::write(format!("{folder}/{name}"), text) {
            eprintln!("{folder}/{name}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn run(arguments: &Arguments) -> Result<Vec<Row>, Disagreement> {
    let mut rows = Vec::new();
    for name in &arguments.workloads {
        let Some(workload) = workload::find(name) else { continue };
        let mut runs = Runs::new(&workload, arguments.compare);
        for (at, size) in arguments.sizes.iter().enumerate() {
            let next = arguments.sizes.get(at + 1).copied();
            rows.extend(runs.at(*size, next, &arguments.peers)?);
        }
    }
    Ok(rows)
}
