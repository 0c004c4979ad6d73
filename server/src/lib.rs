//! A WebSocket chat server: one thread, one event loop.
//!
//! From the bottom up: [`reactor`] moves bytes, frames and deadlines for any [`reactor::Handler`]; [`chat`] is
//! the chat without I/O; [`handler`] translates between the two; [`http`] answers browsers and curl; [`server`]
//! puts them together by a [`config`].

pub mod announcement;
pub mod args;
pub mod bounds;
pub mod bucket;
pub mod chat;
pub mod close_code;
pub mod config;
pub mod descriptors;
pub mod doctor;
pub mod escape;
pub mod exposition;
pub mod frame;
pub mod handler;
pub mod held;
pub mod http;
pub mod inspection;
pub mod logging;
pub mod moment;
pub mod origin;
pub mod prefix;
pub mod reactor;
pub mod server;
pub mod web_origin;

pub use config::Config;
pub use server::Server;
