//! Who was told of whom. Users who come one after the other to an empty server: each of them finds those in the
//! list who came before, and is told once of each who comes later.

use std::fmt;

/// What one member was told of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Presence {
    /// Names in its first list of users, its own included; 0 from a server that gives none.
    pub listed: usize,
    /// Users who have come, or have another status.
    pub updates: usize,
    /// Users who have gone.
    pub departures: usize,
}

/// An announcement was lost or repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A list and the announcements after it do not make up all users.
    Unknown {
        /// Names in the list.
        listed: usize,
        /// Announcements.
        announced: usize,
        /// How many there are.
        users: usize,
    },
    /// No order of arrival explains who was told how often.
    Impossible {
        /// As often somebody should have been told of others.
        expected: usize,
        /// As often somebody was.
        came: usize,
    },
    /// Somebody was told of too many or too few departures.
    Departures {
        /// How many left.
        expected: usize,
        /// How many were announced.
        came: usize,
    },
}

/// Checks the announcements of arrivals, of everybody who has come since the server began.
///
/// # Errors
/// [`Fault`] if one was lost or repeated.
pub fn check_arrivals(everybody: impl Iterator<Item = Presence>) -> Result<(), Fault> {
    let everybody: Vec<_> = everybody.collect();
    let users = everybody.len();
    for member in everybody.iter().filter(|member| member.listed > 0) {
        let (listed, announced) = (member.listed, member.updates);
        if listed + announced != users {
            return Err(Fault::Unknown { listed, announced, users });
        }
    }
    // The last to come was told of nobody, the one before of one, and so on.
    let mut counts: Vec<_> = everybody.iter().map(|member| member.updates).collect();
    counts.sort_unstable();
    match counts.into_iter().enumerate().find(|(expected, came)| expected != came) {
        Some((expected, came)) => Err(Fault::Impossible { expected, came }),
        None => Ok(()),
    }
}

/// Checks that those who stayed were told of everybody who left.
///
/// # Errors
/// [`Fault`] if an announcement was lost or repeated.
pub fn check_departures(stayed: impl Iterator<Item = Presence>, expected: usize) -> Result<(), Fault> {
    match stayed.map(|member| member.departures).find(|came| *came != expected) {
        Some(came) => Err(Fault::Departures { expected, came }),
        None => Ok(()),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { listed, announced, users } => write!(
                f,
                "announcements lost or repeated: a user found {listed} in the list and was told of {announced} \
                 more, but there are {users}"
            ),
            Self::Impossible { expected, came } => write!(
                f,
                "announcements lost or repeated: a user was told {came} times of newcomers instead of {expected}"
            ),
            Self::Departures { expected, came } => {
                write!(f, "departures lost or repeated: a user was told of {came} instead of {expected}")
            }
        }
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(counts: &[(usize, usize)]) -> Vec<Presence> {
        counts.iter().map(|&(listed, updates)| Presence { listed, updates, departures: 0 }).collect()
    }

    #[test]
    fn everybody_knows_those_before_from_the_list_and_those_after_from_announcements() {
        assert_eq!(check_arrivals(told(&[(1, 2), (3, 0), (2, 1)]).into_iter()), Ok(()));
        let lost = Fault::Unknown { listed: 1, announced: 1, users: 3 };
        assert_eq!(check_arrivals(told(&[(1, 1), (3, 0), (2, 1)]).into_iter()), Err(lost));
    }

    #[test]
    fn without_lists_the_numbers_must_be_those_of_an_order_of_arrival() {
        assert_eq!(check_arrivals(told(&[(0, 2), (0, 0), (0, 1)]).into_iter()), Ok(()));
        let repeated = Fault::Impossible { expected: 2, came: 3 };
        assert_eq!(check_arrivals(told(&[(0, 3), (0, 0), (0, 1)]).into_iter()), Err(repeated));
        assert!(check_arrivals(told(&[(0, 2), (0, 1), (0, 1)]).into_iter()).is_err());
    }

    #[test]
    fn each_departure_is_told_once() {
        let stayed = |departures| [Presence { departures, ..Presence::default() }; 2].into_iter();
        assert_eq!(check_departures(stayed(3), 3), Ok(()));
        assert_eq!(check_departures(stayed(2), 3), Err(Fault::Departures { expected: 3, came: 2 }));
    }
}
