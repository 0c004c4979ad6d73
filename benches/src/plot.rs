//! Pictures of a report: what a delivery costs, and how long a broadcast takes, against the number of receivers.
//! A line for each server, told apart by colour and by marker.
//!
//! It knows the report and nothing of how it was measured: a picture can be drawn again from the JSON.

mod marker;

use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::Result;
use crate::fanout::{Figures, IN_FLIGHT, Load};
use crate::report::Report;
use crate::server::Kind;
use crate::stint::Outcome;
use crate::table::{figure, grouped};
use marker::{Look, look};

/// Pixels of a picture.
const SIZE: (u32, u32) = (1_080, 500);
/// Of that, for the legend.
const LEGEND_HEIGHT: u32 = 56;
const LEGEND_COLUMNS: usize = 8;
/// Fewer ticks than this leave a reader guessing.
const TICKS_MIN: usize = 3;
const FONT: &str = "sans-serif";
/// Around the figures, so that none lies on an axis.
const MARGIN_RATIO: f64 = 1.25;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A picture with two panels.
struct Picture<'a> {
    panels: [Panel<'a>; 2],
}

/// A question that is asked of each line of the fan-out.
struct Panel<'a> {
    title: String,
    unit: &'static str,
    of: &'a dyn Fn(&Figures) -> Option<f64>,
}

/// The server's CPU for a delivery.
///
/// # Errors
/// If the fan-out was not measured.
pub fn cpu(report: &Report) -> Result<String> {
    draw(
        report,
        &Picture {
            panels: [
                Panel {
                    title: "One broadcast at a time".to_owned(),
                    unit: "server CPU per delivery, ns",
                    of: &|figures| figures.cpu_ns(Load::ONE),
                },
                Panel {
                    title: format!("{IN_FLIGHT} broadcasts in flight"),
                    unit: "server CPU per delivery, ns",
                    of: &|figures| figures.cpu_ns(Load::SOME),
                },
            ],
        },
    )
}

/// How long it takes until the last receiver has a broadcast.
///
/// # Errors
/// If the fan-out was not measured.
pub fn latency(report: &Report) -> Result<String> {
    draw(
        report,
        &Picture {
            panels: [
                Panel {
                    title: "Fan-out, half of the broadcasts (p50)".to_owned(),
                    unit: "until the last receiver has it, µs",
                    of: &|figures| Some(figures.paced.fanout_ns.p50 / 1e3),
                },
                Panel {
                    title: "Fan-out, all but one in a hundred (p99)".to_owned(),
                    unit: "until the last receiver has it, µs",
                    of: &|figures| Some(figures.paced.fanout_ns.p99 / 1e3),
                },
            ],
        },
    )
}

/// A server's line: receivers and figures.
struct Line {
    server: Kind,
    points: Vec<(f64, f64)>,
}

fn lines(outcomes: &[Outcome<Figures>], panel: &Panel<'_>) -> Vec<Line> {
    let line = |server: Kind| {
        let of_it = outcomes.iter().filter(|outcome| outcome.server == server);
        let mut points: Vec<_> = of_it
            .filter_map(|outcome| Some((outcome.users as f64, (panel.of)(&outcome.median)?)))
            .filter(|(_, value)| *value > 0.0)
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        Line { server, points }
    };
    // Ours comes last, and so lies over the others.
    let (ours, others): (Vec<_>, Vec<_>) = Kind::ALL.into_iter().partition(|kind| *kind == Kind::Chat);
    others.into_iter().chain(ours).map(line).filter(|line| !line.points.is_empty()).collect()
}

fn draw(report: &Report, picture: &Picture<'_>) -> Result<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        let (charts, legend) = root.split_vertically(SIZE.1 - LEGEND_HEIGHT);
        let lines = picture.panels.each_ref().map(|panel| lines(&report.fanout, panel));
        // One scale for both, so that they can be compared.
        let points = || lines.iter().flatten().flat_map(|line| &line.points);
        let axes = Axes {
            receivers: range(points().map(|point| point.0))?,
            values: range(points().map(|point| point.1))?,
        };
        for ((area, panel), lines) in charts.split_evenly((1, 2)).iter().zip(&picture.panels).zip(&lines) {
            draw_panel(area, panel, lines, &axes)?;
        }
        let is_shown = |kind: &Kind| lines.iter().flatten().any(|line| line.server == *kind);
        draw_legend(&legend, &Kind::ALL.into_iter().filter(is_shown).collect::<Vec<_>>())?;
        root.present().map_err(failed)?;
    }
    Ok(svg)
}

