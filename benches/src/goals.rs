//! What our server is meant to cost, and whether it does.
//!
//! Every goal is a named constant here and nowhere else. Most are ratios to another server in the same run: only
//! these carry from one machine to another.

use serde::{Deserialize, Serialize};

use crate::fanout::{Figures, Load};
use crate::report::Report;
use crate::server::Kind;
use crate::stint::Outcome;

/// A bound that a figure must not exceed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal {
    /// What is demanded.
    pub limit: f64,
    /// What would be better still.
    pub stretch: Option<f64>,
}

const fn goal(limit: f64) -> Goal {
    Goal { limit, stretch: None }
}

const fn goal_and_stretch(limit: f64, stretch: f64) -> Goal {
    Goal { limit, stretch: Some(stretch) }
}

/// From so many receivers on, costs are compared: with fewer, other things than sending weigh.
pub const RECEIVERS_MIN: usize = 100;
/// CPU for a delivery, 16 in flight, to the floor.
pub const SOME_TO_FLOOR: Goal = goal(0.17);
/// CPU for a delivery, 16 in flight, to the coalesced floor.
pub const SOME_TO_COALESCED: Goal = goal(1.10);
/// CPU for a delivery, 16 in flight, to Bun: no goal but a wish.
pub const SOME_TO_BUN: Goal = goal_and_stretch(f64::INFINITY, 0.85);
/// CPU for a delivery, 16 in flight of 1 KiB, to the floor.
pub const LONG_TO_FLOOR: Goal = goal_and_stretch(0.20, 0.17);
/// CPU for a delivery, 256 in flight, to the floor.
pub const MANY_TO_FLOOR: Goal = goal_and_stretch(0.03, 0.02);
/// CPU for a delivery, 256 in flight, to Bun.
pub const MANY_TO_BUN: Goal = goal(0.5);
/// CPU for a delivery and median latency, one at a time, to the floor.
pub const ONE_TO_FLOOR: Goal = goal_and_stretch(1.10, 1.05);
/// CPU for a delivery and median latency, one at a time, to Bun.
pub const ONE_TO_BUN: Goal = goal(1.0);
/// The same from [`RECEIVERS_MANY`] receivers on.
pub const ONE_OF_MANY_TO_BUN: Goal = goal_and_stretch(1.0, 0.90);
/// Receivers of the wish for many, and of the growth of costs.
pub const RECEIVERS_MANY: usize = 9_000;
/// CPU for a delivery, 16 in flight, to libwebsockets.
pub const SOME_TO_LIBWEBSOCKETS: Goal = goal_and_stretch(0.15, 0.10);
/// From so many receivers on it is compared with libwebsockets.
pub const LIBWEBSOCKETS_RECEIVERS_MIN: usize = 1_000;
/// CPU for a delivery, 16 in flight, with 9,000 receivers, to the same with [`GROWTH_RECEIVERS`].
pub const GROWTH: Goal = goal(1.3);
/// Receivers from which costs may grow.
pub const GROWTH_RECEIVERS: usize = 1_000;
/// Bytes of resident memory for an idle user.
pub const MEMORY_BYTES: Goal = goal_and_stretch(1_500.0, 900.0);
/// Wake-ups without a client.
pub const EMPTY_WAKEUPS: Goal = goal(0.0);
/// The share of a core with thousands of idle users, pings included.
pub const IDLE_CPU_SHARE: Goal = goal(0.02);

/// Users whom a limit of 20,000 descriptors must hold.
pub const LARGEST_USERS: usize = 19_900;

/// What a goal is about: the table in which it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The time a broadcast takes.
    Latency,
    /// CPU, one broadcast at a time.
    OneAtATime,
    /// CPU, several broadcasts in flight.
    InFlight,
    /// Memory.
    Memory,
    /// Idle servers.
    Idle,
}

/// A goal and what was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// What it is about.
    pub subject: Subject,
    /// Which figure, for a person.
    pub figure: String,
    /// Registered users.
    pub users: usize,
    /// The bound. `None` if there is only a wish.
    pub limit: Option<f64>,
    /// What would be better still.
    pub stretch: Option<f64>,
    /// What was measured.
    pub measured: f64,
    /// Whether it is within the bound.
    pub is_met: bool,
}

