//! A client in any namespace, as any user, that learns who answers.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use super::socket::open;
use super::worker::runtime;
use super::{DemoError, Member, as_user};
use crate::net::netns::Netns;

const LONGEST_LINE: u64 = 512;
const PIECE: usize = 16 * 1024;
const USUAL_LIMIT: Duration = Duration::from_secs(2);

/// What a server said about a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The server's name.
    pub name: String,
    /// The client as the server sees it.
    pub peer: SocketAddr,
    /// The server's own end.
    pub local: SocketAddr,
}

/// A connection to be made.
#[derive(Clone, Debug)]
pub struct Dial {
    member: Member,
    to: SocketAddr,
    from: Option<IpAddr>,
    device: Option<String>,
    limit: Duration,
}

impl Dial {
    /// A connection of `member` to `to`, with two seconds for each wait.
    pub fn new(member: impl Into<Member>, to: SocketAddr) -> Self {
        Self { member: member.into(), to, from: None, device: None, limit: USUAL_LIMIT }
    }

    /// The same with this mark (`SO_MARK`) on the socket.
    pub const fn marked(mut self, mark: u32) -> Self {
        self.member.mark = Some(mark);
        self
    }

    /// The same from this source address.
    pub const fn source(mut self, source: IpAddr) -> Self {
        self.from = Some(source);
        self
    }

    /// The same through this interface only (`SO_BINDTODEVICE`).
    pub fn device(mut self, device: &str) -> Self {
        self.device = Some(device.to_owned());
        self
    }

    /// The same with this much time for each wait.
    pub const fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Connects in `place` and reads the server's line; the connection stays open.
    pub fn open(&self, place: &Netns) -> Result<Conversation, DemoError> {
        let stream = as_user(place, self.member.clone(), || runtime()?.block_on(self.connect()))??;
        let prepared = stream
            .set_nonblocking(false)
            .and_then(|()| stream.set_nodelay(true))
            .and_then(|()| stream.set_read_timeout(Some(self.limit)))
            .and_then(|()| stream.set_write_timeout(Some(self.limit)));
        prepared.map_err(DemoError::io("prepare the connection to", self.to))?;
        let answer = read_answer(&stream, self.to).map_err(|error| self.in_words(error))?;
        Ok(Conversation { answer, stream, to: self.to })
    }

    async fn connect(&self) -> Result<TcpStream, DemoError> {
        let socket = open(self.to).map_err(DemoError::io("open a socket for", self.to))?;
        self.member.stamp(&socket)?;
        if let Some(device) = &self.device {
            socket
                .bind_device(Some(device.as_bytes()))
                .map_err(DemoError::io("bind to device", device))?;
        }
        if let Some(source) = self.from {
            socket.bind(SocketAddr::new(source, 0)).map_err(DemoError::io("bind", source))?;
        }
        match tokio::time::timeout(self.limit, socket.connect(self.to)).await {
            Ok(stream) => stream
                .and_then(tokio::net::TcpStream::into_std)
                .map_err(DemoError::io("connect to", self.to)),
            Err(_) => Err(self.silence("connect to")),
        }
    }

    /// A socket with a limit calls its end "would block".
    fn in_words(&self, error: DemoError) -> DemoError {
        match error.io_kind() {
            Some(io::ErrorKind::WouldBlock) => self.silence("read the answer of"),
            Some(_) | None => error,
        }
    }

    fn silence(&self, operation: &'static str) -> DemoError {
        DemoError::TimedOut { operation, object: self.to.to_string(), limit: self.limit }
    }
}

/// An open connection to a server that has said who it is.
#[derive(Debug)]
pub struct Conversation {
    /// What it said.
    pub answer: Answer,
    stream: TcpStream,
    to: SocketAddr,
}

impl Conversation {
    /// Says `bytes`, piece by piece, and waits until they came back unchanged.
    pub fn echo(&mut self, bytes: &[u8]) -> Result<(), DemoError> {
        for piece in bytes.chunks(PIECE) {
            self.stream.write_all(piece).map_err(DemoError::io("write to", self.to))?;
            let mut back = vec![0; piece.len()];
            self.stream.read_exact(&mut back).map_err(DemoError::io("read from", self.to))?;
            if back != piece {
                let text = String::from_utf8_lossy(&back).into_owned();
                return Err(DemoError::Answer { object: self.to.to_string(), text });
            }
        }
        Ok(())
    }

    /// The client's own end of the connection.
    pub fn local(&self) -> Result<SocketAddr, DemoError> {
        self.stream.local_addr().map_err(DemoError::io("read the source of", self.to))
    }
}

/// Connects in `place` as `member`, learns who answers, and hangs up.
pub fn connect(
    place: &Netns,
    member: impl Into<Member>,
    to: SocketAddr,
    limit: Duration,
) -> Result<Answer, DemoError> {
    Dial::new(member, to).within(limit).open(place).map(|conversation| conversation.answer)
}

fn read_answer(stream: &TcpStream, to: SocketAddr) -> Result<Answer, DemoError> {
    let mut text = String::new();
    // The server is silent after its line until it is spoken to: nothing else is in the buffer.
    let mut lines = BufReader::new(stream.take(LONGEST_LINE));
    lines.read_line(&mut text).map_err(DemoError::io("read the answer of", to))?;
    if text.is_empty() {
        let source = io::ErrorKind::UnexpectedEof.into();
        return Err(DemoError::Io {
            operation: "read the answer of",
            object: to.to_string(),
            source,
        });
    }
    parse(text.trim_end()).ok_or_else(|| DemoError::Answer { object: to.to_string(), text })
}

fn parse(line: &str) -> Option<Answer> {
    let mut fields = line.rsplitn(3, ' ');
    let local = fields.next()?.parse().ok()?;
    let peer = fields.next()?.parse().ok()?;
    Some(Answer { name: fields.next()?.to_owned(), peer, local })
}
