//! What the end-to-end tests share: the server as a process, WebSocket clients that say what they expect, and
//! raw bytes for what no WebSocket library would send.
//!
//! Nothing here waits longer than [`PATIENCE`], and no test waits by sleeping: it waits for a message, for the
//! end of a connection or for the end of a process.

#![allow(dead_code, unused_imports, reason = "every test file is a crate of its own and uses some of this")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "these are parts of tests")]

pub mod bystander;
pub mod client;
pub mod exposition;
pub mod raw;
pub mod server;

use std::time::{Duration, Instant};

pub use client::{Client, Received};
pub use serde_json::{Value, json};
pub use server::Server;

/// What takes longer than this has failed.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Looks until the predicate holds, and fails if it does not in time.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