/// What the axes span.
struct Axes {
    receivers: Range<f64>,
    values: Range<f64>,
}

fn draw_panel(area: &Area<'_>, panel: &Panel<'_>, lines: &[Line], axes: &Axes) -> Result<()> {
    let points = lines.iter().flat_map(|line| &line.points);
    let mut measured: Vec<f64> = points.map(|point| point.0).collect();
    measured.sort_by(f64::total_cmp);
    measured.dedup();
    let mut chart = ChartBuilder::on(area)
        .caption(&panel.title, (FONT, 18))
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(66)
        .build_cartesian_2d(
            axes.receivers.clone().log_scale().with_key_points(measured),
            axes.values.clone().log_scale().with_key_points(ticks(&axes.values)),
        )
        .map_err(failed)?;
    chart
        .configure_mesh()
        .x_desc("registered users, all of whom receive")
        .y_desc(panel.unit)
        .x_label_formatter(&|value| grouped(value.round() as u64))
        .y_label_formatter(&|value| figure(*value))
        .label_style((FONT, 13))
        .axis_desc_style((FONT, 14))
        .bold_line_style(RGBColor(0xdd, 0xdd, 0xdd))
        .light_line_style(RGBColor(0xf3, 0xf3, 0xf3))
        .draw()
        .map_err(failed)?;
    for line in lines {
        let Look { color, width, shape } = look(line.server);
        let style = color.stroke_width(width);
        chart.draw_series(LineSeries::new(line.points.iter().copied(), style)).map_err(failed)?;
        let markers = line
            .points
            .iter()
            .map(|point| EmptyElement::at(*point) + shape.fill(color) + shape.outline(color));
        chart.draw_series(markers).map_err(failed)?;
    }
    Ok(())
}

fn draw_legend(area: &Area<'_>, servers: &[Kind]) -> Result<()> {
    let columns = servers.len().clamp(1, LEGEND_COLUMNS) as i32;
    let width = ((SIZE.0 as i32 - 30) / columns).min(150);
    let left = (SIZE.0 as i32 - width * columns) / 2;
    for (index, server) in servers.iter().enumerate() {
        let (column, row) = ((index % LEGEND_COLUMNS) as i32, (index / LEGEND_COLUMNS) as i32);
        let (x, y) = (left + column * width, 16 + row * 20);
        let Look { color, width, shape } = look(*server);
        let line = PathElement::new(vec![(x, y), (x + 28, y)], color.stroke_width(width));
        area.draw(&line).map_err(failed)?;
        let marker = EmptyElement::at((x + 14, y)) + shape.fill(color) + shape.outline(color);
        area.draw(&marker).map_err(failed)?;
        let name = Text::new(server.name(), (x + 34, y - 7), (FONT, 14).into_font());
        area.draw(&name).map_err(failed)?;
    }
    Ok(())
}

/// What these figures span, and a little more.
fn range(figures: impl Iterator<Item = f64>) -> Result<Range<f64>> {
    let span = figures.fold(None, |span: Option<(f64, f64)>, figure| {
        let (min, max) = span.unwrap_or((figure, figure));
        Some((min.min(figure), max.max(figure)))
    });
    let (min, max) = span.ok_or("there is nothing to draw: the fan-out was not measured")?;
    Ok(min / MARGIN_RATIO..max * MARGIN_RATIO)
}

/// Round figures in a range: 1, 2 and 5 of each power of ten, or more of them where these are few.
fn ticks(range: &Range<f64>) -> Vec<f64> {
    let powers = range.start.log10().floor() as i32..=range.end.log10().ceil() as i32;
    let of = |digits: &[f64]| -> Vec<f64> {
        let ticks =
            powers.clone().flat_map(|power| digits.iter().map(move |digit| digit * 10_f64.powi(power)));
        ticks.filter(|tick| range.contains(tick)).collect()
    };
    let few = of(&[1.0, 2.0, 5.0]);
    if few.len() < TICKS_MIN { of(&[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0]) } else { few }
}

fn failed(error: impl std::fmt::Display) -> String {
    format!("the picture could not be drawn: {error}")
}

#[cfg(test)]
pub(crate) mod tests;
