//! SRTP at the command line, for tests against another implementation. Each line of standard input is one command,
//! each line of standard output its result; bytes are hexadecimal.
//!
//! - `keys gcm128|gcm256|cm80 <master key> <master salt>`: both directions begin anew with this key. Result `ok`.
//! - `seal-rtp <roc> <packet>`, `open-rtp <packet>`, `seal-rtcp <packet>`, `open-rtcp <packet>`: the packet, or
//!   `error <why>`. RTP headers are 12 bytes long.

use std::collections::HashMap;
use std::error::Error;
use std::io::{self, BufRead, Write};

use sfu::srtp::{OpenKeys, Profile, ReceiveStream, SealKeys};

const HEADER: usize = 12;

struct Session {
    seal: SealKeys,
    open: OpenKeys,
    streams: HashMap<[u8; 4], ReceiveStream>,
}

fn bytes(hex: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let pairs = (0..hex.len())
        .step_by(2)
        .map(|at| hex.get(at..at + 2).ok_or("odd length"));
    pairs.map(|pair| Ok(u8::from_str_radix(pair?, 16)?)).collect()
}

fn keys(profile: &str, key: &str, salt: &str) -> Result<Session, Box<dyn Error>> {
    let profile = match profile {
        "gcm128" => Profile::AeadAes128Gcm,
        "gcm256" => Profile::AeadAes256Gcm,
        "cm80" => Profile::Aes128CmSha1_80,
        _ => return Err("unknown profile".into()),
    };
    let (key, salt) = (bytes(key)?, bytes(salt)?);
    Ok(Session {
        seal: SealKeys::new(profile, &key, &salt)?,
        open: OpenKeys::new(profile, &key, &salt)?,
        streams: HashMap::new(),
    })
}

impl Session {
    fn run(&mut self, command: &[&str]) -> Result<Vec<u8>, Box<dyn Error>> {
        let mut packet = bytes(command.last().ok_or("no packet")?)?;
        let len = packet.len();
        let done = match command {
            ["seal-rtp", roc, _] => {
                packet.resize(len + self.seal.profile().rtp_overhead(), 0);
                self.seal.seal_rtp(&mut packet, HEADER, len, roc.parse()?)
            }
            ["seal-rtcp", _] => {
                packet.resize(len + self.seal.profile().rtcp_overhead(), 0);
                self.seal.seal_rtcp(&mut packet, len)
            }
            ["open-rtp", _] => {
                let ssrc = packet.get(8..HEADER).ok_or("too short")?.try_into()?;
                let stream = self.streams.entry(ssrc).or_default();
                self.open.open_rtp(&mut packet, HEADER, stream)?
            }
            ["open-rtcp", _] => self.open.open_rtcp(&mut packet)?,
            _ => return Err("unknown command".into()),
        };
        packet.truncate(done);
        Ok(packet)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut session = None;
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let command: Vec<&str> = line.split_whitespace().collect();
        let result = match (command.as_slice(), &mut session) {
            (["keys", profile, key, salt], _) => {
                session = Some(keys(profile, key, salt)?);
                "ok".to_owned()
            }
            (command, Some(session)) => match session.run(command) {
                Ok(packet) => packet.iter().map(|byte| format!("{byte:02x}")).collect(),
                Err(error) => format!("error {error}"),
            },
            (_, None) => "error no keys".to_owned(),
        };
        writeln!(out, "{result}")?;
        out.flush()?;
    }
    Ok(())
}
