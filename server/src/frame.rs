//! A message as the WebSocket frame of a server (RFC 6455, section 5.2): unmasked, unfragmented. Encoded once,
//! however many connections get it.

/// The first byte of a final text frame.
const FINAL_TEXT: u8 = 0x81;
/// The first byte of a final binary frame.
const FINAL_BINARY: u8 = 0x82;
/// The first byte of a final ping frame.
const FINAL_PING: u8 = 0x89;

/// An empty ping.
pub const PING: [u8; 2] = [FINAL_PING, 0];

/// The most bytes that a frame is larger than its payload.
const HEADER_BYTES_MAX: usize = 10;

/// Appends a text frame whose payload `write_payload` appends. The header is put in front afterwards, by moving
/// the payload at most 10 bytes: cheaper than encoding JSON into a buffer of its own.
pub fn append_text(frames: &mut Vec<u8>, write_payload: impl FnOnce(&mut Vec<u8>)) {
    append(FINAL_TEXT, frames, write_payload);
}

/// The same as a binary frame.
pub fn append_binary(frames: &mut Vec<u8>, write_payload: impl FnOnce(&mut Vec<u8>)) {
    append(FINAL_BINARY, frames, write_payload);
}

fn append(first_byte: u8, frames: &mut Vec<u8>, write_payload: impl FnOnce(&mut Vec<u8>)) {
    let start = frames.len();
    // The header of nearly every chat message has this length.
    frames.extend_from_slice(&[0; 4]);
    let payload_start = frames.len();
    write_payload(frames);
    let (header, length) = header(first_byte, frames.len() - payload_start);
    frames.splice(start..payload_start, header[..length].iter().copied());
}

/// The header of a frame with this many bytes of payload, and how many bytes of the array it is.
fn header(first_byte: u8, payload: usize) -> ([u8; HEADER_BYTES_MAX], usize) {
    let mut header = [0; HEADER_BYTES_MAX];
    header[0] = first_byte;
    let length = match payload {
        0..=125 => {
            header[1] = payload as u8;
            2
        }
        126..=0xffff => {
            header[1] = 126;
            header[2..4].copy_from_slice(&(payload as u16).to_be_bytes());
            4
        }
        _ => {
            header[1] = 127;
            header[2..10].copy_from_slice(&(payload as u64).to_be_bytes());
            10
        }
    };
    (header, length)
}

#[cfg(test)]
mod tests {
    use tungstenite::protocol::frame::coding::{Data, OpCode};
    use tungstenite::protocol::frame::{Frame, FrameSocket};

    use super::*;

    fn written_by_the_library(frame: Frame) -> Vec<u8> {
        let mut socket = FrameSocket::new(Vec::new());
        socket.send(frame).unwrap();
        socket.into_inner().0
    }

    #[test]
    fn frames_of_every_length_form_are_what_the_library_writes() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
            let payload = vec![b'x'; length];
            let mut ours = b"before".to_vec();
            append_text(&mut ours, |frames| frames.extend_from_slice(&payload));
            let theirs = written_by_the_library(Frame::message(payload, OpCode::Data(Data::Text), true));
            assert_eq!(ours, [b"before", &*theirs].concat(), "{length} bytes");
        }
    }

    #[test]
    fn binary_frames_differ_in_their_first_byte_only() {
        let mut ours = Vec::new();
        append_binary(&mut ours, |frames| frames.extend_from_slice(b"abc"));
        assert_eq!(
            ours,
            written_by_the_library(Frame::message(b"abc".to_vec(), OpCode::Data(Data::Binary), true))
        );
    }

    #[test]
    fn the_ping_is_what_the_library_writes() {
        assert_eq!(PING.to_vec(), written_by_the_library(Frame::ping(Vec::new())));
    }
}
