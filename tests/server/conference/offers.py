"""What a client offers a node."""

from media.contract import (
    Offer,
)
from tests.sockets import FakeNode

OFFER = {"session": "s-1", "sdp": "v=0", "publish": {"0": "microphone"}, "slots": {"1": "audio-0", "2": "tile-15"}}


def asked(node: FakeNode) -> Offer:
    return next(message for message in node.told if isinstance(message, Offer))
