//! ICE over TCP, passive side (RFC 6544): for lines that let no UDP through. Datagrams in frames of RFC 4571.
//!
//! A stream delivers late what it cannot deliver at once, and a picture that is late is worth nothing: only little waits in
//! the kernel, the rest waits here, where sound overtakes pictures and old pictures are given up.

use std::collections::{HashMap, VecDeque};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Type};

use crate::os::{self, Epoll, Interest};
use crate::outlet::{Chain, Remote, Urgency};

/// A connection has this long to show a peer's check.
const CONFIRMATION: Duration = Duration::from_secs(5);
/// Connections that nobody has confirmed, from one address (many halls come through one router) and in all.
const MAX_UNCONFIRMED_OF_ADDRESS: usize = 64;
const MAX_UNCONFIRMED: usize = 1_024;
/// Longest frame that is taken: longer than any datagram of ICE, DTLS or SRTP.
const MAX_FRAME: usize = 2_048;
/// Read from one connection in one turn.
const READ_SIZE: usize = 16 * 1024;
/// Bytes that wait in the kernel and are not on the line yet.
const UNSENT_IN_KERNEL: i32 = 16 * 1024;
/// Bytes that wait here for one connection. Pictures leave room for sound and control.
const MAX_BACKLOG: usize = 256 * 1024;
const MAX_PICTURES: usize = 192 * 1024;
/// A picture that has waited longer comes too late.
const MAX_AGE: Duration = Duration::from_millis(400);
/// Events taken in one turn.
const MAX_EVENTS: usize = 64;
/// Datagrams in one call, as many as the kernel takes of UDP: they leave in one write.
pub const MAX_SEGMENTS: usize = 64;
const LISTENER: u64 = u64::MAX;
/// RFC 4571 section 2: each frame begins with its length.
const LENGTH: usize = 2;

pub struct TcpPort {
    listener: TcpListener,
    epoll: Epoll,
    connections: HashMap<u32, Connection>,
    next: u32,
    accepts: bool,
    frames: Vec<u8>,
    failed: u64,
}

struct Connection {
    stream: TcpStream,
    remote: SocketAddr,
    local: Option<IpAddr>,
    opened: Instant,
    confirmed: bool,
    /// The beginning of a frame whose rest has not come.
    input: Vec<u8>,
    backlog: Backlog,
}

/// What has come, frame by frame.
#[derive(Default)]
pub struct TcpInbox {
    bytes: Vec<u8>,
    frames: Vec<(Remote, Option<IpAddr>, std::ops::Range<usize>)>,
    scratch: Vec<u8>,
}

impl TcpInbox {
    pub fn chains(&mut self, arrived: Instant) -> impl Iterator<Item = Chain<'_>> {
        let mut rest = self.bytes.as_mut_slice();
        self.frames.iter().map(move |(from, to, range)| {
            let (bytes, others) = std::mem::take(&mut rest).split_at_mut(range.len());
            rest = others;
            Chain {
                from: *from,
                to: *to,
                stride: bytes.len().max(1),
                bytes,
                arrived,
            }
        })
    }
}

