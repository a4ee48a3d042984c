//! The thread's loop: the sockets, the clock, and in between the shard that knows neither.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use crate::os;
use crate::outlet::{Failures, Outlet, Path, Remote, Urgency};
use crate::shard::{BATCH, Shard};
use crate::socket::{Inbox, Socket};
use crate::tcp::{TcpInbox, TcpPort};

const SECOND: Duration = Duration::from_secs(1);

/// All ways out of this node.
pub struct Ports {
    pub udp: Socket,
    pub tcp: Option<TcpPort>,
}

impl Ports {
    pub fn bind(udp: SocketAddr, tcp: Option<SocketAddr>) -> io::Result<Self> {
        Ok(Self {
            udp: Socket::bind(udp)?,
            tcp: tcp.map(TcpPort::bind).transpose()?,
        })
    }

    /// To be called each second.
    fn tend(&mut self, now: Instant) {
        self.udp.tend(now);
        if let Some(tcp) = &mut self.tcp {
            tcp.tend(now);
        }
    }
}

impl Outlet for Ports {
    fn max_segments(&self, remote: &Remote) -> usize {
        match remote.connection {
            None => self.udp.max_segments(remote.address.ip()),
            Some(_) => crate::tcp::MAX_SEGMENTS,
        }
    }

    fn send(&mut self, path: &Path, bytes: &[u8], segment: usize, urgency: Urgency) {
        match (path.remote.connection, &mut self.tcp) {
            (None, _) => self.udp.send(path, bytes, segment, urgency),
            (Some(id), Some(tcp)) => tcp.send(id, bytes, segment, urgency),
            (Some(_), None) => {}
        }
    }

    fn confirm(&mut self, remote: &Remote) {
        if let (Some(id), Some(tcp)) = (remote.connection, &mut self.tcp) {
            tcp.confirm(id);
        }
    }

    fn release(&mut self, remote: &Remote) {
        if let (Some(id), Some(tcp)) = (remote.connection, &mut self.tcp) {
            tcp.release(id);
        }
    }

    fn take_failures(&mut self) -> Failures {
        let mut failures = std::mem::take(&mut self.udp.failures);
        failures.datagrams += self.tcp.as_mut().map_or(0, TcpPort::take_failed);
        failures
    }
}

/// Runs until the shard is told to close.
pub fn run(mut shard: Shard<Ports>) {
    let mut inbox = Inbox::default();
    let mut tcp_inbox = TcpInbox::default();
    let mut tended = Instant::now();
    let mut tcp_ready = false;
    loop {
        if shard.shared().commands.are_waiting() {
            let now = Instant::now();
            shard.flush(now, true);
            if !shard.apply_commands(now) {
                return;
            }
        }
        shard.shared().counters.turns.add(1);
        let taken = receive(&mut shard, &mut inbox);
        if tcp_ready {
            receive_tcp(&mut shard, &mut tcp_inbox);
        }
        let now = Instant::now();
        if now.saturating_duration_since(tended) >= SECOND {
            tended = now;
            shard.outlet().tend(now);
        }
        let pause = shard.settle(now);
        let commands = shard.shared().commands.as_raw_fd();
        let ports = shard.outlet();
        let tcp = ports.tcp.as_ref().map_or(-1, AsRawFd::as_raw_fd);
        tcp_ready = if taken < BATCH {
            os::wait_readable([ports.udp.as_raw_fd(), commands, tcp], pause)[2]
        } else {
            ports.tcp.is_some()
        };
    }
}

/// Takes in what waits at the UDP socket, up to [`BATCH`] datagrams or a little more.
fn receive(shard: &mut Shard<Ports>, inbox: &mut Inbox) -> usize {
    let mut taken = 0;
    while taken < BATCH {
        let received = inbox.receive(&shard.outlet().udp);
        let now = inbox.received_at();
        for chain in inbox.chains(received) {
            taken += shard.receive(chain, now);
        }
        if received < Inbox::MOST {
            break;
        }
    }
    taken
}

fn receive_tcp(shard: &mut Shard<Ports>, inbox: &mut TcpInbox) {
    let now = Instant::now();
    if let Some(tcp) = &mut shard.outlet().tcp {
        tcp.turn(inbox, now);
    }
    for chain in inbox.chains(now) {
        shard.receive(chain, now);
    }
}