/// All goals that this report has figures for. A quick look is none.
#[must_use]
pub fn verdicts(report: &Report) -> Vec<Verdict> {
    let mut verdicts = Verdicts(Vec::new());
    if report.quick {
        return verdicts.0;
    }
    for outcome in report.fanout.iter().filter(|outcome| outcome.server == Kind::Chat) {
        verdicts.of_fanout(&report.fanout, outcome);
    }
    for outcome in report.memory.iter().filter(|outcome| outcome.server == Kind::Chat) {
        let bytes = outcome.median.per_user_bytes;
        verdicts.add(Subject::Memory, "memory of an idle user, bytes", outcome.users, MEMORY_BYTES, bytes);
    }
    for outcome in report.idle.iter().filter(|outcome| outcome.server == Kind::Chat) {
        let (wakeups, share) = (outcome.median.empty_wakeups, outcome.median.idle_cpu_share);
        verdicts.add(Subject::Idle, "wake-ups without a client", 0, EMPTY_WAKEUPS, wakeups);
        verdicts.add(Subject::Idle, "share of a core, idle users", outcome.users, IDLE_CPU_SHARE, share);
    }
    verdicts.0
}

struct Verdicts(Vec<Verdict>);

impl Verdicts {
    fn of_fanout(&mut self, all: &[Outcome<Figures>], ours: &Outcome<Figures>) {
        let users = ours.users;
        if users < RECEIVERS_MIN {
            return;
        }
        let ratio = |to: &str, figure: &dyn Fn(&Figures) -> Option<f64>| {
            let other = all.iter().find(|other| other.users == users && other.server.name() == to)?;
            Some(figure(&ours.median)? / figure(&other.median)?)
        };
        let fanout_p50: &dyn Fn(&Figures) -> Option<f64> = &|figures| Some(figures.paced.fanout_ns.p50);
        let paced: &dyn Fn(&Figures) -> Option<f64> = &|figures| figures.paced.cpu_ns;
        let under = |load: Load| move |figures: &Figures| figures.cpu_ns(load);
        let (one, some) = (under(Load::ONE), under(Load::SOME));
        let (many, long) = (under(Load::MANY), under(Load::LONG));
        let one_to_bun = if users >= RECEIVERS_MANY { ONE_OF_MANY_TO_BUN } else { ONE_TO_BUN };

        for (to, goal) in [("floor", ONE_TO_FLOOR), ("bun", one_to_bun)] {
            let latency = format!("fan-out p50 on schedule × {to}");
            self.add(Subject::Latency, latency, users, goal, ratio(to, fanout_p50));
            let cpu = format!("CPU on schedule × {to}");
            self.add(Subject::OneAtATime, cpu, users, goal, ratio(to, paced));
            let cpu = format!("CPU, 1 in flight × {to}");
            self.add(Subject::OneAtATime, cpu, users, goal, ratio(to, &one));
        }
        for (to, goal) in [("floor", SOME_TO_FLOOR), ("coalesced", SOME_TO_COALESCED), ("bun", SOME_TO_BUN)] {
            let cpu = format!("CPU, 16 in flight × {to}");
            self.add(Subject::InFlight, cpu, users, goal, ratio(to, &some));
        }
        if users >= LIBWEBSOCKETS_RECEIVERS_MIN {
            let measured = ratio("libwebsockets", &some);
            let cpu = "CPU, 16 in flight × libwebsockets";
            self.add(Subject::InFlight, cpu, users, SOME_TO_LIBWEBSOCKETS, measured);
        }
        for (to, goal) in [("floor", MANY_TO_FLOOR), ("bun", MANY_TO_BUN)] {
            let cpu = format!("CPU, 256 in flight × {to}");
            self.add(Subject::InFlight, cpu, users, goal, ratio(to, &many));
        }
        let cpu = "CPU, 16 in flight of 1 KiB × floor";
        self.add(Subject::InFlight, cpu, users, LONG_TO_FLOOR, ratio("floor", &long));
        if users == RECEIVERS_MANY {
            let fewer =
                |other: &&Outcome<Figures>| other.users == GROWTH_RECEIVERS && other.server == ours.server;
            let fewer = all.iter().find(fewer).and_then(|fewer| some(&fewer.median));
            let grown = some(&ours.median).zip(fewer).map(|(many, fewer)| many / fewer);
            let cpu = "CPU, 16 in flight × the same with 1,000 users";
            self.add(Subject::InFlight, cpu, users, GROWTH, grown);
        }
    }

