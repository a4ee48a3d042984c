"""Real sample files, made when a test asks: state papers as PDF, Office files, scans and phone photos of them.

Each is made once a run (functools.cache); all return bytes. Hostile ones stand in `tests.hostile`, signed ones in
`tests.signing`."""

import base64
import io
import random
import zipfile
import zlib
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import pikepdf
import pypdfium2
import typst
import xlsxwriter
from PIL import Image, ImageFilter

PARAGRAPH = (
    "Thực hiện Nghị quyết Đại hội Đảng bộ tỉnh, sáu tháng đầu năm 2026 kinh tế của tỉnh tăng trưởng khá; thu ngân sách "
    "đạt 58% dự toán; các chương trình mục tiêu quốc gia về xây dựng nông thôn mới và giảm nghèo bền vững được các "
    "cấp ủy, chính quyền tập trung lãnh đạo, chỉ đạo thực hiện quyết liệt, đạt nhiều kết quả quan trọng."
)

_TYPST = """
#set page(paper: "a4", margin: (x: 2.5cm, y: 2cm), numbering: "1")
#set text(size: 13pt, lang: "vi")
#set par(justify: true, leading: 0.8em)
#grid(columns: (1fr, 1.2fr), align: center,
  [#sys.inputs.issuer \\ *#sys.inputs.body* \\ Số: #sys.inputs.number],
  [#sys.inputs.motto \\ \\ _Đà Lạt, #sys.inputs.date _])
#v(1em)
#if sys.inputs.mark != "" [#box(stroke: 1pt, inset: 5pt)[*#sys.inputs.mark*]]
#align(center)[*#sys.inputs.kind* \\ *#sys.inputs.about*]
#v(1em)
#let pages = int(sys.inputs.pages)
#let paragraphs = int(sys.inputs.paragraphs)
#for page in range(1, pages + 1) [
  #heading(level: 1)[Phần thứ #page]
  #for each in range(paragraphs) [#sys.inputs.paragraph Dấu hiệu trang #page dòng #each.

  ]
  #if page < pages [#pagebreak()]
]
"""


@cache
def pdf(
    pages: int = 1,
    *,
    number: str = "12-BC/TU",
    kind: str = "BÁO CÁO",
    about: str = "Kết quả công tác 6 tháng đầu năm 2026",
    date: str = "ngày 12 tháng 11 năm 2026",
    issuer: str = "ĐẢNG BỘ TỈNH LÂM ĐỒNG",
    body: str = "TỈNH ỦY",
    motto: str = "ĐẢNG CỘNG SẢN VIỆT NAM",
    mark: str = "",
    paragraphs: int = 4,
    paragraph: str = PARAGRAPH,
) -> bytes:
    """A born-digital paper with an outline entry a page. `mark`: a stamp in a box ("MẬT", "HỎA TỐC")."""
    inputs = {
        "pages": str(pages),
        "paragraphs": str(paragraphs),
        "paragraph": paragraph,
        "number": number,
        "kind": kind,
        "about": about,
        "date": date,
        "issuer": issuer,
        "body": body,
        "motto": motto,
        "mark": mark,
    }
    made: bytes = typst.compile(_TYPST.encode(), sys_inputs=inputs)
    return made


def file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def attached_pdf(*, packed: bool) -> bytes:
    """With a Word file in it, as it is or packed once more."""
    with pikepdf.open(io.BytesIO(pdf())) as document:
        document.attachments["phu-luc.docx"] = docx()
        buffer = io.BytesIO()
        document.save(
            buffer,
            compress_streams=packed,
            stream_decode_level=None if packed else pikepdf.StreamDecodeLevel.generalized,
        )
        return buffer.getvalue()


