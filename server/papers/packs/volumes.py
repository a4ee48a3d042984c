"""Very large packs go out in numbered volumes: files that tablets open and lines carry, each bound by itself."""

from collections.abc import Mapping, Sequence

from server.pdf.messages import PackCover, PackItem

PAGES_MAX = 6_000
"""Of one volume."""


def divided(items: Sequence[PackItem], sizes: Mapping[int, int], bytes_max: int) -> list[list[PackItem]]:
    """The items once for each volume, every paper naming the volume it is in (0: this one). Papers stay in their order
    and whole: one that is larger than a volume has one for itself. `sizes`: version id -> bytes."""
    places: dict[int, int] = {}
    volume, held, pages = 1, 0, 0
    for paper in (paper for item in items for paper in item.papers):
        size = sizes[paper.version_id]
        if held and (held + size > bytes_max or pages + paper.pages > PAGES_MAX):
            volume, held, pages = volume + 1, 0, 0
        places[paper.version_id] = volume
        held, pages = held + max(size, 1), pages + paper.pages
    return [
        [
            item.model_copy(
                update={
                    "papers": [
                        paper.model_copy(
                            update={"volume": 0 if places[paper.version_id] == number else places[paper.version_id]}
                        )
                        for paper in item.papers
                    ]
                }
            )
            for item in items
        ]
        for number in range(1, volume + 1)
    ]


def named(cover: PackCover, number: int, of: int) -> PackCover:
    return cover.model_copy(update={"volume": f"Tập {number}/{of}"}) if of > 1 else cover