    /// What was not measured has no verdict.
    fn add(
        &mut self,
        subject: Subject,
        figure: impl Into<String>,
        users: usize,
        goal: Goal,
        measured: Option<f64>,
    ) {
        let Some(measured) = measured else { return };
        self.0.push(Verdict {
            subject,
            figure: figure.into(),
            users,
            limit: goal.limit.is_finite().then_some(goal.limit),
            stretch: goal.stretch,
            measured,
            is_met: measured <= goal.limit,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory;
    use crate::plot::tests::report;

    fn verdict<'a>(verdicts: &'a [Verdict], figure: &str, users: usize) -> Option<&'a Verdict> {
        verdicts.iter().find(|verdict| verdict.figure == figure && verdict.users == users)
    }

    #[test]
    fn ratios_are_those_to_the_other_server_with_as_many_users() {
        // There the coalesced floor costs twice the floor, and chat three times.
        let mut report = report(&[10, 100, 1_000]);
        let verdicts = verdicts(&report);
        for users in [100, 1_000] {
            let to_floor = verdict(&verdicts, "CPU, 16 in flight × floor", users).unwrap();
            assert_eq!((to_floor.measured, to_floor.is_met), (3.0, false));
            let to_coalesced = verdict(&verdicts, "CPU, 16 in flight × coalesced", users).unwrap();
            assert_eq!((to_coalesced.measured, to_coalesced.is_met), (1.5, false));
        }
        assert!(verdicts.iter().all(|verdict| verdict.users >= RECEIVERS_MIN));
        for outcome in report.fanout.iter_mut().filter(|outcome| outcome.server == Kind::Chat) {
            for phase in &mut outcome.median.in_flight {
                phase.cpu_ns = phase.cpu_ns.map(|ns| ns * SOME_TO_FLOOR.limit / 3.0 * 0.999);
            }
        }
        let better = super::verdicts(&report);
        assert!(verdict(&better, "CPU, 16 in flight × floor", 100).unwrap().is_met);
    }

    #[test]
    fn growth_compares_with_fewer_users_of_the_same_server() {
        let figure = "CPU, 16 in flight × the same with 1,000 users";
        // There costs grow with the root of the users.
        let verdicts = verdicts(&report(&[GROWTH_RECEIVERS, RECEIVERS_MANY]));
        let growth = verdict(&verdicts, figure, RECEIVERS_MANY).unwrap();
        assert!((growth.measured - 3.0).abs() < 0.05 && !growth.is_met, "{growth:?}");
        assert_eq!(verdict(&verdicts, figure, GROWTH_RECEIVERS), None);
    }

    #[test]
    fn a_bound_itself_is_within_and_what_was_not_measured_has_no_verdict() {
        let mut report = report(&[]);
        assert_eq!(verdicts(&report), []);
        let mut measure = |server, bytes: Option<f64>| {
            let median = memory::Figures {
                before_bytes: None,
                after_bytes: None,
                per_user_bytes: bytes,
                login_ns: 1.0,
                login_cpu_ns: None,
            };
            let rounds = vec![median.clone()];
            report.memory = vec![Outcome { server, users: 9_000, announces: false, median, rounds }];
            verdicts(&report).iter().map(|verdict| verdict.is_met).collect::<Vec<_>>()
        };
        assert_eq!(measure(Kind::Chat, Some(MEMORY_BYTES.limit)), [true]);
        assert_eq!(measure(Kind::Chat, Some(MEMORY_BYTES.limit + 1.0)), [false]);
        assert_eq!(measure(Kind::Chat, None), [false; 0]);
        assert_eq!(measure(Kind::Floor, Some(1.0)), [false; 0]);
    }

    #[test]
    fn a_quick_look_is_not_judged() {
        let mut report = report(&[100]);
        report.quick = true;
        assert_eq!(verdicts(&report), []);
    }
}
