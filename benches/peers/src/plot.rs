//! Latency against statements as a picture: a panel a workload, both axes logarithmic, text SVG without fonts of
//! its own, for light and dark pages.

use std::fmt::Write;

use crate::measure::Row;
use crate::peer::KINDS;
use crate::report::short;

/// Width of a panel with its labels, and its height.
const PANEL: (f64, f64) = (560.0, 470.0);
/// Room for the axis on the left, above, for labels on the right, and below.
const MARGIN: [f64; 4] = [62.0, 44.0, 150.0, 46.0];
/// Panels side by side.
const ACROSS: usize = 2;
/// Between labels.
const LINE: f64 = 15.0;

const STYLE: &str = "
text { font: 12px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif }
.title { font-size: 14px; font-weight: 600 }
.bold { font-weight: 700 }
.grid { stroke-width: 1 }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round }
.strong { stroke-width: 3.6 }
.leader { stroke-width: 0.8; stroke-dasharray: 2 2 }
";

/// A name of a class, and its colour on light and on dark pages.
type Colour = (&'static str, [&'static str; 2]);

/// The page and what is written on it.
const PAPER: [Colour; 4] = [
    ("page", ["#ffffff", "#0d1117"]),
    ("text", ["#24292f", "#e6edf3"]),
    ("soft", ["#59636e", "#9198a1"]),
    ("grid", ["#d8dee4", "#30363d"]),
];

/// The peers.
const INKS: [Colour; 10] = [
    ("camshaft", ["#cf3f0c", "#ff8a5c"]),
    ("indexed", ["#24292f", "#f0f6fc"]),
    ("naive", ["#7d8590", "#9198a1"]),
    ("dfa", ["#1a7f37", "#56d364"]),
    ("regex-set", ["#0b8f83", "#4fd6c8"]),
    ("iam-rs", ["#0969da", "#6cb6ff"]),
    ("regorus", ["#7c4ddb", "#b392f0"]),
    ("cedar-sliced", ["#bf2f83", "#f778ba"]),
    ("cedar-all", ["#8a1038", "#ff7b8a"]),
    ("casbin", ["#946200", "#e3b341"]),
];

/// Rules for light pages and, in a media query, for dark ones. Variables of CSS would be shorter, but not every
/// renderer knows them.
fn style() -> String {
    let rules = |page: usize| -> String {
        let paper = PAPER.map(|(name, colours)| {
            let property = if name == "grid" { "stroke" } else { "fill" };
            format!(".{name} {{ {property}: {} }}\n", colours[page])
        });
        let inks = INKS.map(|(name, colours)| {
            let colour = colours[page];
            format!(".{name} .line {{ stroke: {colour} }} .{name} .dot, .{name} .name {{ fill: {colour} }}\n")
        });
        paper.concat() + inks.concat().as_str()
    };
    format!("{STYLE}{}@media (prefers-color-scheme: dark) {{\n{}}}\n", rules(0), rules(1))
}

