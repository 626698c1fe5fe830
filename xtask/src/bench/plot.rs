//! Small plots with two logarithmic axes, as SVG.

use std::fmt::Write;

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 240.0;
const MARGIN: f64 = 48.0;
const COLORS: [&str; 2] = ["#1f6fb4", "#c8501e"];

/// One plot of several.
pub(super) struct Panel {
    pub(super) title: &'static str,
    pub(super) series: Vec<Series>,
}

/// One line of it.
pub(super) struct Series {
    pub(super) name: &'static str,
    /// Each above 0.
    pub(super) points: Vec<(f64, f64)>,
}

/// All panels, two in a row.
pub(super) fn svg(x_title: &str, panels: &[Panel]) -> String {
    let rows = panels.len().div_ceil(2);
    let (width, height) = (2.0 * WIDTH, rows as f64 * HEIGHT);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    for (at, panel) in panels.iter().enumerate() {
        let (x, y) = ((at % 2) as f64 * WIDTH, (at / 2) as f64 * HEIGHT);
        let _ = writeln!(out, "<g transform=\"translate({x} {y})\">");
        draw(&mut out, x_title, panel);
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    out
}

/// A logarithmic axis from one power of ten to another.
struct Axis {
    from: f64,
    to: f64,
    start: f64,
    length: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64> + Clone, start: f64, length: f64) -> Axis {
        let least = values.clone().fold(f64::INFINITY, f64::min).max(1e-9);
        let most = values.fold(least, f64::max);
        let from = least.log10().floor();
        Axis { from, to: most.log10().ceil().max(from + 1.0), start, length }
    }

    fn place(&self, value: f64) -> f64 {
        self.start + self.length * (value.max(1e-9).log10() - self.from) / (self.to - self.from)
    }

    fn powers(&self) -> impl Iterator<Item = f64> + use<> {
        let (from, to) = (self.from, self.to);
        std::iter::successors(Some(from), |power| Some(power + 1.0))
            .take_while(move |power| *power <= to)
            .map(|power| 10_f64.powf(power))
    }
}

fn draw(out: &mut String, x_title: &str, panel: &Panel) {
    let all = panel.series.iter().flat_map(|series| &series.points);
    let x = Axis::over(all.clone().map(|point| point.0), MARGIN, WIDTH - 1.5 * MARGIN);
    let y = Axis::over(all.map(|point| point.1), HEIGHT - MARGIN, 1.6 * MARGIN - HEIGHT);
    let (left, right) = (MARGIN, WIDTH - 0.5 * MARGIN);
    let (bottom, top) = (HEIGHT - MARGIN, (0.6 * MARGIN).round());
    let _ = writeln!(out, "<text x=\"{left}\" y=\"18\" font-weight=\"bold\">{}</text>", panel.title);
    for value in x.powers() {
        let at = x.place(value);
        let _ = writeln!(
            out,
            "<path d=\"M{at:.1} {bottom}V{top}\" stroke=\"#ddd\"/><text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{value}</text>",
            bottom + 14.0
        );
    }
    for value in y.powers() {
        let at = y.place(value);
        let _ = writeln!(
            out,
            "<path d=\"M{left} {at:.1}H{right}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
            left - 5.0,
            at + 4.0
        );
    }
    let _ = writeln!(out, "<text x=\"{right}\" y=\"{}\" text-anchor=\"end\">{x_title}</text>", bottom + 30.0);
    for (at, (series, color)) in panel.series.iter().zip(COLORS.iter().cycle()).enumerate() {
        let points: Vec<String> =
            series.points.iter().map(|(a, b)| format!("{:.1},{:.1}", x.place(*a), y.place(*b))).collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>",
            points.join(" ")
        );
        let down = top + 14.0 + 14.0 * at as f64;
        let _ =
            writeln!(out, "<text x=\"{}\" y=\"{down}\" fill=\"{color}\">{}</text>", left + 8.0, series.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lie_between_the_powers_of_ten_around_them() {
        let axis = Axis::over([20.0, 500.0].into_iter(), 100.0, 50.0);
        assert_eq!([10.0, 100.0, 1000.0].map(|value| axis.place(value).round()), [100.0, 125.0, 150.0]);
        assert_eq!(axis.powers().count(), 3);
        let upward = Axis::over([5.0].into_iter(), 100.0, -50.0);
        assert!(upward.place(10.0) < upward.place(1.0), "more is higher");
    }

    #[test]
    fn each_series_is_a_line_of_as_many_points() {
        let series = Series { name: "some", points: vec![(1.0, 2.0), (10.0, 20.0)] };
        let text = svg("things", &[Panel { title: "what", series: vec![series] }]);
        let points = text.split("points=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        assert_eq!(points.split(' ').count(), 2);
        assert!(text.contains(">some<") && text.contains(">what<") && text.ends_with("</svg>\n"));
    }
}
