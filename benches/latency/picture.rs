//! The medians as horizontal bars on a logarithmic scale, and the curve of saturation.

use std::fmt::Write as _;

use crate::programs::PROGRAMS;
use crate::saturation::Load;
use crate::ways::{HOST, REUSE, Row, WAYS};

const WIDTH: f64 = 860.0;
const LEFT: f64 = 200.0;
const DECADE: f64 = 115.0;
const ROW: f64 = 17.0;
const HEAD: f64 = 22.0;
/// The left end of the scale, in milliseconds, and how many decades there are.
const LEAST_MS: f64 = 0.1;
const DECADES: u32 = 4;
/// By `WAYS`: Kiln's apart from the rest.
const COLOURS: [&str; WAYS.len()] =
    ["#d1495b", "#dd7280", "#e8949e", "#8d99ae", "#adb5c4", "#c9ced8", "#9c2f3f"];

/// Height of the picture of saturation, and its margins.
const TALL: f64 = 300.0;
const MARGIN: f64 = 50.0;

/// Arrivals against the 99th percentile (left, logarithmic) and refusals (right).
pub(crate) fn saturation(loads: &[Load]) -> String {
    let most = loads.iter().map(|load| load.offered).fold(1.0, f64::max);
    let (wide, tall) = (WIDTH - 2.0 * MARGIN, TALL - 2.0 * MARGIN);
    let x = |offered: f64| MARGIN + offered / most * wide;
    let time = |ms: f64| MARGIN + tall * (1.0 - (ms.max(1.0).log10() / 4.0).min(1.0));
    let share = |share: f64| MARGIN + tall * (1.0 - share);
    let mut drawn = String::new();
    for decade in 0..=4 {
        let (ms, y) = (10_f64.powi(decade), time(10_f64.powi(decade)));
        let _ = write!(
            drawn,
            "<line x1=\"{MARGIN}\" y1=\"{y:.0}\" x2=\"{:.0}\" y2=\"{y:.0}\" stroke=\"#ddd\"/>\
             <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\" fill=\"#d1495b\">{ms} ms</text>\
             <text x=\"{:.0}\" y=\"{:.0}\" fill=\"#30638e\">{}%</text>",
            WIDTH - MARGIN,
            MARGIN - 6.0,
            y + 4.0,
            WIDTH - MARGIN + 6.0,
            y + 4.0,
            25 * decade
        );
    }
    let line = |points: Vec<(f64, f64)>, colour: &str| {
        let path: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join(" ")
        )
    };
    let of =
        |y: &dyn Fn(&Load) -> f64| loads.iter().map(|load| (x(load.offered), y(load))).collect::<Vec<_>>();
    drawn += &line(of(&|load| time(load.times.percentile(99))), "#d1495b");
    drawn += &line(of(&|load| time(load.times.p50())), "#e8949e");
    drawn += &line(of(&|load| share(load.refused)), "#30638e");
    for load in loads {
        let _ = write!(
            drawn,
            "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\" fill=\"#666\">{:.0}</text>",
            x(load.offered),
            TALL - MARGIN + 18.0,
            load.offered
        );
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{TALL}\" font-family=\"sans-serif\" \
         font-size=\"12\"><rect width=\"100%\" height=\"100%\" fill=\"white\"/>{drawn}\
         <text x=\"{MARGIN}\" y=\"20\" fill=\"#d1495b\">p99 and (pale) p50 of what was served</text>\
         <text x=\"{:.0}\" y=\"20\" text-anchor=\"end\" fill=\"#30638e\">refused</text>\
         <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\" fill=\"#666\">programs that arrive per second</text></svg>\n",
        WIDTH - MARGIN,
        WIDTH / 2.0,
        TALL - 8.0
    )
}

pub(crate) fn svg(rows: &[Row]) -> String {
    let mut drawn = String::new();
    let mut y = 26.0;
    for (program, row) in PROGRAMS.iter().zip(rows) {
        let kiln = row.times[REUSE].p50();
        let title = &program.title;
        let _ = write!(drawn, "<text x=\"10\" y=\"{:.0}\" font-weight=\"bold\">{title}</text>", y + 15.0);
        y += HEAD;
        for ((way, times), colour) in WAYS.iter().zip(&row.times).zip(COLOURS) {
            if times.is_empty() && *way != WAYS[HOST] {
                continue;
            }
            let base = y + 13.0;
            let _ = write!(
                drawn,
                "<text x=\"{:.0}\" y=\"{base:.0}\" text-anchor=\"end\">{way}</text>",
                LEFT - 8.0
            );
            if times.is_empty() {
                let _ = write!(
                    drawn,
                    "<text x=\"{:.0}\" y=\"{base:.0}\" fill=\"#666\">not on this host</text>",
                    LEFT + 6.0
                );
            } else {
                let p50 = times.p50();
                let width = ((p50 / LEAST_MS).log10() * DECADE).max(1.0);
                let digits = if p50 < 10.0 { 2 } else { 0 };
                let _ = write!(
                    drawn,
                    "<rect x=\"{LEFT}\" y=\"{y:.0}\" width=\"{width:.0}\" height=\"{:.0}\" fill=\"{colour}\"/>\
                     <text x=\"{:.0}\" y=\"{base:.0}\">{p50:.digits$} ms, {:.1} x</text>",
                    ROW - 3.0,
                    LEFT + width + 6.0,
                    p50 / kiln
                );
            }
            y += ROW;
        }
        y += ROW / 2.0;
    }
    let scale: String = (0..=DECADES)
        .map(|decade| {
            let x = LEFT + f64::from(decade) * DECADE;
            let label = LEAST_MS * 10_f64.powi(decade as i32);
            format!(
                "<line x1=\"{x}\" y1=\"22\" x2=\"{x}\" y2=\"{y:.0}\" stroke=\"#ddd\"/>\
                 <text x=\"{x}\" y=\"16\" text-anchor=\"middle\" fill=\"#666\">{label} ms</text>"
            )
        })
        .collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{:.0}\" font-family=\"sans-serif\" \
         font-size=\"12\"><rect width=\"100%\" height=\"100%\" fill=\"white\"/>{scale}{drawn}</svg>\n",
        y + 6.0
    )
}
