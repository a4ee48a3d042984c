//! Load generator: many light WebRTC peers (ICE controlling, DTLS, SRTP) in one process and one thread.
//!
//! Driven by JSON lines on standard input, answering on standard output; see `protocol` for every field:
//!
//! ```text
//! > {"cmd":"create","peer":1}
//! < {"event":"created","peer":1,"ufrag":"…","pwd":"…","fingerprint":"AB:…","port":40000}
//! > {"cmd":"connect","peer":1,"address":"127.0.0.1:7000","ufrag":"…","pwd":"…","fingerprint":"…","dtls":"client",
//!    "extensions":{"urn:ietf:params:rtp-hdrext:sdes:mid":4},
//!    "tracks":[{"kind":"video","mid":"1","ssrc":11,"payload_type":96,"publisher":17}],
//!    "slots":[{"name":"stage","kind":"video","ssrc":4711}]}
//! < {"event":"connected","peer":1,"at":1790000000.1,"profile":"AeadAes128Gcm"}
//! < {"event":"picture","peer":1,"slot":"stage","publisher":18,"at":1790000000.2}
//! > {"cmd":"shape","peer":1,"mid":"1","fps":15,"packets":1,"size":700}
//! > {"cmd":"reset"}
//! > {"cmd":"stats","request":1,"detail":true}
//! > {"cmd":"pli","peer":1,"ssrc":4711}
//! > {"cmd":"close","peer":1}
//! > {"cmd":"quit"}
//! ```
//!
//! The driver writes the SDP: a track's SSRC and payload type are its choice, `created` gives the rest. Peers offer
//! (they are the controlling side of ICE) and the answerer has one address. Lost packets are not asked for again, so
//! that loss shows.

mod engine;
mod histogram;
mod outlet;
mod payload;
mod peer;
mod protocol;
mod publisher;
mod receiver;

use std::io::{self, BufRead};
use std::sync::mpsc;
use std::thread;

use engine::Engine;

fn main() -> io::Result<()> {
    let mut engine = Engine::new()?;
    let waker = engine.waker()?;
    let (commands, queue) = mpsc::channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            let command = serde_json::from_str(&line).map_err(|error| error.to_string());
            if commands.send(command).is_err() || waker.wake().is_err() {
                return;
            }
        }
        drop(commands);
        // The engine ends by itself if it cannot be woken any more.
        let _ = waker.wake();
    });
    engine.run(&queue)
}
