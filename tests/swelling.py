"""Files that swell when they are opened: each is small, takes a second or less to make, and would keep a machine busy
for minutes."""

import gzip
import io
import random
import struct
import zipfile
import zlib

import pikepdf
from pikepdf import Array, Name

from tests import papers

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_PARAGRAPH = b"<w:p><w:r><w:t>a</w:t></w:r></w:p>"
_MEGA = 1024 * 1024


def document_xml(size: int) -> bytes:
    """About as many bytes of a document, with something in it that has it read."""
    return f'<w:document {_W} href="">'.encode() + _PARAGRAPH * (size // len(_PARAGRAPH)) + b"</w:document>"


def _docx(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO(papers.docx())
    with zipfile.ZipFile(buffer, "a", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def text_docx() -> bytes:
    """180 MB of paragraphs, behind enough noise to hide how tightly they are packed."""
    noise = random.Random(1).randbytes(3 * _MEGA)
    return _docx({"word/media/noise.bin": noise, "word/more.xml": document_xml(180 * _MEGA)})


def many_parts_docx() -> bytes:
    return _docx({f"word/more{number}.xml": document_xml(30 * _MEGA) for number in range(8)})


def other_method_docx(method: int = zipfile.ZIP_BZIP2) -> bytes:
    return _docx({"word/media/a.bin": bytes(300 * _MEGA)}, method)


def overlapping_docx() -> bytes:
    """One part that the table lists a hundred times."""
    content = _docx({"word/media/a.bin": random.Random(1).randbytes(_MEGA) + bytes(20 * _MEGA)})
    end = content.rindex(b"PK\5\6")
    count, _, _, start = struct.unpack("<HHII", content[end + 8 : end + 20])
    entry = content[content.rindex(b"PK\1\2", 0, end) : end]
    table = content[start:end] + entry * 99
    tail = content[end : end + 8] + struct.pack("<HHIIH", count + 99, count + 99, len(table), start, 0)
    return content[:start] + table + tail


def packed_drawings_docx() -> bytes:
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg">' + b'<g href="#a"/>' * 4_000_000 + b"</svg>"
    return _docx({f"word/media/{number}.svgz": gzip.compress(drawing) for number in range(4)})


def attributes_docx() -> bytes:
    """One tag of a million attributes."""
    tag = b"<w:a " + b" ".join(b'a%d="1"' % number for number in range(1_000_000)) + b"/>"
    return _docx({"word/more.xml": f'<w:document {_W} href="">'.encode() + tag + b"</w:document>"})


def chains_pdf(filters: int = 2) -> bytes:
    """Thirty streams of 480 MB, each packed twice or three times."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(8 * _MEGA)) for _ in range(60)) + packer.flush()
    for _ in range(filters - 1):
        packed = zlib.compress(packed, 9)
    with pikepdf.open(io.BytesIO(papers.pdf(1))) as document:
        for number in range(30):
            stream = document.make_stream(b"")
            stream.write(packed, filter=Array([Name.FlateDecode] * filters))
            document.Root[f"/X{number}"] = stream
        buffer = io.BytesIO()
        document.save(buffer, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
        return buffer.getvalue()


# Large, and honest.


def long_docx() -> bytes:
    """12 MB of text of many words."""
    words = random.Random(1).choices(papers.PARAGRAPH.split(), k=600_000)
    paragraphs = tuple(" ".join(words[at : at + 60]) for at in range(0, len(words), 60))
    return papers.docx(paragraphs)


def bitmap_docx() -> bytes:
    """A white screenshot as Word keeps it, 36 MB in 36 kB, beside one with noise."""
    noise = random.Random(1).randbytes(2 * _MEGA)
    return _docx({"word/media/image1.bmp": b"BM" + b"\xff" * (36 * _MEGA), "word/media/image2.bmp": noise})


def white_sheet_docx(width: int = 6000, height: int = 4000, told: int | None = None) -> bytes:
    """An empty sheet that was scanned as a bitmap in colour: 72 MB in 72 kB. `told`: the height that its head says."""
    head = struct.pack("<2sIxxxxIIiiHHI24x", b"BM", 54 + 3 * width * height, 54, 40, width, told or height, 1, 24, 0)
    return _docx({"word/media/image1.bmp": head + b"\xff" * (3 * width * height)})


def picture_in_attribute_docx() -> bytes:
    """A drawing with a photo of 6 MB in one attribute."""
    photo = random.Random(1).randbytes(3 * _MEGA).hex()
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="data:image/png;base64,{photo}"/></svg>'
    return _docx({"word/media/a.svg": drawing.encode()})


def white_scans_pdf() -> bytes:
    """Twelve almost white pages in colour at 600 dots per inch, packed by Deflate alone."""
    width, height = 4960, 7016
    packer = zlib.compressobj(6)
    dots = random.Random(1)
    line = bytes([255]) * (width * 3)
    rows = [
        line[:at] + dots.randbytes(60) + line[at + 60 :] for at in (dots.randrange(width * 3 - 60) for _ in range(64))
    ]
    packed = b"".join(packer.compress(rows[y % 64]) for y in range(height)) + packer.flush()
    with pikepdf.open(io.BytesIO(papers.pdf(1))) as document:
        for number in range(12):
            image = document.make_stream(b"", Type=Name.XObject, Subtype=Name.Image, Width=width, Height=height)
            image.ColorSpace, image.BitsPerComponent = Name.DeviceRGB, 8
            image.write(packed, filter=Name.FlateDecode)
            document.Root[f"/X{number}"] = image
        buffer = io.BytesIO()
        document.save(buffer, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
        return buffer.getvalue()