impl TcpPort {
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(1_024)?;
        socket.set_nonblocking(true)?;
        let listener = TcpListener::from(socket);
        let epoll = Epoll::new()?;
        epoll.add(listener.as_raw_fd(), LISTENER, Interest::Readable)?;
        Ok(Self {
            listener,
            epoll,
            connections: HashMap::new(),
            next: 0,
            accepts: true,
            frames: Vec::with_capacity(66_000),
            failed: 0,
        })
    }

    pub fn port(&self) -> io::Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }

    pub fn take_failed(&mut self) -> u64 {
        std::mem::take(&mut self.failed)
    }

    /// Takes what has come into `inbox`, sends on what waited, lets in who knocks.
    pub fn turn(&mut self, inbox: &mut TcpInbox, now: Instant) {
        inbox.bytes.clear();
        inbox.frames.clear();
        let mut events = [Default::default(); MAX_EVENTS];
        for ready in self.epoll.wait(&mut events) {
            if ready.token == LISTENER {
                self.accept(now);
                continue;
            }
            let id = ready.token as u32;
            let mut alive = !ready.writable || self.send_on(id, now);
            if let Some(connection) = self.connections.get_mut(&id).filter(|_| alive) {
                // What failed says so when it is read.
                alive = connection.read(id, inbox);
            }
            if !alive {
                self.connections.remove(&id);
            }
        }
    }

    /// To be called each second: closes what has not shown to be a peer's.
    pub fn tend(&mut self, now: Instant) {
        self.connections.retain(|_, connection| {
            connection.confirmed || now.saturating_duration_since(connection.opened) < CONFIRMATION
        });
        if !self.accepts {
            let watched = self
                .epoll
                .change(self.listener.as_raw_fd(), LISTENER, Interest::Readable);
            self.accepts = watched.is_ok();
        }
    }

    pub fn confirm(&mut self, id: u32) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.confirmed = true;
        }
    }

    pub fn release(&mut self, id: u32) {
        self.connections.remove(&id);
    }

    /// Sends `bytes` in frames of `segment` bytes each.
    pub fn send(&mut self, id: u32, bytes: &[u8], segment: usize, urgency: Urgency) {
        let datagrams = bytes.len().div_ceil(segment) as u64;
        let Some(connection) = self.connections.get_mut(&id) else {
            self.failed += datagrams;
            return;
        };
        self.frames.clear();
        for datagram in bytes.chunks(segment) {
            self.frames.extend_from_slice(&(datagram.len() as u16).to_be_bytes());
            self.frames.extend_from_slice(datagram);
        }
        let mut written = 0;
        if connection.backlog.is_empty() {
            match connection.stream.write(&self.frames) {
                Ok(count) if count == self.frames.len() => return,
                Ok(count) => written = count,
                Err(error) if is_passing(&error) => {}
                Err(_) => {
                    self.failed += datagrams;
                    self.connections.remove(&id);
                    return;
                }
            }
            let watched = self
                .epoll
                .change(connection.stream.as_raw_fd(), id.into(), Interest::Both);
            if watched.is_err() {
                self.connections.remove(&id);
                return;
            }
        }
        // A frame that has begun has to be ended, whatever overtakes the others.
        let begun = written.div_ceil(LENGTH + segment) * (LENGTH + segment);
        let begun = begun.min(self.frames.len());
        connection.backlog.begin(&self.frames[written..begun]);
        let rest = &self.frames[begun..];
        let refused = connection
            .backlog
            .push(rest, rest.len().div_ceil(LENGTH + segment) as u64, urgency);
        self.failed += refused;
    }

    /// False if the connection is broken.
    fn send_on(&mut self, id: u32, now: Instant) -> bool {
        let Some(connection) = self.connections.get_mut(&id) else {
            return false;
        };
        loop {
            self.failed += connection.backlog.give_up(now);
            let Some(bytes) = connection.backlog.front() else {
                let descriptor = connection.stream.as_raw_fd();
                return self.epoll.change(descriptor, id.into(), Interest::Readable).is_ok();
            };
            match connection.stream.write(bytes) {
                Ok(count) => connection.backlog.advance(count),
                Err(error) if is_passing(&error) => return true,
                Err(_) => return false,
            }
        }
    }

    fn accept(&mut self, now: Instant) {
        for _ in 0..MAX_EVENTS {
            let (stream, remote) = match self.listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return,
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                Err(_) => {
                    // No descriptors: whoever knocks waits until the next second.
                    let descriptor = self.listener.as_raw_fd();
                    self.accepts = self.epoll.change(descriptor, LISTENER, Interest::None).is_err();
                    return;
                }
            };
            let unconfirmed = self.connections.values().filter(|connection| !connection.confirmed);
            let (mut all, mut of_address) = (0, 0);
            for connection in unconfirmed {
                all += 1;
                of_address += usize::from(connection.remote.ip() == remote.ip());
            }
            if all >= MAX_UNCONFIRMED || of_address >= MAX_UNCONFIRMED_OF_ADDRESS {
                continue; // dropping it closes it
            }
            let _ = self.admit(stream, remote, now);
        }
    }

    fn admit(&mut self, stream: TcpStream, remote: SocketAddr, now: Instant) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        os::set_unsent_limit(stream.as_raw_fd(), UNSENT_IN_KERNEL)?;
        let local = stream.local_addr()?.ip();
        self.next = self.next.wrapping_add(1);
        self.epoll
            .add(stream.as_raw_fd(), self.next.into(), Interest::Readable)?;
        self.connections.insert(
            self.next,
            Connection {
                stream,
                remote,
                local: Some(local),
                opened: now,
                confirmed: false,
                input: Vec::new(),
                backlog: Backlog::default(),
            },
        );
        Ok(())
    }
}

