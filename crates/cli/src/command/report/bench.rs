//! Measurements from `camshaft bench`, as a plot and a table.

use std::path::Path;

use serde::Deserialize;

use super::html;
use crate::exit::Failure;
use crate::input;
use crate::render::text::figure;

/// What is used of docs/schema/bench.json.
#[derive(Deserialize)]
pub(super) struct Bench {
    pub(super) digest: String,
    pub(super) requests: usize,
    pub(super) measured: Option<Measured>,
}

/// Rates and latencies.
#[derive(Deserialize)]
pub(super) struct Measured {
    pub(super) rounds: u16,
    pub(super) threads: u16,
    pub(super) decisions: u64,
    pub(super) decisions_per_second: f64,
    latency_ns: Option<Latency>,
    #[serde(default)]
    outcomes: serde_json::Map<String, serde_json::Value>,
}

#[derive(Clone, Copy, Deserialize)]
struct Latency {
    p50: u32,
    p90: u32,
    p99: u32,
    p99_9: u32,
    max: u32,
}

#[derive(Deserialize)]
struct OfKind {
    requests: usize,
    latency_ns: Option<Latency>,
}

/// The names of the marks, from the left.
const MARKS: [&str; 5] = ["p50", "p90", "p99", "p99.9", "max"];

impl Latency {
    fn marks(self) -> [u32; 5] {
        [self.p50, self.p90, self.p99, self.p99_9, self.max]
    }
}

/// Reads the file.
pub(super) fn read(path: &Path) -> Result<Bench, Failure> {
    let bytes = input::read(path)?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Failure::usage_with(
            format!("`--bench {}` cannot be used: {error}", path.display()),
            "it is what `camshaft bench --format json` prints",
        )
    })
}

impl Measured {
    /// Outcomes that were measured: name, requests, marks in nanoseconds.
    fn series(&self) -> Vec<(String, usize, [u32; 5])> {
        let mut series = Vec::new();
        for (name, value) in &self.outcomes {
            let of_kind: Option<OfKind> = serde_json::from_value(value.clone()).ok();
            if let Some(OfKind { requests, latency_ns: Some(latency) }) = of_kind {
                series.push((name.replace('_', " "), requests, latency.marks()));
            }
        }
        series
    }

    /// The plot and the table below it.
    pub(super) fn html(&self, requests: usize) -> String {
        let mut series = self.series();
        if let Some(all) = self.latency_ns {
            series.insert(0, ("all".into(), requests, all.marks()));
        }
        if series.is_empty() {
            return "<p class=\"quiet\">The file has rates but no latencies.</p>".into();
        }
        let mut out = plot(&series);
        out.push_str("<div class=\"scroll\"><table><thead><tr><th scope=\"col\">outcome</th><th scope=\"col\" class=\"num\">requests</th>");
        for mark in MARKS {
            out.push_str(&format!("<th scope=\"col\" class=\"num\">{mark}</th>"));
        }
        out.push_str("</tr></thead><tbody>");
        for (name, requests, marks) in &series {
            out.push_str(&format!(
                "<tr><th scope=\"row\">{}</th><td class=\"num\">{}</td>",
                html::text(name),
                figure(*requests as u64)
            ));
            for mark in marks {
                out.push_str(&format!("<td class=\"num\">{}</td>", time(*mark)));
            }
            out.push_str("</tr>");
        }
        out.push_str("</tbody></table></div>");
        out
    }
}

/// `640 ns`, `1.2 µs`, `3.4 ms`.
fn time(nanoseconds: u32) -> String {
    match nanoseconds {
        0..1_000 => format!("{nanoseconds} ns"),
        1_000..1_000_000 => format!("{:.1} µs", f64::from(nanoseconds) / 1e3),
        _ => format!("{:.1} ms", f64::from(nanoseconds) / 1e6),
    }
}

/// Width of the plot, and where its scale begins and ends.
const WIDTH: f64 = 720.0;
const LEFT: f64 = 112.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 28.0;
const LINE: f64 = 34.0;

/// A line an outcome on a scale of powers of ten.
fn plot(series: &[(String, usize, [u32; 5])]) -> String {
    let all = || series.iter().flat_map(|(_, _, marks)| marks).map(|mark| f64::from(*mark).max(1.0).log10());
    let least = all().fold(f64::INFINITY, f64::min).floor();
    let most = all().fold(f64::NEG_INFINITY, f64::max).ceil().max(least + 1.0);
    let place = |nanoseconds: f64| {
        LEFT + (nanoseconds.max(1.0).log10() - least) / (most - least) * (WIDTH - LEFT - RIGHT)
    };
    let height = TOP + LINE * series.len() as f64 + 20.0;
    let mut out = format!(
        "<figure class=\"plot\"><svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"latency by outcome, logarithmic scale\">"
    );
    let (first, last) = (least as i32, most as i32);
    for power in first..=last {
        let x = place(10f64.powi(power));
        let label = match power {
            ..3 => format!("{} ns", 10u32.pow(power.max(0).unsigned_abs())),
            3..6 => format!("{} µs", 10u32.pow((power - 3).unsigned_abs())),
            6..9 => format!("{} ms", 10u32.pow((power - 6).unsigned_abs())),
            _ => format!("{} s", 10u32.pow((power - 9).min(9).unsigned_abs())),
        };
        let bottom = height - 18.0;
        out.push_str(&format!(
            "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP:.1}\" y2=\"{bottom:.1}\"/><text class=\"axis\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
            TOP - 10.0
        ));
    }
    for (at, (name, _, marks)) in series.iter().enumerate() {
        let y = TOP + LINE * (at as f64 + 0.5);
        let [start, .., end] = marks.map(|mark| place(f64::from(mark)));
        out.push_str(&format!(
            "<text class=\"label\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text><line class=\"range\" x1=\"{start:.1}\" x2=\"{end:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>",
            LEFT - 14.0,
            y + 4.5,
            html::text(name)
        ));
        for (mark, name) in marks.iter().zip(MARKS) {
            let radius = if name == "p50" { 6.0 } else { 4.0 };
            let x = place(f64::from(*mark));
            out.push_str(&format!(
                "<circle class=\"mark {}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"><title>{name} {}</title></circle>",
                if name == "p50" { "median" } else { "tail" },
                time(*mark)
            ));
        }
    }
    out.push_str("</svg><figcaption>from the left: p50 (large), p90, p99, p99.9, max; the scale is logarithmic</figcaption></figure>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plots_stay_in_their_frame() {
        for marks in [[0, 0, 0, 0, 0], [1, 10, 100, 1_000, u32::MAX], [640, 700, 900, 1_500, 40_000]] {
            let plot = plot(&[("all".into(), 1, marks)]);
            for x in plot.split("cx=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                let x: f64 = x.parse().unwrap();
                assert!((LEFT - 0.1..=WIDTH - RIGHT + 0.1).contains(&x), "{x} of {marks:?}");
            }
        }
        assert_eq!([time(999), time(1_500), time(2_000_000)], ["999 ns", "1.5 µs", "2.0 ms"]);
    }
}
