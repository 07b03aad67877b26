//! The medians as horizontal bars on a logarithmic scale.

use std::fmt::Write as _;

use crate::programs::PROGRAMS;
use crate::ways::{REUSE, Row, WAYS};

const WIDTH: f64 = 860.0;
const LEFT: f64 = 200.0;
const DECADE: f64 = 115.0;
const ROW: f64 = 17.0;
const HEAD: f64 = 22.0;
/// The left end of the scale, in milliseconds, and how many decades there are.
const LEAST_MS: f64 = 0.1;
const DECADES: u32 = 4;
/// By `WAYS`: Kiln's two apart from the rest.
const COLOURS: [&str; 5] = ["#d1495b", "#e8949e", "#8d99ae", "#adb5c4", "#c9ced8"];

pub(crate) fn svg(rows: &[Row]) -> String {
    let mut drawn = String::new();
    let mut y = 26.0;
    for (program, row) in PROGRAMS.iter().zip(rows) {
        let kiln = row.times[REUSE].p50();
        let title = &program.title;
        let _ = write!(drawn, "<text x=\"10\" y=\"{:.0}\" font-weight=\"bold\">{title}</text>", y + 15.0);
        y += HEAD;
        for ((way, times), colour) in WAYS.iter().zip(&row.times).zip(COLOURS) {
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