impl Connection {
    /// False at the end of the stream, or where it bears no frames.
    fn read(&mut self, id: u32, inbox: &mut TcpInbox) -> bool {
        inbox.scratch.resize(READ_SIZE, 0);
        let count = match self.stream.read(&mut inbox.scratch) {
            Ok(0) => return false,
            Ok(count) => count,
            Err(error) => return is_passing(&error),
        };
        self.input.extend_from_slice(&inbox.scratch[..count]);
        let from = Remote {
            address: self.remote,
            connection: Some(id),
        };
        let mut at = 0;
        while let Some(length) = self.input[at..].first_chunk::<LENGTH>() {
            let length = usize::from(u16::from_be_bytes(*length));
            if length > MAX_FRAME {
                return false;
            }
            let Some(frame) = self.input.get(at + LENGTH..at + LENGTH + length) else {
                break;
            };
            let start = inbox.bytes.len();
            inbox.bytes.extend_from_slice(frame);
            inbox.frames.push((from, self.local, start..start + length));
            at += LENGTH + length;
        }
        self.input.drain(..at);
        true
    }
}

/// What the line did not take yet.
#[derive(Default)]
struct Backlog {
    begun: Vec<u8>,
    at: usize,
    urgent: VecDeque<Waiting>,
    pictures: VecDeque<Waiting>,
    bytes: usize,
}

struct Waiting {
    frames: Vec<u8>,
    datagrams: u64,
    since: Instant,
}

impl Backlog {
    fn is_empty(&self) -> bool {
        self.begun.is_empty() && self.urgent.is_empty() && self.pictures.is_empty()
    }

    fn begin(&mut self, rest: &[u8]) {
        self.begun.extend_from_slice(rest);
    }

    /// Returns the number of datagrams for which there is no room.
    fn push(&mut self, frames: &[u8], datagrams: u64, urgency: Urgency) -> u64 {
        if frames.is_empty() {
            return 0;
        }
        let most = match urgency {
            Urgency::Waits => MAX_BACKLOG,
            Urgency::Yields => MAX_PICTURES,
        };
        if self.bytes + frames.len() > most {
            return datagrams;
        }
        self.bytes += frames.len();
        let waiting = Waiting {
            frames: frames.to_vec(),
            datagrams,
            since: Instant::now(),
        };
        match urgency {
            Urgency::Waits => self.urgent.push_back(waiting),
            Urgency::Yields => self.pictures.push_back(waiting),
        }
        0
    }

    /// Drops pictures that have waited too long; returns how many datagrams.
    fn give_up(&mut self, now: Instant) -> u64 {
        let mut dropped = 0;
        while let Some(first) = self.pictures.front()
            && now.saturating_duration_since(first.since) > MAX_AGE
        {
            dropped += first.datagrams;
            self.bytes -= first.frames.len();
            self.pictures.pop_front();
        }
        dropped
    }

    /// What is to be written next.
    fn front(&mut self) -> Option<&[u8]> {
        if self.begun.is_empty() {
            let next = self.urgent.pop_front().or_else(|| self.pictures.pop_front())?;
            self.bytes -= next.frames.len();
            self.begun = next.frames;
            self.at = 0;
        }
        Some(&self.begun[self.at..])
    }

    fn advance(&mut self, count: usize) {
        self.at += count;
        if self.at >= self.begun.len() {
            self.begun.clear();
            self.at = 0;
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

impl AsRawFd for TcpPort {
    /// Readable while there is something to do.
    fn as_raw_fd(&self) -> RawFd {
        self.epoll.as_raw_fd()
    }
}

#[cfg(test)]
#[path = "tcp_tests.rs"]
mod tests;
