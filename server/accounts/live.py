"""What the live channel tells a person whatever meeting they are in."""

from server.live.feature import LiveFeature
from server.live.protocol import Wire


class NoticeSignal(Wire):
    """Signal `notice`: there is a new notice, or notices were read on another device."""

    unread: int


live_feature = LiveFeature(name="people", signals={"notice": NoticeSignal})
