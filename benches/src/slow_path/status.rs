//! What does it cost that somebody's status changes? Everybody is told, the requester included.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::crowd::Crowd;
use crate::stats::{cpu_per, median_of};
use crate::wire::Template;

/// Changes in flight.
const IN_FLIGHT: usize = 16;

/// Changes of status that everybody is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The server's CPU for a delivery.
    pub cpu_ns: Option<f64>,
    /// Changes.
    pub changes: f64,
}

impl crate::stats::Figures for Figures {
    fn median(rounds: &[Self]) -> Self {
        Self {
            cpu_ns: median_of(rounds, |round| round.cpu_ns),
            changes: median_of(rounds, |round| round.changes),
        }
    }
}

pub(super) fn measure(
    crowd: &mut Crowd,
    cpu_time: &impl Fn() -> Option<Duration>,
    time: Duration,
) -> Result<Figures> {
    let mut statuses = ["OCUPADO", "ACTIVO"].map(Template::change_status);
    let users = crowd.len();
    let told: Vec<_> = crowd.presences().map(|member| member.updates).collect();
    let updates = crowd.tally().updates;
    let (before, until) = (cpu_time(), crowd.now() + time);
    let mut changes = 0;
    loop {
        let missing = changes * users - (crowd.tally().updates - updates);
        if crowd.now() < until {
            if missing <= (IN_FLIGHT - 1) * users {
                let user = changes % users;
                let status = &mut statuses[changes / users % 2];
                crowd.send(user, status.with(&[user as u64]))?;
                changes += 1;
                continue;
            }
        } else if missing == 0 {
            break;
        }
        crowd.listen(&mut ())?;
    }
    crowd.expect_silence()?;
    let cpu_ns = cpu_per(changes * users, before, cpu_time());
    for (member, before) in crowd.presences().zip(told) {
        let came = member.updates - before;
        if came != changes {
            return Err(format!("changes lost or repeated: a user was told of {came} of {changes}").into());
        }
    }
    Ok(Figures { cpu_ns, changes: changes as f64 })
}
