//! The books: who has got which broadcast. Everybody must get each exactly once, and all in one order.
//!
//! The order is the server's: whoever gets a broadcast first sets its place, and all others must get it in that
//! place. Within it the broadcasts of one user must stand as that user sent them. Since speaker `n` of `N` sends
//! the numbers `n`, `n + N`, `n + 2N`, ..., that is one comparison.
//!
//! Whoever comes in the middle is not waited for, but what it hears is checked too ([`Hearsay`]).
//!
//! Everything is allocated at the start; a delivery costs two look-ups.

use std::fmt;
use std::time::Duration;

/// Broadcasts that may be on their way at one time. A server that falls farther behind a schedule has failed.
const IN_FLIGHT_MAX: usize = 1 << 16;
/// Numbers that are remembered: those in flight, and the later ones of users who are served before others.
const NUMBERS: usize = IN_FLIGHT_MAX * 4;

/// See the module's documentation.
#[derive(Debug)]
pub struct Ledger {
    receivers: u64,
    speakers: u64,
    next_number: u64,
    /// By number, round and round.
    sent: Box<[Sent]>,
    /// By place, round and round.
    places: Box<[Place]>,
    next_place: u64,
    completed: u64,
    /// By user: the number that the server must pass on next.
    next_of: Box<[u64]>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sent {
    number: u64,
    at: Duration,
    is_pending: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Place {
    number: u64,
    remaining: u64,
}

/// How many broadcasts a receiver has got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor(u64);

/// What somebody heard last who came in the middle, and whom nobody waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hearsay(Option<u64>);

impl Hearsay {
    /// The number of the last broadcast.
    #[must_use]
    pub fn last(self) -> Option<u64> {
        self.0
    }
}

/// A delivery as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// When the broadcast was, or should have been, sent.
    pub sent_at: Duration,
    /// Whether everybody has it now.
    pub is_last: bool,
}

/// A delivery, or a sending, as it must not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A number that nobody sent, or not yet.
    Unknown(u64),
    /// A broadcast came in another place than it should have: one was lost, repeated, or the order is wrong.
    OutOfPlace {
        /// What should have come.
        expected: u64,
        /// What came.
        came: u64,
    },
    /// Too many broadcasts are on their way.
    TooManyInFlight,
}

impl Ledger {
    /// Empty books for so many users, of whom the first `speakers` say something in turn.
    #[must_use]
    pub fn new(receivers: usize, speakers: usize) -> Self {
        Self {
            receivers: receivers as u64,
            speakers: speakers as u64,
            next_number: 0,
            sent: vec![Sent::default(); NUMBERS].into(),
            places: vec![Place::default(); IN_FLIGHT_MAX].into(),
            next_place: 0,
            completed: 0,
            next_of: (0..speakers as u64).collect(),
        }
    }

