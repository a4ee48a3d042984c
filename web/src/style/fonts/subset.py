"""Makes the two font files of the web application from the whole Be Vietnam Pro (SIL Open Font License, OFL.txt):

    pip install fonttools brotli
    python web/src/style/fonts/subset.py FOLDER

FOLDER holds BeVietnamPro-Regular.ttf and BeVietnamPro-SemiBold.ttf as github.com/bettergui/BeVietnamPro has them.
Each of the files is 14 kB where the usual split into Latin and Vietnamese is 33: one file a weight, without the hints
for screens of the nineties and without letters that no page of ours has. The letters of the Central Highlands that the
typeface lacks (Ŏ in Ea Ŏ, Ŭ in Krông Bŭk, Ƀ) are put together from its own strokes.
"""

import sys
import unicodedata
from pathlib import Path

from fontTools import subset
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

WEIGHTS = {"Regular": 400, "SemiBold": 600}
TONES = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
VOWELS = "aăâeêioôơuưy"
MARKS = "\u0300\u0301\u0302\u0303\u0304\u0306\u0308\u0309\u030c\u031b\u0323"
HIGHLANDS = "ČčĔĕĬĭŎŏŬŭɃƀÑñŇňÏïËëÖöÜüÄäÇçŠšŽž"
SIGNS = "–—―‘’‚“”„…•·×÷±°²³½¼¾§©®™−≤≥≈≠€₫«»¡¿‰⁄¬µ¶ªº¹"
SAME = {0xA0: " ", 0x2007: "0", 0x2009: " ", 0x202F: " ", 0x02BC: "\u2019", 0xA78C: "'"}
"""What looks like another: spaces by their width, the apostrophes of K'Ho and Ê Đê."""


def letters() -> str:
    vietnamese = {unicodedata.normalize("NFC", vowel + tone) for vowel in VOWELS for tone in TONES} | {"đ"}
    ascii_ = {chr(code) for code in range(0x20, 0x7F)}
    return "".join(sorted(vietnamese | {each.upper() for each in vietnamese} | ascii_ | set(MARKS + HIGHLANDS + SIGNS)))


def add(font: TTFont, character: str, pen: TTGlyphPen, width: int) -> None:
    name = f"uni{ord(character):04X}"
    font.setGlyphOrder([*font.getGlyphOrder(), name])
    font["glyf"][name] = pen.glyph()
    font["hmtx"][name] = (width, 0)
    font["glyf"][name].recalcBounds(font["glyf"])
    font["hmtx"][name] = (width, font["glyf"][name].xMin)
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[ord(character)] = name


def anchors(font: TTFont, base: str, mark: str) -> tuple[int, int]:
    """How far the mark moves to stand on the base (OpenType GPOS, MarkBasePos)."""
    for lookup in font["GPOS"].table.LookupList.Lookup:
        for each in lookup.SubTable:
            table = getattr(each, "ExtSubTable", each)
            if table.LookupType != 4 or base not in table.BaseCoverage.glyphs or mark not in table.MarkCoverage.glyphs:
                continue
            placed = table.MarkArray.MarkRecord[table.MarkCoverage.glyphs.index(mark)]
            stand = table.BaseArray.BaseRecord[table.BaseCoverage.glyphs.index(base)].BaseAnchor[placed.Class]
            if stand is not None:
                return (
                    stand.XCoordinate - placed.MarkAnchor.XCoordinate,
                    stand.YCoordinate - placed.MarkAnchor.YCoordinate,
                )
    raise LookupError(f"{mark} has no place on {base}")


def compose(font: TTFont, character: str) -> None:
    known = font.getBestCmap()
    base, mark = list(unicodedata.normalize("NFD", character))
    under = known[ord("ı" if base == "i" else base)]
    pen = TTGlyphPen(font.getGlyphSet())
    pen.addComponent(under, (1, 0, 0, 1, 0, 0))
    pen.addComponent(known[ord(mark)], (1, 0, 0, 1, *anchors(font, under, known[ord(mark)])))
    add(font, character, pen, font["hmtx"][under][0])


def stroke(font: TTFont, character: str, letter: str) -> None:
    """ƀ or Ƀ: a stroke through the stem, as thick as đ's and mirrored from it."""
    glyf, known = font["glyf"], font.getBestCmap()

    def points(of: str) -> list[tuple[int, int]]:
        return list(glyf[known[ord(of)]].getCoordinates(glyf)[0])

    outer = max(x for x, _ in points("đ"))
    low, high = sorted({y for x, y in points("đ") if x == outer})
    inner = min(x for x, y in points("đ") if y == high)
    their_left, their_right = (side(x for x, y in points("d") if y == 0) for side in (min, max))
    feet = sorted(x for x, y in points(letter) if y == 0)[:2]
    if letter == "B":  # in the middle of the upper bowl, where Đ has room enough
        feet = [feet[0], feet[0] + their_right - their_left]
        counter = [y for x, y in points("B") if x == min(x for x, _ in points("B") if x > feet[0])]
        down = (sorted(counter)[-1] + sorted(counter)[-2]) // 2 - (low + high) // 2
        low, high = low + down, high + down
    left, right = max(feet[0] - (outer - their_right), 8), feet[1] + (their_left - inner)
    pen = TTGlyphPen(font.getGlyphSet())
    font.getGlyphSet()[known[ord(letter)]].draw(pen)
    for index, corner in enumerate(((left, low), (left, high), (right, high), (right, low))):
        (pen.lineTo if index else pen.moveTo)(corner)
    pen.closePath()
    add(font, character, pen, font["hmtx"][known[ord(letter)]][0])


def make(source: Path, target: Path) -> None:
    font = TTFont(source)
    for character in HIGHLANDS:
        if ord(character) in font.getBestCmap():
            continue
        if len(unicodedata.normalize("NFD", character)) == 2:
            compose(font, character)
    stroke(font, "ƀ", "b")
    stroke(font, "Ƀ", "B")
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap |= {code: table.cmap[ord(same)] for code, same in SAME.items() if code not in table.cmap}
    options = subset.Options(
        flavor="woff2",
        hinting=False,
        layout_features=["kern", "mark", "mkmk", "ccmp", "locl"],
        name_IDs=[0, 1, 2, 13, 14],
    )
    cutter = subset.Subsetter(options)
    cutter.populate(text=letters(), unicodes=list(SAME))
    cutter.subset(font)
    subset.save_font(font, target, options)
    print(f"{target.name}: {target.stat().st_size} bytes, {len(font.getBestCmap())} letters and signs")


if __name__ == "__main__":
    for style, weight in WEIGHTS.items():
        make(
            Path(sys.argv[1]) / f"BeVietnamPro-{style}.ttf", Path(__file__).with_name(f"be-vietnam-pro-{weight}.woff2")
        )
