//! The table of figures, each beside its goal.

use std::time::Duration;

/// Whether a goal was reached.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    None,
    Reached,
    Missed,
}

impl Goal {
    pub fn of(reached: bool) -> Self {
        if reached { Self::Reached } else { Self::Missed }
    }

    fn word(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Reached => "ok",
            Self::Missed => "MISSED",
        }
    }
}

#[derive(Default)]
pub struct Report {
    rows: Vec<String>,
}

impl Report {
    /// Times in milliseconds; the goal is for the 99th percentile.
    pub fn times(&mut self, what: &str, times: &[Duration], goal: Option<Duration>) {
        let mut times = times.to_vec();
        times.sort_unstable();
        let at = |share: f64| {
            let index = (times.len() as f64 * share).ceil() as usize;
            times.get(index.saturating_sub(1)).copied().unwrap_or_default()
        };
        let milliseconds = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1_000.0);
        let reached = goal.map_or(Goal::None, |goal| Goal::of(at(0.99) < goal));
        let goal = goal.map_or(String::new(), |goal| format!("p99 < {} ms", goal.as_millis()));
        let [p50, p99, max] = [at(0.5), at(0.99), at(1.0)].map(milliseconds);
        self.row(&[what, &times.len().to_string(), &p50, &p99, &max, &goal, reached.word()]);
    }

    /// One number.
    pub fn count(&mut self, what: &str, count: f64, goal: &str, reached: Goal) {
        self.row(&[what, "", &format!("{count:.1}"), "", "", goal, reached.word()]);
    }

    fn row(&mut self, cells: &[&str; 7]) {
        let [what, samples, p50, p99, max, goal, reached] = cells;
        let row = format!("{what:<48} {samples:>7} {p50:>8} {p99:>8} {max:>8}  {goal:<12} {reached}");
        self.rows.push(row.trim_end().to_owned());
    }

    pub fn table(mut self) -> String {
        let rows = std::mem::take(&mut self.rows);
        self.row(&["terminal (times in ms)", "samples", "p50", "p99", "max", "goal", ""]);
        self.rows.extend(rows);
        self.rows.join("\n")
    }
}
