"""The one font of stamps and page numbers, as an object of a PDF file: its codes are Unicode's (see `lettering`), and
only the letters that may be written are in it."""

import functools
import io
import zlib

import pikepdf
from fontTools import subset
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name

from server.pdf import text_metrics

_CODES = 0x10000


@functools.cache
def _font() -> TTFont:
    options = subset.Options(
        layout_features=[],
        drop_tables=["FFTM", "GPOS", "GSUB", "GDEF"],
        hinting=False,
        notdef_outline=True,
        name_IDs=[],
    )
    font = subset.load_font(str(text_metrics.FILE), options)
    wanted = subset.Subsetter(options)
    wanted.populate(unicodes=[code for first, last in text_metrics.RANGES for code in range(first, last + 1)])
    wanted.subset(font)
    return font


@functools.cache
def _widths() -> dict[int, int]:
    """Thousandths of the font's size, by code."""
    font = _font()
    metrics, unit = font["hmtx"].metrics, font["head"].unitsPerEm
    return {code: round(metrics[glyph][0] * 1000 / unit) for code, glyph in font.getBestCmap().items()}


def embedded(pdf: pikepdf.Pdf) -> pikepdf.Object:
    """The font as an object of this file (ISO 32000-1 section 9.7)."""
    font = _font()
    packed = io.BytesIO()
    font.save(packed)
    scale = 1000 / font["head"].unitsPerEm
    head, lines = font["head"], font["hhea"]
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name("/NHIPCU+LiberationSerif"),
        Flags=4,
        FontBBox=Array([round(edge * scale) for edge in (head.xMin, head.yMin, head.xMax, head.yMax)]),
        ItalicAngle=0,
        Ascent=round(lines.ascent * scale),
        Descent=round(lines.descent * scale),
        CapHeight=660,
        StemV=80,
        FontFile2=pdf.make_stream(packed.getvalue(), Length1=len(packed.getvalue())),
    )
    glyphs = bytearray(2 * _CODES)
    spacing = Array()
    for code, glyph in sorted(font.getBestCmap().items()):
        glyphs[2 * code : 2 * code + 2] = font.getGlyphID(glyph).to_bytes(2, "big")
        spacing.extend([code, Array([_widths()[code]])])
    kept = pdf.make_stream(zlib.compress(bytes(glyphs), 9), Filter=Name.FlateDecode)
    face = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=Name("/NHIPCU+LiberationSerif"),
        CIDSystemInfo=Dictionary(Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("Identity"), Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor),
        DW=500,
        W=spacing,
        CIDToGIDMap=kept,
    )
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=Name("/NHIPCU+LiberationSerif"),
            Encoding=Name("/Identity-H"),
            DescendantFonts=Array([pdf.make_indirect(face)]),
            ToUnicode=pdf.make_stream(_to_unicode()),
        )
    )


def _to_unicode() -> bytes:
    """Codes are characters. A range may not cross a high byte, nor a section have more than 100 ranges."""
    highs = sorted({code >> 8 for code in _widths()})
    ranges = "\n".join(f"<{high:02X}00> <{high:02X}FF> <{high:02X}00>" for high in highs)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        f"{len(highs)} beginbfrange\n{ranges}\nendbfrange\n"
        "endcmap CMapName currentdict /CMap defineresource pop end end\n"
    ).encode()
