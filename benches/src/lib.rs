//! What the chat server costs, measured against the floor of the plain approach.
//!
//! Each [`scenario`] asks one question and has a file of its own, whose header says which.
//!
//! How it is measured: a server runs in a process of its own ([`server`]), pinned to one core. A [`crowd`] of
//! users, one thread on another core, logs in and says things, either on a fixed schedule or with a fixed number in
//! flight, and a [`ledger`] checks each delivery: everybody gets each broadcast once, and all get them in one
//! order. Anything else ends the run. The same is done to the [`floor`], a server that does nothing but send; only
//! the ratio to it carries from one machine to another. The servers take turns in each round of a [`stint`], so
//! that whatever disturbs the machine meets all.
//!
//! A [`report`] holds what came out, a [`summary`] shows it, a [`plot`] draws it, [`goals`] says what it should have
//! been, and a [`record`] keeps it.
//!
//! The crate does not know what the server does inside. It is used by `cargo bench` alone.

#![forbid(unsafe_code)]

pub mod args;
pub mod crowd;
pub mod fanout;
pub mod floor;
pub mod goals;
pub mod idle;
pub mod largest;
pub mod ledger;
pub mod machine;
pub mod memory;
pub mod peers;
pub mod plot;
pub mod progress;
pub mod record;
pub mod report;
pub mod scenario;
pub mod server;
pub mod slow_path;
pub mod small;
pub mod stage;
pub mod stats;
pub mod stint;
pub mod storm;
pub mod suite;
pub mod summary;
pub mod table;
pub mod wire;

/// What ends a run is told to a person, and nobody tells its kinds apart.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