    /// Broadcasts that were sent and that not everybody has got.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.next_number - self.completed
    }

    /// Broadcasts that everybody has got.
    #[must_use]
    pub fn completed(&self) -> u64 {
        self.completed
    }

    /// Broadcasts that were sent.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.next_number
    }

    /// Enters a broadcast that is, or should have been, sent at this time. Returns who says which number.
    ///
    /// # Errors
    /// [`Fault::TooManyInFlight`]
    pub fn send(&mut self, at: Duration) -> Result<(usize, u64), Fault> {
        let number = self.next_number;
        let sent = &mut self.sent[number as usize % NUMBERS];
        if sent.is_pending || self.next_number - self.completed >= IN_FLIGHT_MAX as u64 {
            return Err(Fault::TooManyInFlight);
        }
        *sent = Sent { number, at, is_pending: true };
        self.next_number += 1;
        Ok(((number % self.speakers) as usize, number))
    }

    /// Enters a delivery.
    ///
    /// # Errors
    /// [`Fault`] if it is not the one that this receiver must get next.
    pub fn receive(&mut self, receiver: &mut Cursor, number: u64) -> Result<Delivery, Fault> {
        if receiver.0 == self.next_place {
            self.set_place(number)?;
        }
        let place = &mut self.places[receiver.0 as usize % IN_FLIGHT_MAX];
        if place.number != number {
            return Err(Fault::OutOfPlace { expected: place.number, came: number });
        }
        receiver.0 += 1;
        place.remaining -= 1;
        let is_last = place.remaining == 0;
        let sent = &mut self.sent[number as usize % NUMBERS];
        if is_last {
            sent.is_pending = false;
            self.completed += 1;
        }
        Ok(Delivery { sent_at: sent.at, is_last })
    }

    /// Enters what somebody hears who came in the middle. With one speaker there is one order, and after the first
    /// that it hears none may be missing.
    ///
    /// # Errors
    /// [`Fault`] if it is not the next one.
    pub fn overhear(&self, hearsay: &mut Hearsay, number: u64) -> Result<(), Fault> {
        debug_assert_eq!(self.speakers, 1, "the order of several is known only from who receives them");
        if number >= self.next_number {
            return Err(Fault::Unknown(number));
        }
        match hearsay.0 {
            Some(last) if number != last + 1 => Err(Fault::OutOfPlace { expected: last + 1, came: number }),
            _ => {
                hearsay.0 = Some(number);
                Ok(())
            }
        }
    }

    /// The first who gets a broadcast sets its place.
    fn set_place(&mut self, number: u64) -> Result<(), Fault> {
        let sent = self.sent[number as usize % NUMBERS];
        if number >= self.next_number || sent.number != number {
            return Err(Fault::Unknown(number));
        }
        let next = &mut self.next_of[(number % self.speakers) as usize];
        if *next != number {
            return Err(Fault::OutOfPlace { expected: *next, came: number });
        }
        *next += self.speakers;
        // The place is free: what stood there is complete, since fewer are in flight than there are places.
        self.places[self.next_place as usize % IN_FLIGHT_MAX] = Place { number, remaining: self.receivers };
        self.next_place += 1;
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(number) => write!(f, "broadcast {number} came, which nobody has sent"),
            Self::OutOfPlace { expected, came } => {
                write!(f, "broadcast {came} came where {expected} was due: lost, repeated or out of order")
            }
            Self::TooManyInFlight => {
                write!(f, "the server falls behind: {IN_FLIGHT_MAX} broadcasts are on their way")
            }
        }
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(members: usize, count: usize) -> (Ledger, Vec<Cursor>) {
        let mut ledger = Ledger::new(members, members);
        for second in 0..count {
            ledger.send(Duration::from_secs(second as u64)).unwrap();
        }
        (ledger, vec![Cursor::default(); members])
    }

    #[test]
    fn a_broadcast_is_complete_when_everybody_has_it() {
        let (mut ledger, mut cursors) = sent(2, 2);
        let at = Duration::ZERO;
        assert_eq!(ledger.receive(&mut cursors[0], 0), Ok(Delivery { sent_at: at, is_last: false }));
        assert_eq!((ledger.in_flight(), ledger.completed()), (2, 0));
        assert_eq!(ledger.receive(&mut cursors[1], 0), Ok(Delivery { sent_at: at, is_last: true }));
        assert_eq!((ledger.in_flight(), ledger.completed()), (1, 1));
    }

    #[test]
    fn different_users_may_be_served_in_any_order_but_all_see_the_same() {
        let (mut ledger, mut cursors) = sent(2, 2);
        ledger.receive(&mut cursors[0], 1).unwrap();
        let fault = Fault::OutOfPlace { expected: 1, came: 0 };
        assert_eq!(ledger.receive(&mut cursors[1], 0), Err(fault));
    }

    #[test]
    fn a_user_is_heard_in_the_order_it_spoke() {
        let (mut ledger, mut cursors) = sent(2, 4);
        assert_eq!(ledger.receive(&mut cursors[0], 2), Err(Fault::OutOfPlace { expected: 0, came: 2 }));
    }

    #[test]
    fn a_lost_delivery_shows_with_the_next_one() {
        let (mut ledger, mut cursors) = sent(2, 2);
        ledger.receive(&mut cursors[0], 0).unwrap();
        ledger.receive(&mut cursors[0], 1).unwrap();
        let fault = Fault::OutOfPlace { expected: 0, came: 1 };
        assert_eq!(ledger.receive(&mut cursors[1], 1), Err(fault));
    }

    #[test]
    fn a_repeated_delivery_is_a_fault() {
        let (mut ledger, mut cursors) = sent(2, 1);
        ledger.receive(&mut cursors[0], 0).unwrap();
        assert_eq!(ledger.receive(&mut cursors[0], 0), Err(Fault::OutOfPlace { expected: 2, came: 0 }));
    }

    #[test]
    fn a_number_that_was_not_sent_is_a_fault() {
        let (mut ledger, mut cursors) = sent(2, 1);
        assert_eq!(ledger.receive(&mut cursors[0], 1), Err(Fault::Unknown(1)));
        assert_eq!(ledger.receive(&mut cursors[0], u64::MAX), Err(Fault::Unknown(u64::MAX)));
    }

    #[test]
    fn whoever_comes_in_the_middle_must_hear_all_that_follows() {
        let mut ledger = Ledger::new(2, 1);
        for _ in 0..4 {
            assert_eq!(ledger.send(Duration::ZERO).map(|(user, _)| user), Ok(0));
        }
        let mut hearsay = Hearsay::default();
        assert_eq!(ledger.overhear(&mut hearsay, 1), Ok(()));
        assert_eq!(ledger.overhear(&mut hearsay, 2), Ok(()));
        assert_eq!(hearsay.last(), Some(2));
        assert_eq!(ledger.overhear(&mut hearsay, 2), Err(Fault::OutOfPlace { expected: 3, came: 2 }));
        assert_eq!(ledger.overhear(&mut hearsay, 4), Err(Fault::Unknown(4)));
        assert_eq!(ledger.in_flight(), 4);
    }

    #[test]
    fn a_server_that_falls_behind_is_a_fault_and_the_rings_go_round() {
        let mut ledger = Ledger::new(1, 1);
        let mut cursor = Cursor::default();
        for number in 0..3 * NUMBERS as u64 {
            ledger.send(Duration::ZERO).unwrap();
            ledger.receive(&mut cursor, number).unwrap();
        }
        for _ in 0..IN_FLIGHT_MAX {
            ledger.send(Duration::ZERO).unwrap();
        }
        assert_eq!(ledger.send(Duration::ZERO), Err(Fault::TooManyInFlight));
    }
}
