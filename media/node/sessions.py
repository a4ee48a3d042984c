"""One participant's peer connection, between the names of the contract and the numbers of the packet core."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from media._core import Codec, Peer, Slot, Source
from media.contract import Offer, Publication, SessionKey
from media.node.policy import Member
from media.node.reports import LinkMeter
from media.node.sdp.answer import LocalTransport
from media.node.sdp.terms import CodecTerms, SlotTerms, Terms


@dataclass(slots=True, eq=False)
class Session:
    """`connected` once ICE and DTLS are done; only then does it take part in its room."""

    peer: int
    key: SessionKey
    member: Member
    sources: dict[Publication, int]
    slots: dict[str, int]
    meter: LinkMeter = field(default_factory=LinkMeter)
    connected: bool = False


@dataclass(slots=True)
class Numbers:
    """Ids for the core, each used once in the life of the process."""

    peer: Callable[[], int] = field(default_factory=lambda: itertools.count(1).__next__)
    source: Callable[[], int] = field(default_factory=lambda: itertools.count(1).__next__)
    slot: Callable[[], int] = field(default_factory=lambda: itertools.count(1).__next__)


def open_session(offer: Offer, terms: Terms, local: LocalTransport, numbers: Numbers) -> tuple[Session, Peer]:
    """The session of an offer on agreed terms, and the same as the core wants it."""
    sources = {source.publication: numbers.source() for source in terms.sources}
    small = sources.get("camera-small")
    slots = {slot.slot: numbers.slot() for slot in terms.slots}
    session = Session(
        peer=numbers.peer(),
        key=SessionKey(room=offer.room, participant=offer.participant, session=offer.session),
        member=Member.of(sources, slots),
        sources=sources,
        slots=slots,
    )
    peer = Peer(
        session.peer,
        local_ufrag=local.ufrag,
        local_password=local.password,
        remote_ufrag=terms.remote.ufrag,
        remote_password=terms.remote.password,
        fingerprint=terms.remote.fingerprint,
        dtls_role=terms.dtls_role,
        extensions=terms.extensions,
        feedback=terms.feedback,
        sources=[
            Source(
                sources[source.publication],
                source.kind,
                source.mid,
                _codecs(source.codecs),
                ssrc=source.ssrc,
                rtx_ssrc=source.rtx_ssrc,
                smaller=small if source.publication == "camera" else None,
            )
            for source in terms.sources
        ],
        slots=[
            Slot(
                slots[slot.slot],
                slot.kind,
                slot.mid,
                _codecs(slot.codecs),
                ssrc=slot.ssrc,
                rtx_ssrc=slot.rtx_ssrc,
                tells_arrivals=slot.tells_arrivals,
            )
            for slot in sorted(terms.slots, key=_importance)
        ],
    )
    return session, peer


def _importance(slot: SlotTerms) -> int:
    """In this order slots share a line that does not carry all of them."""
    order = ("audio", "preview-audio", "content", "stage", "preview")
    return next((place for place, name in enumerate(order) if slot.slot.startswith(name)), len(order))


def _codecs(codecs: tuple[CodecTerms, ...]) -> list[Codec]:
    return [
        Codec(
            codec.name,
            codec.format.payload_type,
            codec.format.clock_rate,
            rtx_payload_type=codec.rtx.payload_type if codec.rtx is not None else None,
            profile=codec.format.parameters.get("profile-level-id") if codec.name == "H264" else None,
        )
        for codec in codecs
    ]