/// The picture `latency.svg`.
pub fn picture(rows: &[Row]) -> String {
    let mut workloads: Vec<&str> = rows.iter().map(|row| row.workload.as_str()).collect();
    workloads.dedup();
    let axes = Axes::of(rows);
    let (across, down) = (workloads.len().min(ACROSS), workloads.len().div_ceil(ACROSS));
    let (width, height) = (PANEL.0 * across as f64, PANEL.1 * down as f64);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">\n\
         <title>Median time of a decision against the number of statements, by peer</title>\n\
         <style>{}</style>\n<rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n",
        style()
    );
    for (number, workload) in workloads.iter().enumerate() {
        let (x, y) = (PANEL.0 * (number % ACROSS) as f64, PANEL.1 * (number / ACROSS) as f64);
        put(&mut svg, format_args!("<g transform=\"translate({x} {y})\">\n"));
        panel(&mut svg, workload, rows, &axes);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

/// Decades of both axes.
struct Axes {
    sizes: (f64, f64),
    times: (f64, f64),
}

impl Axes {
    fn of(rows: &[Row]) -> Self {
        let decades = |values: &mut dyn Iterator<Item = f64>| {
            let (least, most) =
                values.fold((f64::MAX, 1.0_f64), |(least, most), value| (least.min(value), most.max(value)));
            (least.min(most).log10().floor(), most.log10().ceil().max(least.min(most).log10().floor() + 1.0))
        };
        let sizes = decades(&mut rows.iter().map(|row| row.size as f64));
        let times = rows.iter().filter_map(|row| row.result.as_ref().ok());
        let times = decades(&mut times.map(|measured| measured.own.p50.max(1.0)));
        Self { sizes, times }
    }

    fn x(&self, size: f64) -> f64 {
        let (least, most) = self.sizes;
        MARGIN[0] + (size.log10() - least) / (most - least) * (PANEL.0 - MARGIN[0] - MARGIN[2])
    }

    fn y(&self, time: f64) -> f64 {
        let (least, most) = self.times;
        PANEL.1 - MARGIN[3] - (time.log10() - least) / (most - least) * (PANEL.1 - MARGIN[1] - MARGIN[3])
    }
}

fn panel(svg: &mut String, workload: &str, rows: &[Row], axes: &Axes) {
    let (left, right) = (MARGIN[0], PANEL.0 - MARGIN[2]);
    let (top, bottom) = (MARGIN[1], PANEL.1 - MARGIN[3]);
    put(svg, format_args!("<text class=\"title text\" x=\"{left}\" y=\"22\">{workload}</text>\n"));
    for decade in axes.times.0 as i32..=axes.times.1 as i32 {
        let y = axes.y(10f64.powi(decade));
        let name = unit(decade);
        put(svg, format_args!("<path class=\"grid\" d=\"M{left} {y:.1}H{right}\"/>\n"));
        put(
            svg,
            format_args!(
                "<text class=\"soft\" text-anchor=\"end\" x=\"{}\" y=\"{:.1}\">{name}</text>\n",
                left - 8.0,
                y + 4.0
            ),
        );
    }
    for decade in axes.sizes.0 as i32..=axes.sizes.1 as i32 {
        let x = axes.x(10f64.powi(decade));
        let name = short(10usize.pow(decade as u32));
        put(svg, format_args!("<path class=\"grid\" d=\"M{x:.1} {top}V{bottom}\"/>\n"));
        let y = bottom + 18.0;
        put(
            svg,
            format_args!(
                "<text class=\"soft\" text-anchor=\"middle\" x=\"{x:.1}\" y=\"{y}\">{name}</text>\n"
            ),
        );
    }
    let middle = (left + right) / 2.0;
    let y = bottom + 36.0;
    put(
        svg,
        format_args!(
            "<text class=\"soft\" text-anchor=\"middle\" x=\"{middle}\" y=\"{y}\">statements</text>\n"
        ),
    );
    put(svg, format_args!("<text class=\"soft\" x=\"{left}\" y=\"38\">time of a decision, median</text>\n"));
    lines(svg, workload, rows, axes);
}

/// The lines, and their names on the right, moved apart where they would meet.
fn lines(svg: &mut String, workload: &str, rows: &[Row], axes: &Axes) {
    let mut labels: Vec<(f64, (f64, f64), &str)> = Vec::new();
    let last = rows.iter().map(|row| row.size).max().unwrap_or(0);
    // Camshaft is drawn last, above the others.
    for kind in KINDS.iter().rev() {
        let points = rows.iter().filter(|row| row.workload == workload && row.kind.name == kind.name);
        let points: Vec<(f64, f64, usize)> = points
            .filter_map(|row| {
                let time = row.result.as_ref().ok()?.own.p50.max(1.0);
                Some((axes.x(row.size as f64), axes.y(time), row.size))
            })
            .collect();
        let Some(end) = points.last() else { continue };
        let strong = if kind.name == "camshaft" { " strong" } else { "" };
        put(svg, format_args!("<g class=\"{}\">\n<polyline class=\"line{strong}\" points=\"", kind.name));
        for (x, y, _) in &points {
            put(svg, format_args!("{x:.1},{y:.1} "));
        }
        svg.push_str("\"/>\n");
        let radius = if strong.is_empty() { 2.6 } else { 4.0 };
        for (x, y, _) in &points {
            put(svg, format_args!("<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"/>\n"));
        }
        svg.push_str("</g>\n");
        let (x, y, size) = *end;
        if size == last {
            labels.push((y, (x, y), kind.name));
        } else {
            // It stopped here.
            let (name, x, y) = (kind.name, x - 5.0, y - 7.0);
            put(
                svg,
                format_args!(
                    "<g class=\"{name}\"><text class=\"name\" text-anchor=\"end\" x=\"{x:.1}\" y=\"{y:.1}\">\
                     {name} ends</text></g>\n"
                ),
            );
        }
    }
    labels.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut floor = MARGIN[1];
    for label in &mut labels {
        label.0 = label.0.max(floor);
        floor = label.0 + LINE;
    }
    let mut ceiling = PANEL.1 - MARGIN[3] + LINE;
    for label in labels.iter_mut().rev() {
        label.0 = label.0.min(ceiling);
        ceiling = label.0 - LINE;
    }
    let x = PANEL.0 - MARGIN[2] + 26.0;
    for (y, (from_x, from_y), name) in labels {
        let bold = if name == "camshaft" { " bold" } else { "" };
        let baseline = y + 4.0;
        put(
            svg,
            format_args!(
                "<g class=\"{name}\"><path class=\"line leader\" d=\"M{:.1} {from_y:.1}L{:.1} {y:.1}\"/>\
                 <text class=\"name{bold}\" x=\"{x}\" y=\"{baseline:.1}\">{name}</text></g>\n",
                from_x + 5.0,
                x - 4.0
            ),
        );
    }
}

/// Ten to a power of nanoseconds.
fn unit(decade: i32) -> String {
    let (power, unit) = match decade {
        ..=2 => (decade, "ns"),
        3..=5 => (decade - 3, "µs"),
        6..=8 => (decade - 6, "ms"),
        _ => (decade - 9, "s"),
    };
    format!("{} {unit}", 10u64.pow(power.max(0) as u32))
}

fn put(svg: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = svg.write_fmt(arguments);
}
