//! What the server has said, read strictly: an HTTP response, then frames as RFC 6455 wants them from a server.

/// What the server has said.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ServerOutput {
    /// The status of the response; `None` if it has not answered.
    pub status: Option<u16>,
    /// The response up to its empty line.
    pub head: String,
    /// What follows a response that is no `101`.
    pub body: String,
    /// What follows a `101`.
    pub frames: Vec<ServerFrame>,
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerFrame {
    /// A whole text message.
    Text(String),
    /// A whole binary message.
    Binary(Vec<u8>),
    /// A close frame.
    Close(Option<u16>),
    /// A ping.
    Ping(Vec<u8>),
    /// A pong.
    Pong(Vec<u8>),
}

impl ServerOutput {
    /// Reads it all; panics at the first thing that is not by the book.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::default();
        }
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head") + 4;
        let (head, rest) = bytes.split_at(end);
        let head = std::str::from_utf8(head).expect("a head in UTF-8").to_owned();
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|line| line[..3].parse().ok());
        let mut output = Self { status, head, ..Self::default() };
        if status == Some(101) {
            output.frames = frames(rest);
        } else {
            output.body = String::from_utf8(rest.to_vec()).expect("a body in UTF-8");
            let length = output.header("content-length").and_then(|length| length.parse::<usize>().ok());
            assert!(output.body.is_empty() || length == Some(output.body.len()), "{length:?}");
        }
        output
    }

    /// The value of a header of the response.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The messages among the frames.
    #[must_use]
    pub fn messages(&self) -> Vec<&ServerFrame> {
        let is_message =
            |frame: &&ServerFrame| matches!(frame, ServerFrame::Text(_) | ServerFrame::Binary(_));
        self.frames.iter().filter(is_message).collect()
    }

    /// The code of the close frame, if there is one; the inner `None` is a close frame without a code.
    #[must_use]
    pub fn close(&self) -> Option<Option<u16>> {
        self.frames.iter().find_map(|frame| match frame {
            ServerFrame::Close(code) => Some(*code),
            _ => None,
        })
    }

    /// The payloads of the pongs.
    #[must_use]
    pub fn pongs(&self) -> Vec<&[u8]> {
        self.frames
            .iter()
            .filter_map(|frame| match frame {
                ServerFrame::Pong(payload) => Some(&**payload),
                _ => None,
            })
            .collect()
    }
}

/// Frames that a server sends in one piece: unmasked, final, no reserved bits, lengths in their shortest form.
#[must_use]
pub fn frames(mut bytes: &[u8]) -> Vec<ServerFrame> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        assert!(!matches!(frames.last(), Some(ServerFrame::Close(_))), "something follows the close frame");
        let (header, length) = match bytes[1] {
            126 => {
                let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
                assert!(length > 125, "a longer form than needed");
                (4, length)
            }
            127 => {
                let length = u64::from_be_bytes(bytes[2..10].try_into().expect("8 bytes"));
                assert!(length > 0xffff, "a longer form than needed");
                (10, usize::try_from(length).expect("a length that fits"))
            }
            short => {
                assert!(short < 126, "a server does not mask");
                (2, usize::from(short))
            }
        };
        let payload = &bytes[header..header + length];
        let text = || String::from_utf8(payload.to_vec()).expect("text in UTF-8");
        assert!(bytes[0] & 0x08 == 0 || length <= 125, "a control frame is short");
        frames.push(match bytes[0] {
            0x81 => ServerFrame::Text(text()),
            0x82 => ServerFrame::Binary(payload.to_vec()),
            0x88 => ServerFrame::Close(close_code(payload)),
            0x89 => ServerFrame::Ping(payload.to_vec()),
            0x8a => ServerFrame::Pong(payload.to_vec()),
            other => panic!("a frame that begins with {other:#x}"),
        });
        bytes = &bytes[header + length..];
    }
    frames
}

fn close_code(payload: &[u8]) -> Option<u16> {
    assert_ne!(payload.len(), 1, "a close code has two bytes");
    let (code, reason) = payload.split_first_chunk()?;
    std::str::from_utf8(reason).expect("a reason in UTF-8");
    let code = u16::from_be_bytes(*code);
    assert!(matches!(code, 1000..=1003 | 1007..=1013 | 3000..=4999), "no code for the wire: {code}");
    Some(code)
}
