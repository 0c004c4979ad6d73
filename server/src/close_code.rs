//! Status codes of close frames (RFC 6455, section 7.4.1) that this server sends.

/// Normal closure.
pub const NORMAL: u16 = 1000;
/// The server goes away.
pub const GOING_AWAY: u16 = 1001;
/// A violation of the protocol.
pub const PROTOCOL_ERROR: u16 = 1002;
/// A type of data that cannot be taken.
pub const UNSUPPORTED_DATA: u16 = 1003;
/// Text that is not UTF-8.
pub const INVALID_PAYLOAD: u16 = 1007;
/// A rule of this server was broken.
pub const POLICY_VIOLATION: u16 = 1008;
/// A message over the limit.
pub const MESSAGE_TOO_BIG: u16 = 1009;
/// The server cannot serve this connection now (the registry of RFC 6455, section 11.7).
pub const TRY_AGAIN_LATER: u16 = 1013;
