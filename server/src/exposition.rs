//! The text format in which Prometheus reads metrics, version 0.0.4: families of samples, one a line. What is
//! measured is the caller's affair.

use std::fmt::{self, Display, Write as _};

/// The format's media type, as a header line.
pub const CONTENT_TYPE: &str = "Content-Type: text/plain; version=0.0.4; charset=utf-8";

/// Metrics as text, family by family.
#[derive(Debug, Default)]
pub struct Exposition(String);

/// What a family's samples are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Grows only.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts what was at most so large.
    Histogram,
}

impl Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        })
    }
}

impl Exposition {
    /// Begins a family; its samples follow.
    pub fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let help = help.replace('\\', r"\\").replace('\n', r"\n");
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    /// One sample of the family that was begun.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<_> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
        if labels.is_empty() {
            self.line(format_args!("{name} {value}"));
        } else {
            self.line(format_args!("{name}{{{}}} {value}", labels.join(",")));
        }
    }

    /// A family with one sample.
    pub fn single(&mut self, name: &str, kind: Kind, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    /// A histogram: for each bucket its upper bound and how many were at most that; how many there were in all; and
    /// their sum.
    pub fn histogram(
        &mut self,
        name: &str,
        help: &str,
        buckets: impl Iterator<Item = (f64, u64)>,
        count: u64,
        sum: f64,
    ) {
        self.family(name, Kind::Histogram, help);
        let bucket = format!("{name}_bucket");
        for (bound, at_most) in buckets {
            self.sample(&bucket, &[("le", &bound.to_string())], at_most);
        }
        self.sample(&bucket, &[("le", "+Inf")], count);
        self.sample(&format!("{name}_sum"), &[], sum);
        self.sample(&format!("{name}_count"), &[], count);
    }

    /// The whole text.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }

    fn line(&mut self, text: fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{text}");
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_stand_one_behind_the_other_as_the_format_wants_them() {
        let mut exposition = Exposition::default();
        exposition.single("a_total", Kind::Counter, "Lines\nand \\ signs.", 7);
        exposition.family("b", Kind::Gauge, "B.");
        exposition.sample("b", &[("x", "1"), ("y", "a\"b\\c\nd")], 0.5);
        exposition.histogram("c_seconds", "C.", [(0.00001, 1), (1.0, 3)].into_iter(), 4, 12.25);
        let expected = concat!(
            "# HELP a_total Lines\\nand \\\\ signs.\n# TYPE a_total counter\na_total 7\n",
            "# HELP b B.\n# TYPE b gauge\nb{x=\"1\",y=\"a\\\"b\\\\c\\nd\"} 0.5\n",
            "# HELP c_seconds C.\n# TYPE c_seconds histogram\n",
            "c_seconds_bucket{le=\"0.00001\"} 1\nc_seconds_bucket{le=\"1\"} 3\nc_seconds_bucket{le=\"+Inf\"} 4\n",
            "c_seconds_sum 12.25\nc_seconds_count 4\n",
        );
        assert_eq!(exposition.into_text(), expected);
    }
}
