//! The socket itself.

use std::fmt;
use std::io;
use std::mem::take;
use std::os::fd::AsFd;
use std::time::Duration;

use netlink_packet_core::{
    NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload, NetlinkSerializable,
};
use netlink_sys::{Socket, SocketAddr, protocols};
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::TimeVal;

use super::{Answer, NetlinkError};

/// How long an answer may take. The kernel answers before `sendmsg` returns; only a dump is
/// made while it is read.
const PATIENCE: Duration = Duration::from_secs(5);

/// One datagram of a dump is at most 32 KiB (`netlink_dump`), an answer to a batch is smaller.
pub(super) const RECEIVE_BYTES: usize = 64 * 1024;

/// More datagrams than any batch has answers: a socket that fails for good ends the reading too.
const DRAIN_AT_MOST: usize = 100_000;

/// Requests up to this size fit the default send buffer (`net.core.wmem_default`, 208 KiB).
const DEFAULT_SEND_BYTES: usize = 96 * 1024;

/// Whom a socket talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// nf_tables and conntrack.
    Netfilter,
    /// Addresses, links, routes.
    Route,
    /// Sockets.
    SockDiag,
}

impl Family {
    pub(super) fn protocol(self) -> isize {
        match self {
            Self::Netfilter => protocols::NETLINK_NETFILTER,
            Self::Route => protocols::NETLINK_ROUTE,
            Self::SockDiag => protocols::NETLINK_SOCK_DIAG,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Netfilter => "netfilter",
            Self::Route => "route",
            Self::SockDiag => "sock_diag",
        })
    }
}

/// A netlink socket. It belongs for good to the network namespace of the thread that opened it,
/// and keeps that namespace alive.
#[derive(Debug)]
pub struct Connection {
    socket: Socket,
    family: Family,
    sequence: u32,
    /// Kept from one answer to the next: at this size an allocator asks the kernel each time.
    buffer: Vec<u8>,
}

/// Takes one object of an answer: its message type, and what follows the netlink header.
pub type Each<'a> = dyn FnMut(u16, &[u8]) -> Result<(), NetlinkError> + 'a;

/// What an exchange found at its end.
enum Read {
    More,
    End,
}

impl Connection {
    /// Opens a socket in the namespace of the calling thread.
    ///
    /// # Errors
    /// The kernel has no such netlink family, or descriptors ran out.
    pub fn open(family: Family) -> Result<Self, NetlinkError> {
        let open = || {
            let socket = Socket::new(family.protocol())?;
            socket.set_ext_ack(true)?;
            socket.set_cap_ack(true)?;
            let seconds = i64::try_from(PATIENCE.as_secs()).unwrap_or(i64::MAX);
            let limit = TimeVal::new(seconds, 0);
            setsockopt(&socket.as_fd(), sockopt::ReceiveTimeout, &limit)?;
            setsockopt(&socket.as_fd(), sockopt::SendTimeout, &limit)?;
            Ok(socket)
        };
        match open() {
            Ok(socket) => {
                let buffer = Vec::with_capacity(RECEIVE_BYTES);
                Ok(Self { socket, family, sequence: 0, buffer })
            }
            Err(source) => Err(NetlinkError::Open { family, source }),
        }
    }

