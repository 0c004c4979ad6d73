//! The hub on a network made of memory, with a clock that the test moves: bytes cut anywhere, sockets that take
//! nothing, peers that say nothing.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::rc::Rc;

use bytes::Bytes;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use tungstenite::protocol::frame::{Frame, FrameHeader, FrameSocket};

use super::super::connection::OUTBOX_BYTES_SOFT_MAX;
use super::super::first_bytes::FirstBytes;
use super::super::handler::{
    ANNOUNCEMENTS_PER_FLUSH, Answer, Endpoints, Frames, Incoming, Outgoing, Refusal, Request, Response,
};
use super::super::ledger::Record;
use super::super::network::Stream;
use super::super::stats::Overview;
use super::accepting::REFUSALS_MAX;
use super::receiving::MESSAGES_PER_TURN;
use super::writing::{GATHER_BYTES, WRITE_BYTES_PER_TURN};
use super::*;
use crate::bucket::Rate;
use crate::frame;

mod crowds;
mod doorstep;
mod ending;
mod lingering;
mod opening;
mod overrun;
mod turns;
mod visiting;
mod waiting;
pub(in crate::reactor) mod world;