def chained_pdf(outer: str) -> bytes:
    """A scan whose JPEG is packed once more ("flate"), or whose pixels are, as letters ("ascii85")."""
    noise = Image.effect_noise((1600, 2200), 90)
    inner = io.BytesIO()
    noise.save(inner, "JPEG", quality=92)
    packed, filters = zlib.compress(inner.getvalue()), ["/FlateDecode", "/DCTDecode"]
    if outer == "ascii85":
        packed = base64.a85encode(zlib.compress(noise.tobytes())) + b"~>"
        filters = ["/ASCII85Decode", "/FlateDecode"]
    assert len(packed) > 800_000
    with pikepdf.new() as document:
        document.add_blank_page(page_size=(595, 842))
        image = document.make_stream(b"", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image)
        image.write(packed, filter=pikepdf.Array([pikepdf.Name(name) for name in filters]))
        for key, value in (("/Width", 1600), ("/Height", 2200), ("/BitsPerComponent", 8)):
            image[key] = value
        image["/ColorSpace"] = pikepdf.Name.DeviceGray
        document.pages[0].obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=image))
        document.pages[0].obj.Contents = document.make_stream(b"q 595 0 0 842 0 0 cm /I Do Q")
        buffer = io.BytesIO()
        document.save(buffer, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
        return buffer.getvalue()


# Office

_DOCX_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'
    '<Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_DOCX_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Target="word/document.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>'
)
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def zipped(parts: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def docx(
    paragraphs: tuple[str, ...] = ("BÁO CÁO", PARAGRAPH),
    *,
    pages: int = 1,
    before: str = "",
    body: str = "",
    extra: dict[str, str | bytes] | None = None,
) -> bytes:
    """A Word file of `pages` times these paragraphs. `before`: what stands before the root element; `body`: further
    XML in it; `extra`: further parts of the archive."""
    page = "".join(f'<w:p><w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>' for text in paragraphs)
    turn = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'
    document = (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<w:document xmlns:w="{_W}" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        f"<w:body>{turn.join([page] * pages)}{body}</w:body></w:document>"
    )
    return zipped(
        {
            "[Content_Types].xml": _DOCX_TYPES,
            "_rels/.rels": _DOCX_RELATIONS,
            "word/document.xml": document,
            **(extra or {}),
        }
    )


@cache
def wide_xlsx(columns: int = 20) -> bytes:
    """A sheet of that many columns, and a narrow one."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    for name, count in (("Tổng hợp", columns), ("Chú thích", 3)):
        sheet = book.add_worksheet(name)
        for row in range(10):
            sheet.write_row(row, 0, [f"h{row}c{column}" for column in range(count)])
    book.close()
    return buffer.getvalue()


@cache
def xlsx(rows: int = 30) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("Thu ngân sách")
    for row in range(rows):
        sheet.write_row(row, 0, [f"Đơn vị {row}", row * 1000, "đạt dự toán"])
    book.close()
    return buffer.getvalue()


@cache
def stray_xlsx() -> bytes:
    """A short list with a word in the sheet's very last cell, and a second sheet."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("Tổng hợp của “tỉnh”")
    for row in range(10):
        sheet.write_row(row, 0, [f"Đơn vị {row}", row])
    sheet.write(1_048_575, 16_383, "lạc")
    book.add_worksheet("Chú thích").write(0, 0, "Chú thích")
    book.close()
    return buffer.getvalue()


_O = "urn:oasis:names:tc:opendocument:xmlns:"


def odf(kind: str = "text", text: str = PARAGRAPH) -> bytes:
    """An OpenDocument text, or a presentation of one slide ("presentation")."""
    mime = f"application/vnd.oasis.opendocument.{kind}"
    body = f"<text:p>{escape(text)}</text:p>"
    if kind == "presentation":
        frame = '<draw:frame svg:x="2cm" svg:y="2cm" svg:width="20cm" svg:height="10cm">'
        body = f'<draw:page draw:name="1">{frame}<draw:text-box>{body}</draw:text-box></draw:frame></draw:page>'
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="{_O}office:1.0" '
        f'xmlns:text="{_O}text:1.0" xmlns:draw="{_O}drawing:1.0" xmlns:svg="{_O}svg-compatible:1.0" '
        f'office:version="1.2"><office:body><office:{kind}>{body}</office:{kind}></office:body>'
        "</office:document-content>"
    )
    manifest = (
        f'<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest="{_O}manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{mime}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    return zipped({"mimetype": mime, "content.xml": content, "META-INF/manifest.xml": manifest})


# Paper: what a scanner or a phone makes of the same pages


@cache
def page_image(dpi: int = 150, **of: str) -> Image.Image:
    """The first page of `pdf(**of)` as grey pixels."""
    document = pypdfium2.PdfDocument(pdf(**of))  # type: ignore[arg-type]
    return document[0].render(scale=dpi / 72, grayscale=True).to_pil()


def _scanned(angle: float, dpi: int, **of: str) -> Image.Image:
    """Slightly crooked, soft and noisy, as a cheap scanner delivers it."""
    page = page_image(dpi, **of).rotate(angle, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)
    noise = Image.frombytes("L", page.size, random.Random(1).randbytes(page.width * page.height))
    return Image.blend(page, noise.filter(ImageFilter.GaussianBlur(1)), 0.06).filter(ImageFilter.GaussianBlur(0.4))


@cache
def scan_pdf(pages: int = 1, *, angle: float = 1.5, turned: int = 0, dpi: int = 150, mark: str = "") -> bytes:
    """A PDF of scans without text: crooked by `angle` degrees, and turned by `turned` (90, 180, 270)."""
    page = _scanned(angle, dpi, mark=mark)
    if turned:
        page = page.rotate(turned, expand=True)
    buffer = io.BytesIO()
    page.save(buffer, "PDF", resolution=dpi, save_all=True, append_images=[page] * (pages - 1), quality=70)
    return buffer.getvalue()


@cache
def photo(angle: float = -2.0, dpi: int = 150) -> bytes:
    """A phone's JPEG of a sheet: dim, lying on its side with the way up in EXIF."""
    page = _scanned(angle, dpi).point(lambda value: int(60 + value * 0.55)).convert("RGB")
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° clockwise
    page.rotate(90, expand=True).save(buffer, "JPEG", quality=80, exif=exif, dpi=(dpi, dpi))
    return buffer.getvalue()


@cache
def png() -> bytes:
    buffer = io.BytesIO()
    page_image(100).save(buffer, "PNG")
    return buffer.getvalue()


# One of an iPhone's kind: what makes them is no part of the tests.
_HEIC = """
AAAAHGZ0eXBoZWl4AAAAAG1pZjFoZWl4bWlhZgAAAU9tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAA
AAAERAAAEAAQAAAAABcwABAAAAAAAABIUAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAAz2lwcnAA
AACwaXBjbwAAAHNodmNDAQQIAAAAn/gAAAAAP/AA/Pz4+AAADwNgAAEAF0ABDAH//wQIAAADAJ/4AAADAAA/ugJAYQABACdCAQEECAAAAwCf+A
AAAwAAP8AUCA8WW6kkprmwIAAAAwMgAAADACFiAAEAB0QBwXKwYkAAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAACgAAAAPAAAAAO
cGl4aQAAAAABCAAAABdpcG1hAAAAAAAAAAEAAQSBAgMEAAAEjW1kYXQAAASBKAGuFpBYFYgAOuxRGvXfWF0L1LEXxOoIcSRLAAADAX09P//8X/
YezY17peac8ePbeynI8qX9IhtfQvDnYV2rpM3WSDRFuGVQr2BPs4es5LlWLP0T6OFe6uJc5/ywKjf5Ep8VMLYyvXJJrKPckQkEWAFTrvjwpF5Q
YJqMmkn4lYDzH/kzchj4dDHd3FHI0dYd5zOFT4Bxq3+I6CvrSZEHTfY2KhAQ2AU7LO1OJ0j+5ei6DQrmEhcTVkRPtQZY5O9peq////mGZbgAdw
grQe65ULLhVVnQdXTHTnPM5AQURyUMpp6gYzVM7jQX+Yzeww2m2N/3+oy4GvOBBP05HxV8EP73RPRibSpv7sE9p7bh+VGZnDJ0hfoJ8ltCUIsV
e2DqWYEfc0c8eTI4YcOTFa3jDwW49tf3tQGjL/VDGVdmQEyUJvJOYhXxhtuGLkASxVSDxjp30RZcvTYVGwKbMAaJl9PUeK+3Nuaq1aYNn/QkJc
q+9qqcs0w1RBCH9S/k03xnEQVkOQ01qdzxMU+bQw7+98iAgTpseu1qx8e25BHU4dPf+ACZAaG9B89dLPVq4KYeLwC/iP0Cy6BKBBZgpjYPlTJ3
YluFQ8PEvDiJtKejo8hyjRN6ywIIkMoPmwCwyUBdbUNO8vmNJPxVisIcdiO0CWHQ0J+MSP0DT0typHfgE3V/pEAADqGYX9pEQhK7r37j/ezsjq
M1i8uHZB9eBkYVJdHqXu1WeVFERNeyLVfIWFWhHrex4vh6ocFvREDBKYO+pt7J9Yvl3NXybuoWZsS2fbiq/YlTlg2Tre+ntuU1cIb1E7S9MwNx
5BJOG9AUWC0MUPr9AHgbYvbGhfYAr2PAaA28JUy1Uc4CVj2+wi2xus4K9PecyDEv5rQzHKgsLeDPP40X6AmIYYrTTprrN7p3idfZkpwADgm7z3
wqkqDCKvHbuQWGMC5e3ou0k9564ZXVkTNhWNbI7dwIRc0f7FiHlGyGdctWfIn6DQGJVW1CRMJqCT8RsPXjO4j3WpRFXPiF2baW5ki74u5EuJoc
rmPt4kUcykSeJmSHVyrG81awWMpHQnkh3qZXFJ8wpiA0+966PIjEjvITSSZenfJocIBDdxivN+3lUCKgK64a0WCe+tlo9ClghgGnKUl4WM4g7A
OYGbkjeEoPHLvA76WA6UIG0o36F673rHgJFZOfQqt5aG+tifQAfMipOaFmO7BfeeGb3Q4JqY3qd5k0pK4sGbwEALBWsiDppZ7Dv8KUzXYUN6W2
XHqLsZ1bw1cUsjtutpaZzokBPKqIUfxbdN/GoFWIwgMY/z/1D3yfd17UAKJb6PBMNpvBxY1enR9pLzTaXcY0CEbM8iT/PYfAwcPAC0KwUCDMLF
8i3L6cNszm7JWr7mppw9XzFFFcBaazkOjCUgNzj2xrt0TIG0BN6vAo2gpwaElbHthF2wtpFTOxQ8Q66nEyv3prvD+0u0/+ANI62gSOK4wmpWtp
Sh/nBNEGQ65PPVCklkcBR+1mAAADAAADAgqNgd4AAAMAAAMAAAMAAAMBCw==
"""


def heic() -> bytes:
    """A photo of the words "NHIP CAU 12-BC/TU", 640 × 240."""
    return base64.b64decode(_HEIC)


@cache
def saved_as(kind: str, sheets: int = 1) -> bytes:
    """The page's image as Pillow's format `kind`, of so many sheets."""
    buffer = io.BytesIO()
    page = page_image(100)
    more = {"save_all": True, "append_images": [page] * (sheets - 1)} if sheets > 1 else {}
    page.save(buffer, kind, **more)
    return buffer.getvalue()


def pixel_png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (width, height), 255).save(buffer, "PNG")
    return buffer.getvalue()
