"""Lines are rated without flicker, and reported from the core's statistics."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.node.reports import LinkMeter, PeerStatistics, SlotStatistics, SourceStatistics, link_report


def after(meter: LinkMeter, seconds: int, loss: float, rtt_ms: float | None = 20.0) -> str:
    for _ in range(seconds):
        rating = meter.rate(loss, rtt_ms)
    return rating


@pytest.mark.parametrize(
    ("loss", "rtt_ms", "rating"),
    [
        (0.0, 20, "good"),
        (0.02, 300, "good"),
        (0.05, 20, "weak"),
        (0.2, 20, "bad"),
        (0.0, 500, "weak"),
        (0.0, 900, "bad"),
    ],
)
def test_a_steady_line_gets_its_rating(loss: float, rtt_ms: float, rating: str) -> None:
    assert after(LinkMeter(), 20, loss, rtt_ms) == rating


def test_one_bad_second_is_not_a_weak_line() -> None:
    meter = LinkMeter()
    after(meter, 10, 0.0)
    assert after(meter, 1, 0.08) == "good"
    assert after(meter, 5, 0.0) == "good"


def test_a_line_on_the_edge_does_not_flicker() -> None:
    meter = LinkMeter()
    ratings = [meter.rate(0.02 + 0.02 * (second % 2), 20) for second in range(60)]
    changes = sum(before != now for before, now in pairwise(ratings))
    assert changes <= 1


def test_a_line_recovers_within_ten_seconds() -> None:
    meter = LinkMeter()
    assert after(meter, 20, 0.3, 900) == "bad"
    assert after(meter, 10, 0.0, 20) == "good"


@given(st.lists(st.tuples(st.floats(0, 1), st.none() | st.floats(0, 5000))))
def test_any_course_of_a_line_has_a_rating(seconds: list[tuple[float, float | None]]) -> None:
    meter = LinkMeter()
    for loss, rtt_ms in seconds:
        assert meter.rate(loss, rtt_ms) in ("good", "weak", "bad")


def source(number: int, fps: float, audio_level: int | None) -> SourceStatistics:
    return SourceStatistics(
        source=number,
        ssrc=1,
        packets=50,
        bytes=5000,
        lost=0,
        nacked=0,
        recovered=0,
        key_frames=1,
        fps=fps,
        audio_level=audio_level,
    )


@pytest.mark.parametrize(
    ("paused", "reduced", "picture", "rating"),
    [(False, False, "full", "good"), (False, True, "reduced", "weak"), (True, False, "none", "bad")],
)
def test_a_line_without_room_for_the_picture_is_not_good(
    paused: bool, reduced: bool, picture: str, rating: str
) -> None:
    slot = SlotStatistics(
        slot=5,
        source=8,
        packets=1,
        bytes=1,
        retransmitted=0,
        loss=0.0,
        waiting_key_frame=False,
        no_codec=False,
        paused=paused,
        reduced=reduced,
    )
    peer = PeerStatistics(
        peer=1,
        rtt_ms=20.0,
        bitrate_up=0,
        bitrate_down=0,
        loss_up=0.0,
        loss_down=0.0,
        limit_down=200_000,
        sources=[],
        slots=[slot],
    )
    report = link_report("point-1", LinkMeter(), peer, microphone=None, camera=None, large=[5])
    assert (report.picture_down, report.rating, report.limit_down) == (picture, rating, 200_000)
    of_others = link_report("point-1", LinkMeter(), peer, microphone=None, camera=None, large=[6])
    assert of_others.picture_down == "full"


def test_a_report_names_the_microphone_and_the_camera() -> None:
    peer = PeerStatistics(
        peer=1,
        rtt_ms=12.5,
        bitrate_up=900_000,
        bitrate_down=1_000_000,
        loss_up=0.01,
        loss_down=0.02,
        limit_down=None,
        sources=[source(7, 0.0, 31), source(8, 14.5, None), source(9, 5.0, 3)],
        slots=[],
    )
    report = link_report("point-1", LinkMeter(), peer, microphone=7, camera=8)
    assert (report.audio_level, report.camera_fps, report.rating) == (31, 14.5, "good")
    without = link_report("desk-1", LinkMeter(), peer, microphone=None, camera=None)
    assert (without.audio_level, without.camera_fps) == (None, 0.0)
