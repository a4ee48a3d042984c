//! How a peer's datagrams reach the core: by UDP, or framed in a TCP connection (RFC 4571).

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Instant;

use super::network::Wire;

pub enum Line {
    /// Of a network that is computed.
    Wire(Wire),
    Udp {
        socket: UdpSocket,
        remote: SocketAddr,
    },
    Tcp {
        stream: TcpStream,
        input: Vec<u8>,
        output: Vec<u8>,
        /// Takes nothing from the stream, as a line that has filled up.
        stuck: bool,
    },
}

impl Line {
    pub fn udp(port: u16) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let remote = ([127, 0, 0, 1], port).into();
        Self::Udp { socket, remote }
    }

    pub fn tcp(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nonblocking(true).unwrap();
        stream.set_nodelay(true).unwrap();
        Self::Tcp {
            stream,
            input: Vec::new(),
            output: Vec::new(),
            stuck: false,
        }
    }

    pub fn now(&self) -> Instant {
        match self {
            Self::Wire(wire) => wire.now(),
            _ => Instant::now(),
        }
    }

    pub fn local(&self) -> SocketAddr {
        match self {
            Self::Wire(wire) => wire.local(),
            Self::Udp { socket, .. } => socket.local_addr().unwrap(),
            Self::Tcp { stream, .. } => stream.local_addr().unwrap(),
        }
    }

    pub fn remote(&self) -> SocketAddr {
        match self {
            Self::Wire(wire) => wire.remote(),
            Self::Udp { remote, .. } => *remote,
            Self::Tcp { stream, .. } => stream.peer_addr().unwrap(),
        }
    }

    pub fn change_port(&mut self) {
        *self = match self {
            Self::Wire(_) => panic!("its address stays"),
            Self::Udp { remote, .. } => Self::udp(remote.port()),
            Self::Tcp { stream, .. } => Self::tcp(stream.peer_addr().unwrap().port()),
        };
    }

    /// Length of the next datagram, if one has come.
    pub fn receive(&mut self, buffer: &mut [u8]) -> Option<usize> {
        match self {
            Self::Wire(wire) => wire.receive(buffer),
            Self::Udp { socket, .. } => socket.recv(buffer).ok(),
            Self::Tcp {
                stream, input, stuck, ..
            } => {
                let mut read = [0; 65_536];
                if !*stuck && let Ok(count) = stream.read(&mut read) {
                    input.extend_from_slice(&read[..count]);
                }
                let length = usize::from(u16::from_be_bytes(*input.first_chunk::<2>()?));
                buffer[..length].copy_from_slice(input.get(2..2 + length)?);
                input.drain(..2 + length);
                Some(length)
            }
        }
    }

    pub fn send(&mut self, datagram: &[u8]) {
        match self {
            Self::Wire(wire) => wire.send(datagram),
            Self::Udp { socket, remote } => {
                socket.send_to(datagram, *remote).unwrap();
            }
            Self::Tcp { stream, output, .. } => {
                output.extend_from_slice(&(datagram.len() as u16).to_be_bytes());
                output.extend_from_slice(datagram);
                // In pieces, so that frames come in two halves.
                while !output.is_empty() {
                    let piece = output.len().min(701);
                    match stream.write(&output[..piece]) {
                        Ok(count) => drop(output.drain(..count)),
                        Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        }
    }

    pub fn stick(&mut self, yes: bool) {
        let Self::Tcp { stuck, .. } = self else {
            panic!("no TCP")
        };
        *stuck = yes;
    }
}
