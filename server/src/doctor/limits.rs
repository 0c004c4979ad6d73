//! How many users fit: into the descriptors, and into the memory.

use super::facts::{Descriptors, Memory, Room};
use crate::config::DESCRIPTORS_RESERVED;

/// The server's own name, as the system shows it.
pub const PROGRAM: &str = "chat-server";

/// What the server takes before anybody is there: its code, and the ring of the general chat.
const MEMORY_BASE: u64 = 10 * 1024 * 1024;
/// What a user takes who is there and quiet: at most 16 KiB of the server's and some of the system's for the socket.
const MEMORY_PER_USER: u64 = 20 * 1024;

/// The limits in `/proc/PID/limits`.
#[must_use]
pub fn open_files(limits: &str) -> Option<Descriptors> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let mut words = line.split_whitespace();
    let mut limit = || match words.next()? {
        "unlimited" => Some(None),
        number => number.parse().ok().map(Some),
    };
    Some(Descriptors { soft: limit()?, hard: limit()?, of_the_server: true })
}

/// Users that the descriptors allow; `None` is any number. A server that is to start raises its limit; one that runs
/// has done so.
#[must_use]
pub fn users_by_descriptors(descriptors: Descriptors) -> Option<u64> {
    let limit = if descriptors.of_the_server { descriptors.soft } else { descriptors.hard };
    Some(limit?.saturating_sub(DESCRIPTORS_RESERVED as u64))
}

/// Users that the memory allows; `None` if nobody knows how much there is.
#[must_use]
pub fn users_by_memory(memory: Memory) -> Option<u64> {
    let bytes = match (memory.available, memory.group) {
        (Some(available), Room::Bytes(room)) => available.min(room),
        (Some(available), _) => available,
        (None, Room::Bytes(room)) => room,
        (None, _) => return None,
    };
    Some(bytes.saturating_sub(MEMORY_BASE) / MEMORY_PER_USER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_another_process_are_read() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
                    Max open files            1024                 unlimited            files     \n";
        assert_eq!(
            open_files(text),
            Some(Descriptors { soft: Some(1_024), hard: None, of_the_server: true })
        );
        assert_eq!(open_files(""), None);
        assert_eq!(open_files("Max open files x y"), None);
    }

    #[test]
    fn a_server_to_come_has_the_hard_limit_and_one_that_runs_the_soft_one() {
        let own = Descriptors { soft: Some(64), hard: Some(1_032), of_the_server: false };
        assert_eq!(users_by_descriptors(own), Some(1_000));
        assert_eq!(users_by_descriptors(Descriptors { of_the_server: true, ..own }), Some(32));
        assert_eq!(users_by_descriptors(Descriptors { hard: None, ..own }), None);
        assert_eq!(users_by_descriptors(Descriptors { hard: Some(9), ..own }), Some(0));
    }

    #[test]
    fn the_tighter_memory_counts() {
        let users = |available, group| users_by_memory(Memory { available, group });
        let of = |count: u64| MEMORY_BASE + count * MEMORY_PER_USER;
        assert_eq!(users(Some(of(500)), Room::Bytes(of(70))), Some(70));
        assert_eq!(users(Some(of(50)), Room::Bytes(of(70))), Some(50));
        assert_eq!(users(Some(of(50)), Room::Unknown), Some(50));
        assert_eq!(users(None, Room::Bytes(of(7))), Some(7));
        assert_eq!(users(None, Room::Unlimited), None);
        assert_eq!(users(Some(0), Room::Unlimited), Some(0));
    }
}