    /// The next sequence number.
    pub fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1).max(1);
        self.sequence
    }

    /// Sends one or more messages.
    ///
    /// # Errors
    /// The kernel took none of them.
    pub fn send(&self, bytes: &[u8]) -> Result<(), NetlinkError> {
        let fail = |source| NetlinkError::Send { family: self.family, bytes: bytes.len(), source };
        if bytes.len() > DEFAULT_SEND_BYTES {
            self.grow_buffers(bytes.len()).map_err(fail)?;
        }
        let kernel = SocketAddr::new(0, 0);
        loop {
            match self.socket.send_to(bytes, &kernel, 0) {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(fail(source)),
            }
        }
    }

    /// Makes room for a big request and for many errors. Forcing needs `CAP_NET_ADMIN` in the
    /// initial user namespace; without it the limit is `net.core.wmem_max`.
    fn grow_buffers(&self, bytes: usize) -> io::Result<()> {
        let fd = self.socket.as_fd();
        let wanted = bytes + 4096;
        if setsockopt(&fd, sockopt::SndBufForce, &wanted).is_err() {
            setsockopt(&fd, sockopt::SndBuf, &wanted)?;
        }
        if setsockopt(&fd, sockopt::RcvBufForce, &wanted).is_err() {
            setsockopt(&fd, sockopt::RcvBuf, &wanted)?;
        }
        Ok(())
    }

    /// Sends a request and hands every object of the answer to `each`, to the end of the dump or,
    /// for a request that is not a dump, up to its one object or acknowledgement.
    ///
    /// # Errors
    /// The kernel refused, did not answer in time, or the objects changed while they were read.
    pub fn request<P: NetlinkSerializable>(
        &mut self,
        flags: u16,
        payload: P,
        each: &mut Each<'_>,
    ) -> Result<(), NetlinkError> {
        let sequence = self.next_sequence();
        let mut bytes = Vec::new();
        message(&mut bytes, sequence, flags, payload);
        self.send(&bytes)?;
        let is_dump = flags & netlink_packet_core::NLM_F_DUMP == netlink_packet_core::NLM_F_DUMP;
        let mut buffer = take(&mut self.buffer);
        let read = self.read_answer(&mut buffer, sequence, is_dump, each);
        self.buffer = buffer;
        read
    }

    fn read_answer(
        &self,
        buffer: &mut Vec<u8>,
        sequence: u32,
        is_dump: bool,
        each: &mut Each<'_>,
    ) -> Result<(), NetlinkError> {
        let mut torn = false;
        loop {
            self.receive(buffer, 0)?;
            let mut rest = buffer.as_slice();
            while !rest.is_empty() {
                let (answer, after) = self.parse(rest)?;
                rest = after;
                if let Read::End = self.take(&answer, sequence, is_dump, &mut torn, each)? {
                    return if torn {
                        Err(NetlinkError::Interrupted { family: self.family })
                    } else {
                        Ok(())
                    };
                }
            }
        }
    }

    fn take(
        &self,
        answer: &Answer<'_>,
        expected: u32,
        is_dump: bool,
        torn: &mut bool,
        each: &mut Each<'_>,
    ) -> Result<Read, NetlinkError> {
        let refused = |error| Err(NetlinkError::Refused { family: self.family, error });
        match answer {
            Answer::Object { kind, sequence, body, interrupted } if *sequence == expected => {
                *torn |= interrupted;
                each(*kind, body)?;
                Ok(if is_dump { Read::More } else { Read::End })
            }
            Answer::Done { sequence, error, interrupted } if *sequence == expected => {
                *torn |= interrupted;
                error.clone().map_or(Ok(Read::End), refused)
            }
            Answer::Error { sequence, error } if *sequence == expected => refused(error.clone()),
            Answer::Ack { sequence } if *sequence == expected => Ok(Read::End),
            Answer::Object { .. }
            | Answer::Done { .. }
            | Answer::Error { .. }
            | Answer::Ack { .. } => Ok(Read::More),
        }
    }

    /// Hands every answer that is already there to `each`; the kernel has queued all answers to
    /// a batch when [`Self::send`] returns. None is left for a later batch to take for its own,
    /// even where some were lost.
    ///
    /// # Errors
    /// Answers were lost (`ENOBUFS`) or can't be read: the outcome is unknown.
    pub fn drain(&mut self, each: &mut dyn FnMut(Answer<'_>)) -> Result<(), NetlinkError> {
        let mut buffer = take(&mut self.buffer);
        let drained = self.read_queued(&mut buffer, each);
        self.buffer = buffer;
        drained
    }

    fn read_queued(
        &self,
        buffer: &mut Vec<u8>,
        each: &mut dyn FnMut(Answer<'_>),
    ) -> Result<(), NetlinkError> {
        let mut lost = None;
        for _ in 0..DRAIN_AT_MOST {
            match self.receive(buffer, nix::libc::MSG_DONTWAIT) {
                Ok(()) => lost = self.hand_over(buffer, each).err().or(lost),
                Err(NetlinkError::NoAnswer { .. }) => return lost.map_or(Ok(()), Err),
                Err(error) => lost = Some(error),
            }
        }
        Err(lost.unwrap_or(NetlinkError::Interrupted { family: self.family }))
    }

    fn hand_over(
        &self,
        mut datagram: &[u8],
        each: &mut dyn FnMut(Answer<'_>),
    ) -> Result<(), NetlinkError> {
        while !datagram.is_empty() {
            let (answer, after) = self.parse(datagram)?;
            each(answer);
            datagram = after;
        }
        Ok(())
    }

    fn parse<'a>(&self, bytes: &'a [u8]) -> Result<(Answer<'a>, &'a [u8]), NetlinkError> {
        Answer::parse(bytes)
            .map_err(|source| NetlinkError::Malformed { family: self.family, source })
    }

    /// Receives one datagram of the kernel's; what other processes send is passed over.
    fn receive(&self, buffer: &mut Vec<u8>, flags: i32) -> Result<(), NetlinkError> {
        loop {
            buffer.clear();
            match self.socket.recv_from(buffer, flags) {
                Ok((_, sender)) if sender.port_number() != 0 => {}
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Err(NetlinkError::NoAnswer { family: self.family, waited: PATIENCE });
                }
                Err(source) => return Err(NetlinkError::Receive { family: self.family, source }),
            }
        }
    }
}

/// Appends one message to `bytes`.
pub fn message<P: NetlinkSerializable>(bytes: &mut Vec<u8>, sequence: u32, flags: u16, payload: P) {
    let mut header = NetlinkHeader::default();
    header.sequence_number = sequence;
    header.flags = flags | NLM_F_REQUEST;
    let mut message = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(payload));
    message.finalize();
    let start = bytes.len();
    bytes.resize(start + message.buffer_len(), 0);
    if let Some(place) = bytes.get_mut(start..) {
        message.serialize(place);
    }
}
