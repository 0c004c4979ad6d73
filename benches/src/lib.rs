//! What the chat server costs, measured against the floor of the plain approach.
//!
//! Two questions. What does one message to everybody cost, in time and in the server's CPU ([`fanout`])? And
//! what do the parts cost that every message goes through ([`small`])?
//!
//! How the first is measured: a server runs in a process of its own ([`server`]), pinned to one core. A
//! [`crowd`] of users, one thread on another core, logs in and says things, either on a fixed schedule or with a
//! fixed number in flight, and a [`ledger`] checks each delivery: everybody gets each broadcast once, and all
//! get them in one order. Anything else ends the run. The same is done to the [`floor`], a server that does
//! nothing but send; only the ratio to it carries from one machine to another.
//!
//! The crate does not know what the server does inside. It is used by `cargo bench` alone.

#![forbid(unsafe_code)]

pub mod args;
pub mod crowd;
pub mod fanout;
pub mod floor;
pub mod ledger;
pub mod machine;
pub mod progress;
pub mod report;
pub mod server;
pub mod small;
pub mod table;
pub mod wire;

/// What ends a run is told to a person, and nobody tells its kinds apart.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
