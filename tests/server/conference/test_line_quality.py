"""When a line counts as weak."""

from server.conference.nodes.line_quality import WeakWatch


def test_hysteresis() -> None:
    watch = WeakWatch()
    flicker = [(0, "bad"), (2, "good"), (4, "weak"), (8, "bad")]
    assert [watch.rate(1, rating, at, weak=False) for at, rating in flicker] == [None] * 4
    assert watch.rate(1, "bad", 9.1, weak=False) is True
    assert watch.rate(1, "good", 10, weak=True) is None
    assert watch.rate(1, "bad", 15, weak=True) is None
    assert watch.rate(1, "good", 16, weak=True) is None
    assert watch.rate(1, "good", 25.9, weak=True) is None
    assert watch.rate(1, "good", 26, weak=True) is False
