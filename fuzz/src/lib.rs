//! What strangers can send, thrown at the parts that take it. One module a target: `run` takes any bytes and
//! panics if one of the properties that its module names does not hold.
//!
//! The targets under `fuzz_targets` only hand libFuzzer's bytes on; the corpus is replayed through them by
//! `.ci/fuzz`. Nothing here knows sockets or a clock.

#![forbid(unsafe_code)]

pub mod client;
pub mod cuts;
pub mod frames;
pub mod handshake;
pub mod keys;
pub mod messages;
pub mod names;
pub mod reference;
pub mod requests;
pub mod sanitizer;
pub mod server_output;
pub mod world;
