"""The packet core: ICE-lite, DTLS, SRTP and forwarding on one UDP port, on a thread of its own (Rust).

Ids of peers, sources and slots are the caller's own integers (u32), unique within a `Core`. Commands return at once:
they are queued for the core's thread, which applies them in order, and raise RuntimeError when it takes no more. Events
wait in one queue; `event_fd` becomes readable when it is not empty.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, final

Kind = Literal["audio", "video"]

def new_ice_credentials() -> tuple[str, str]:
    """A fresh local (ufrag, password), RFC 8445 section 5.3 lengths and alphabet."""

@final
class Codec:
    """One negotiated payload type. `name` is "opus", "VP8" or "H264"; `profile` is H264's profile-level-id."""

    def __init__(
        self,
        name: str,
        payload_type: int,
        clock_rate: int,
        *,
        rtx_payload_type: int | None = None,
        profile: str | None = None,
    ) -> None: ...

@final
class Source:
    """A track a peer sends. Packets are found by SSRC, or by MID when `ssrc` is None (then the SSRC is learned)."""

    def __init__(
        self,
        source: int,
        kind: Kind,
        mid: str,
        codecs: Sequence[Codec],
        *,
        ssrc: int | None = None,
        rtx_ssrc: int | None = None,
        smaller: int | None = None,
    ) -> None:
        """`smaller`: another source of the peer that is the same picture with fewer bits; who has no room for this one
        is shown that."""

@final
class Slot:
    """A fixed place in which a peer receives; what is shown in it is set by `Core.assign`."""

    def __init__(
        self,
        slot: int,
        kind: Kind,
        mid: str,
        codecs: Sequence[Codec],
        *,
        ssrc: int,
        rtx_ssrc: int | None = None,
        tells_arrivals: bool = False,
    ) -> None:
        """`tells_arrivals`: transport-wide feedback was negotiated; video needs `rtx_ssrc`, too."""

@final
class Peer:
    """One peer connection, as negotiated. `extensions`: RTP header extension URI -> id (1 to 14).

    `fingerprint` is the remote certificate's SHA-256 ("AB:CD:…"). `dtls_role` is ours. `feedback` is what the
    peer's sender adapts to.
    """

    def __init__(
        self,
        peer: int,
        *,
        local_ufrag: str,
        local_password: str,
        remote_ufrag: str,
        remote_password: str,
        fingerprint: str,
        dtls_role: Literal["client", "server"],
        extensions: Mapping[str, int],
        feedback: Literal["transport-cc", "remb", "none"],
        sources: Sequence[Source],
        slots: Sequence[Slot],
    ) -> None: ...

@final
class Event:
    """`kind` and what belongs to it:

    - "connected": `peer`; ICE and DTLS are done and media flows.
    - "disconnected": `peer`, `data["reason"]` ("timeout": no consent for 30 s, "closed": DTLS close_notify,
      "dtls": handshake failed, "fault": the peer's code panicked). The peer is gone from the core.
    - "dead": the core's thread has ended by a fault that was no peer's. Nothing is forwarded any more.
    - "first-packet": `peer`, `data["source"]`.
    - "statistics": once a second, `data["peers"]`: a list of dicts, one for each connected peer; they are
      `PeerStatistics` in media/node/reports.py:
      `peer`; `rtt_ms` (None until it is measured, and for a peer that receives nothing); `bitrate_up` and
      `bitrate_down` (bit/s); `limit_down` (bit/s that the line is known to carry, or None); `loss_up` and
      `loss_down` (share lost before repair, 0 to 1); `sources`, a list of
      {`source`, `ssrc` (None until learned), `packets`, `bytes`, `lost` (after repair), `nacked`, `recovered`,
      `key_frames`: totals; `fps`; `audio_level` (loudest of the second in -dBov, or None)}; `slots`, a list of
      {`slot`, `source` (or None), `packets`, `bytes`, `retransmitted`: totals; `loss` (as last reported, 0 to 1);
      `waiting_key_frame`; `no_codec` (the slot negotiated no codec that its source sends, so it stays empty);
      `paused` (the line has no room for it); `reduced` (it shows the smaller source for that reason)}.
    """

    kind: str
    peer: int
    data: dict[str, Any]

@final
class Core:
    def __init__(self, bind: str, *, tcp: str | None = None, max_video_bitrate: int = 2_500_000) -> None:
        """Binds UDP `bind` ("127.0.0.1:7000", "[::]:0"; port 0 takes a free one) and starts the thread. `tcp`: address
        of a port for ICE over TCP (RFC 6544) beside it.

        Raises OSError when an address cannot be bound, ValueError when it cannot be parsed.
        `max_video_bitrate` (bit/s) caps what REMB grants to a publisher without transport-wide feedback.
        """

    @property
    def port(self) -> int: ...
    @property
    def tcp_port(self) -> int | None: ...
    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DTLS certificate of this core, "AB:CD:…"."""

    @property
    def event_fd(self) -> int: ...
    @property
    def buffer_sizes(self) -> tuple[int, int, int]:
        """Bytes of kernel buffer granted for what waits to be received and to be sent, and how many were wished for."""

    def drain_events(self) -> list[Event]:
        """All waiting events, oldest first; resets `event_fd`. Never blocks."""

    def add_peer(self, peer: Peer) -> None:
        """Raises ValueError for an id in use, a bad fingerprint, or a payload type or SSRC used twice."""

    def remove_peer(self, peer: int) -> None:
        """Sends close_notify, forgets the peer and empties every slot that showed its sources. No event follows.

        Unknown ids: no-op.
        """

    def assign(self, peer: int, slot: int, source: int | None) -> None:
        """Shows `source` in `slot` from its next key frame on (asked for at once); None empties the slot.

        Nothing of the previous source is sent once this is applied. A source that is not (or no longer) known
        empties the slot.
        """

    def assign_many(self, assignments: Sequence[tuple[int, int, int | None]]) -> None:
        """`assign` for many (peer, slot, source) in one command."""

    def request_key_frame(self, source: int) -> None: ...
    def counters(self) -> dict[str, int]:
        """Totals since start: packets and bytes in, out, dropped by reason, key-frame requests, retransmissions.

        `packets_out / send_calls` is the mean number of packets that left in one system call.
        """

    def close(self) -> None:
        """Ends the thread and joins it. Idempotent."""
