//! Rows as Markdown.

use std::fmt::Write;
use std::time::Duration;

use crate::measure::{DECISION, LOADING, Measured, Row};
use crate::peer::KINDS;
use crate::peers::automaton::BUDGET;

/// Fewest requests of which a hundredth means anything.
const FOR_P99: usize = 100;

/// The page `results.md`.
pub fn page(rows: &[Row]) -> String {
    let mut page = String::from("# camshaft beside its peers\n\n");
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
    put(
        &mut page,
        format_args!(
            "Made by `cargo run --release --manifest-path benches/peers/Cargo.toml` on {system} {machine}, \
             {cores} cores{}; [README.md](README.md) says what is compared, and what is unfair to whom.\n\n\
             ![Latency against statements](latency.svg)\n\n",
            load_average()
        ),
    );
    summary(&mut page, rows);
    put(
        &mut page,
        format_args!(
            "\nOne run. *of camshaft*, *of thirty lines*: the peer's p50 in terms of theirs in the same \
             alternating rounds. Request: how much of p50 goes into the peer's own objects of a request's text. Load: from a peer's own text to ready; camshaft's is JSON through \
             frontend, compiler and reader. Bytes: what the peer holds after deciding, divided by the \
             statements. Compared: requests on which its decision was the thirty lines'; casbin tells \
             only allow from not. Limits: {} s to load, {} s a decision, {} MiB of automata.\n\n",
            LOADING.as_secs(),
            DECISION.as_secs(),
            BUDGET >> 20
        ),
    );
    page.push_str(
        "| world | statements | peer | p50 | p99 | request | of camshaft | of thirty lines | load | bytes/statement | timed | compared |\n\
         |---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for row in rows {
        put(&mut page, format_args!("| {} | {} | {} ", row.workload, thousands(row.size), row.kind.name));
        match &row.result {
            Err(reason) => put(&mut page, format_args!("| {reason} |||||||||\n")),
            Ok(measured) => figures(&mut page, row.size, measured),
        }
    }
    page
}

/// How busy the machine was in the last fifteen minutes, with this run, where the system tells.
fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').nth(2).map(|load| format!(", load {load} (this run makes 1 of it)")).unwrap_or_default()
}

/// Only how many requests were compared.
pub fn comparisons(rows: &[Row]) -> String {
    let mut page = String::from("| world | statements | peer | compared |\n|---|--:|---|--:|\n");
    for row in rows {
        let Row { workload, size, kind, result } = row;
        let compared = result.as_ref().map_or_else(Clone::clone, |measured| thousands(measured.compared));
        put(&mut page, format_args!("| {workload} | {} | {} | {compared} |\n", thousands(*size), kind.name));
    }
    page
}

/// p50 of every peer at every size.
fn summary(page: &mut String, rows: &[Row]) {
    let mut columns: Vec<(&str, usize)> = Vec::new();
    for row in rows {
        let column = (row.workload.as_str(), row.size);
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    page.push_str("| p50 ");
    for (workload, size) in &columns {
        put(page, format_args!("| {workload} {} ", short(*size)));
    }
    put(page, format_args!("|\n|---|{}\n", "--:|".repeat(columns.len())));
    for kind in KINDS {
        let mut of_kind = rows.iter().filter(|row| row.kind.name == kind.name).peekable();
        if of_kind.peek().is_none() {
            continue;
        }
        put(page, format_args!("| {} ", kind.about));
        for row in of_kind {
            let text = row.result.as_ref().map_or_else(|_| "–".into(), |measured| time(measured.own.p50));
            put(page, format_args!("| {text} "));
        }
        page.push_str("|\n");
    }
}

fn figures(page: &mut String, size: usize, measured: &Measured) {
    let Measured { load, bytes, compared, requests, own, translation, camshaft, indexed } = measured;
    let translation = translation.map_or_else(|| "–".into(), time);
    put(
        page,
        format_args!(
            "| {} | {} | {translation} | {} | {} | {} | {} | {} | {} |\n",
            time(own.p50),
            if *requests < FOR_P99 { "–".into() } else { time(own.p99) },
            ratio(own.p50, camshaft.p50),
            ratio(own.p50, indexed.p50),
            duration(*load),
            thousands(bytes / size),
            thousands(*requests),
            thousands(*compared)
        ),
    );
}

fn put(page: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = page.write_fmt(arguments);
}

fn ratio(one: f64, other: f64) -> String {
    format!("{}×", digits(one / other.max(1.0)))
}

/// Nanoseconds in a unit that fits.
fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        ..1e3 => return format!("{nanoseconds:.0} ns"),
        ..1e6 => (nanoseconds / 1e3, "µs"),
        ..1e9 => (nanoseconds / 1e6, "ms"),
        _ => (nanoseconds / 1e9, "s"),
    };
    format!("{} {unit}", digits(value))
}

fn duration(duration: Duration) -> String {
    time(duration.as_secs_f64() * 1e9)
}

/// Two digits, or all before the point.
fn digits(value: f64) -> String {
    match value {
        ..0.0995 => format!("{value:.3}"),
        ..0.995 => format!("{value:.2}"),
        ..9.95 => format!("{value:.1}"),
        _ => thousands(value.round() as usize),
    }
}

/// With commas.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// With `k` for a thousand.
pub fn short(number: usize) -> String {
    if number >= 1_000 && number.is_multiple_of(1_000) {
        format!("{}k", number / 1_000)
    } else {
        number.to_string()
    }
}
