//! What does it cost to ask a crowded server who is there?
//!
//! Asked for again, a list need not be encoded again. After somebody left it must be: a newcomer comes and goes
//! before each question of the second kind, and only the question is measured. All are asked of a server that has
//! slept for a moment, so that the two differ in nothing else.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::crowd::{Crowd, Listener};
use crate::stats::{cpu_per, median, median_of};
use crate::wire::Template;

/// Questions of each kind.
const QUESTIONS: usize = 10;

/// What an answer costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// When nothing has changed.
    pub again: Answer,
    /// When somebody has left.
    pub changed: Answer,
}

/// What an answer costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The server's CPU.
    pub cpu_ns: Option<f64>,
    /// From the question until all of the answer is there, the median.
    pub took_ns: f64,
}

impl crate::stats::Figures for Figures {
    fn median(rounds: &[Self]) -> Self {
        Self {
            again: median_of(rounds, |round| round.again.clone()),
            changed: median_of(rounds, |round| round.changed.clone()),
        }
    }
}

impl crate::stats::Figures for Answer {
    fn median(rounds: &[Self]) -> Self {
        Self {
            cpu_ns: median_of(rounds, |round| round.cpu_ns),
            took_ns: median_of(rounds, |round| round.took_ns),
        }
    }
}

/// Waits for a list.
#[derive(Default)]
struct Lists {
    names: Option<usize>,
}

impl Listener for Lists {
    fn on_list(&mut self, user: usize, names: usize) -> Result<()> {
        match self.names.replace(names) {
            Some(_) => Err(format!("user {user} got a second list").into()),
            None => Ok(()),
        }
    }
}

pub(super) fn measure(crowd: &mut Crowd, cpu_time: &impl Fn() -> Option<Duration>) -> Result<Figures> {
    let mut template = Template::list_users();
    let users = crowd.len();
    let mut asker = 0;
    let mut ask = |crowd: &mut Crowd| -> Result<f64> {
        let (mut lists, started) = (Lists::default(), crowd.now());
        crowd.send(asker, template.with(&[asker as u64]))?;
        asker = (asker + 1) % users;
        while lists.names.is_none() {
            crowd.listen(&mut lists)?;
        }
        match lists.names {
            Some(names) if names != users => {
                Err(format!("a list has {names} names, but {users} users are there").into())
            }
            _ => Ok((crowd.now() - started).as_nanos() as f64),
        }
    };

    let mut answers = |before_each: fn(&mut Crowd) -> Result<()>| -> Result<Answer> {
        let (mut took, mut cpu) = (Vec::new(), Some(Duration::ZERO));
        for _ in 0..QUESTIONS {
            before_each(crowd)?;
            let before = cpu_time();
            took.push(ask(crowd)?);
            crowd.expect_silence()?;
            let spent = before.zip(cpu_time()).map(|(before, after)| after.saturating_sub(before));
            cpu = cpu.zip(spent).map(|(cpu, spent)| cpu + spent);
        }
        Ok(Answer { cpu_ns: cpu_per(QUESTIONS, Some(Duration::ZERO), cpu), took_ns: median(took) })
    };
    // After a departure the first question for a list encodes it, and those after it find it encoded.
    let changed = answers(come_and_go)?;
    Ok(Figures { again: answers(Crowd::expect_silence)?, changed })
}

/// A newcomer comes and goes, and everybody is told of both.
fn come_and_go(crowd: &mut Crowd) -> Result<()> {
    let (before, users) = (crowd.tally(), crowd.len());
    crowd.invite(1)?;
    while crowd.newcomers_tally().registered < 1 || crowd.tally().updates < before.updates + users {
        crowd.listen(&mut ())?;
    }
    crowd.dismiss();
    while crowd.tally().departures < before.departures + users {
        crowd.listen(&mut ())?;
    }
    crowd.expect_silence()
}
