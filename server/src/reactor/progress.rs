//! Whether a peer is in the middle of a message, read off the headers of its frames (RFC 6455, section 5.2) as
//! the bytes come in. The WebSocket library knows it too but does not tell.

/// Follows one direction of a connection.
#[derive(Debug, Default)]
pub struct Progress {
    /// The first bytes of the header of the frame that is coming in.
    header: [u8; HEADER_BYTES_MAX],
    header_len: u8,
    /// Bytes of payload that are still to come.
    payload_left: u64,
    /// Whether a fragmented message is open.
    fragmented: bool,
}

/// 2 bytes, 8 of extended length, 4 of mask.
const HEADER_BYTES_MAX: usize = 14;

impl Progress {
    /// Takes the next bytes. Returns whether somewhere in them nothing was left to finish: after the end of a message,
    /// or of a control frame that stands between messages.
    pub fn follow(&mut self, mut bytes: &[u8]) -> bool {
        let mut ended = false;
        while !bytes.is_empty() {
            if self.payload_left > 0 {
                let count = usize::try_from(self.payload_left).unwrap_or(usize::MAX).min(bytes.len());
                self.payload_left -= count as u64;
                bytes = &bytes[count..];
            } else {
                self.header[usize::from(self.header_len)] = bytes[0];
                self.header_len += 1;
                bytes = &bytes[1..];
                if usize::from(self.header_len) == self.header_bytes() {
                    self.payload_left = self.payload_bytes();
                } else {
                    continue;
                }
            }
            if self.payload_left == 0 {
                ended |= self.end_of_frame();
            }
        }
        ended
    }

    /// Whether a message, or a control frame, was begun and is not finished.
    #[must_use]
    pub fn is_mid_message(&self) -> bool {
        self.header_len > 0 || self.fragmented
    }

    fn end_of_frame(&mut self) -> bool {
        self.header_len = 0;
        let (is_final, is_control) = (self.header[0] & 0x80 != 0, self.header[0] & 0x08 != 0);
        if !is_control {
            self.fragmented = !is_final;
        }
        !self.fragmented
    }

    /// How long the header is, as far as its bytes so far tell.
    fn header_bytes(&self) -> usize {
        if self.header_len < 2 {
            return 2;
        }
        let extended = match self.header[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if self.header[1] & 0x80 != 0 { 4 } else { 0 };
        2 + extended + mask
    }

    fn payload_bytes(&self) -> u64 {
        match self.header[1] & 0x7f {
            126 => u64::from(u16::from_be_bytes([self.header[2], self.header[3]])),
            127 => {
                let mut length = [0; 8];
                length.copy_from_slice(&self.header[2..10]);
                u64::from_be_bytes(length)
            }
            short => u64::from(short),
        }
    }
}

#[cfg(test)]
mod tests {
    use tungstenite::protocol::frame::coding::{Control, Data, OpCode};
    use tungstenite::protocol::frame::{Frame, FrameHeader, FrameSocket};

    use super::*;

    fn frame(opcode: OpCode, is_final: bool, length: usize) -> Vec<u8> {
        let header = FrameHeader { is_final, opcode, mask: Some([1, 2, 3, 4]), ..FrameHeader::default() };
        let mut socket = FrameSocket::new(Vec::new());
        socket.send(Frame::from_payload(header, vec![7; length].into())).unwrap();
        socket.into_inner().0
    }

    #[test]
    fn is_between_messages_exactly_at_their_ends_wherever_the_bytes_are_cut() {
        let (text, more, ping) =
            (OpCode::Data(Data::Text), OpCode::Data(Data::Continue), OpCode::Control(Control::Ping));
        let stream = [
            (frame(text, true, 0), true),
            (frame(text, true, 125), true),
            (frame(text, true, 126), true),
            (frame(text, true, 70_000), true),
            (frame(ping, true, 5), true),
            (frame(text, false, 300), false),
            (frame(ping, true, 0), false),
            (frame(more, false, 0), false),
            (frame(more, true, 1), true),
        ];
        for chunk in [1, 2, 3, 7, 64, 65_536] {
            let mut progress = Progress::default();
            for (bytes, between) in &stream {
                let (last, rest) = bytes.split_last().unwrap();
                for part in rest.chunks(chunk) {
                    progress.follow(part);
                    assert!(progress.is_mid_message());
                }
                assert_eq!(progress.follow(&[*last]), *between);
                assert_eq!(progress.is_mid_message(), !between);
            }
            let all: Vec<u8> = stream.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
            assert!(progress.follow(&all));
            assert!(!progress.is_mid_message());
        }
    }

    #[test]
    fn a_length_that_no_message_has_does_no_harm() {
        let mut progress = Progress::default();
        progress.follow(&[0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5]);
        assert!(progress.is_mid_message());
    }
}
