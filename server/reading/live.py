"""What the live channel tells a reader whatever meeting they are in."""

from server.live.feature import LiveFeature
from server.live.protocol import Wire


class NotesSignal(Wire):
    """Signal `notes`: notes were written on one of this person's devices. Who does not have `seq` yet asks for them."""

    seq: int


live_feature = LiveFeature(name="reading", signals={"notes": NotesSignal})
