"""Files that somebody careless or ill-meaning could send. Each is small on disk."""

import io
import re
import struct
import zipfile
import zlib

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from tests import papers


def _saved(document: pikepdf.Pdf, **options: object) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def _opened() -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(papers.pdf()))


def encrypted_pdf() -> bytes:
    return _saved(_opened(), encryption=pikepdf.Encryption(user="mat-khau", owner="chu"))


def restricted_pdf() -> bytes:
    """No password to open, one to print."""
    return _saved(_opened(), encryption=pikepdf.Encryption(user="", owner="chu"))


def dynamic_form_pdf() -> bytes:
    """Its page says "Please wait…"; the form is XML that one program alone draws."""
    with _opened() as document:
        form = document.make_stream(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'/>")
        document.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([]), XFA=form)
        document.Root.NeedsRendering = True
        return _saved(document)


def truncated_pdf() -> bytes:
    content = papers.pdf(3)
    return content[: len(content) * 2 // 3]


def acting_pdf() -> bytes:
    """Scripts on opening, on closing, in a link and by name; a launch action, an embedded file, a form with XFA; and
    one good link."""
    document = _opened()
    script = Dictionary(Type=Name.Action, S=Name.JavaScript, JS=String("app.alert('x')"))
    launch = Dictionary(Type=Name.Action, S=Name.Launch, F=String("calc.exe"))
    root = document.Root
    root.OpenAction = document.make_indirect(script)
    root.AA = Dictionary(WC=Dictionary(script))
    root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("x"), Dictionary(script)])))
    root.AcroForm = Dictionary(Fields=Array([]), XFA=document.make_stream(b"<xdp/>"))
    document.attachments["virus.exe"] = b"MZ harmful"

    def link(action: Dictionary, subtype: Name = Name.Link) -> pikepdf.Object:
        return document.make_indirect(
            Dictionary(Type=Name.Annot, Subtype=subtype, Rect=Array([10, 10, 90, 90]), A=action)
        )

    page = document.pages[0].obj
    page.AA = Dictionary(O=Dictionary(script))
    page.Annots = Array(
        [
            link(Dictionary(launch)),
            link(Dictionary(S=Name.URI, URI=String("https://lamdong.gov.vn/"))),
            link(Dictionary(S=Name.URI, URI=String("javascript:alert(1)"))),
            link(Dictionary(S=Name.GoTo, D=String("x"), Next=Dictionary(script))),
            link(Dictionary(script), Name.RichMedia),
        ]
    )
    return _saved(document)


def long_pdf(pages: int = 10_000) -> bytes:
    document = pikepdf.new()
    for _ in range(pages):
        document.add_blank_page(page_size=(100, 100))
    return _saved(document, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def deflate_bomb_pdf(chained: bool = False) -> bytes:
    """A page whose content inflates to 1.5 GiB; `chained`: by two filters, from a few kilobytes."""
    packer = zlib.compressobj(9)
    start = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b" " * (8 * 1024 * 1024)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = start + block * 190 + packer.flush()  # after a full flush blocks do not look back, so they repeat
    document = _opened()
    content = document.make_stream(b"")
    if chained:
        content.write(zlib.compress(packed, 9), filter=Array([Name.FlateDecode, Name.FlateDecode]))
    else:
        content.write(packed, filter=Name.FlateDecode)
    document.pages[0].obj.Contents = content
    return _saved(document, compress_streams=False, recompress_flate=False)


def huge_image_pdf() -> bytes:
    """A few bytes that claim to be ten thousand million pixels."""
    document = _opened()
    image = document.make_stream(b"\0" * 10)
    for key, value in (("/Type", Name.XObject), ("/Subtype", Name.Image), ("/ColorSpace", Name.DeviceGray)):
        image[key] = value
    for key, number in (("/Width", 100_000), ("/Height", 100_000), ("/BitsPerComponent", 1)):
        image[key] = number
    document.pages[0].obj.Resources.XObject = Dictionary(Im0=image)
    return _saved(document)


def zip_bomb_docx() -> bytes:
    """Two hundred megabytes of one letter beside a document."""
    return papers.docx(extra={"word/media/a.bin": b"A" * (200 * 1024 * 1024)})


def lying_zip_docx() -> bytes:
    """The table says that a part is small; it inflates to far more."""
    content = bytearray(papers.docx(extra={"word/media/a.xml": b"A" * (64 * 1024 * 1024)}))
    size = struct.pack("<I", 64 * 1024 * 1024)
    return bytes(content.replace(size, struct.pack("<I", 1000)))


def pixel_bomb_png() -> bytes:
    """30,000 × 30,000 white pixels in under a megabyte."""
    side = 30_000

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = b"\0" + b"\xff" * ((side + 7) // 8)
    rows = b"".join(packer.compress(row * 1000) for _ in range(side // 1000)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def program() -> bytes:
    return b"MZ\x90\0\x03" + b"\0" * 55 + b"\x80\0\0\0" + b"This program cannot be run in DOS mode.\r\n$" + b"\0" * 900


def pdf_and_zip() -> bytes:
    """Opens as a PDF, and as an archive."""
    return papers.pdf() + papers.zipped({"harm.js": "alert(1)"})


def page_and_pdf() -> bytes:
    """Opens as a PDF, and as a web page."""
    return b"<html><script>alert(1)</script><!--\n" + papers.pdf()


def uncompressed_heif() -> bytes:
    """A whole HEIF file whose picture is packed in a way that is hardly ever used."""

    def box(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content) + 8) + kind + content

    return box(b"ftyp", b"mif1\0\0\0\0mif1unif") + box(b"meta", b"\0" * 40) + box(b"mdat", b"\0" * 400)


def certificate_locked_pdf() -> bytes:
    """For the holder of a certificate (ISO 32000-1 section 7.6.4)."""
    with _opened() as document:
        content = _saved(document, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    lock = b"/Encrypt << /Filter /Adobe.PubSec /SubFilter /adbe.pkcs7.s5 /V 4 /R 4 /Length 128 >> /Root"
    return content[: content.rindex(b"trailer")] + content[content.rindex(b"trailer") :].replace(b"/Root", lock, 1)


def circular_pdf() -> bytes:
    """Two pages, and the tree of pages a branch of itself: qpdf gives up, PDFium does not."""
    with pikepdf.open(io.BytesIO(papers.pdf(2))) as document:
        content = _saved(document, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    tree = re.search(rb"/Pages (\d+) 0 R", content)
    assert tree is not None
    return content.replace(b"/Kids [ ", b"/Kids [ %s 0 R " % tree[1], 1)


def looped_tree_pdf() -> bytes:
    """A page, and beside it branches of the page tree that lead to each other and never to a page: neither qpdf nor
    PDFium opens it."""
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 /MediaBox [0 0 400 600] >>",
        3: b"<< /Type /Page /Parent 2 0 R /Contents 6 0 R /Resources << /Font << /F 7 0 R >> >> >>",
        4: b"<< /Type /Pages /Kids [5 0 R] /Count 1 >>",
        5: b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        6: b"<< /Length 44 >> stream\nBT /F 20 Tf 60 300 Td (Trang con lai) Tj ET  \nendstream",
        7: b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
    }
    content, places = b"%PDF-1.7\n", []
    for number, said in objects.items():
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, said)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer << /Size 8 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(content)
    return content + b"xref\n0 8\n0000000000 65535 f \n" + table + trailer


def plain_zip() -> bytes:
    return papers.zipped({"a.txt": "x"})


def xxe_docx() -> bytes:
    return papers.docx(before='<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>')


def macro_docx() -> bytes:
    return papers.docx(extra={"word/vbaProject.bin": b"\xd0\xcf\x11\xe0" + b"\0" * 600})


def macros_only() -> bytes:
    types = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.ms-excel.addin.macroEnabled.main+xml"/>'
        "</Types>"
    )
    return papers.zipped({"[Content_Types].xml": types, "xl/workbook.xml": "<workbook/>"})


def outside_docx(target: str) -> bytes:
    """A picture that lies elsewhere: on the server's disk, or in a network."""
    relations = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId9" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" '
        f'Target="{target}" TargetMode="External"/></Relationships>'
    )
    drawing = (
        '<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/'
        'wordprocessingDrawing"><wp:extent cx="3000000" cy="3000000"/><wp:docPr id="1" name="p"/>'
        '<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData '
        'uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic '
        'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:nvPicPr><pic:cNvPr id="1" name="p"/>'
        '<pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:link="rId9"/><a:stretch><a:fillRect/></a:stretch>'
        '</pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="3000000" cy="3000000"/></a:xfrm>'
        '<a:prstGeom prst="rect"/></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>'
    )
    return papers.docx(body=drawing, extra={"word/_rels/document.xml.rels": relations})


def encrypted_odt() -> bytes:
    manifest = (
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>'
        "</manifest:manifest>"
    )
    mime = "application/vnd.oasis.opendocument.text"
    return papers.zipped({"mimetype": mime, "content.xml": "x", "META-INF/manifest.xml": manifest})


def encrypted_docx() -> bytes:
    """What Office makes of a locked .docx: a compound file with a stream EncryptedPackage."""
    return _compound({"EncryptedPackage": b"\0" * 5000, "EncryptionInfo": b"\0" * 5000})


def _compound(streams: dict[str, bytes]) -> bytes:
    """A compound file (MS-CFB, version 3): header, one sector of table, two of directory, then the streams."""
    free, end, table = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    sectors: list[bytes] = []
    fat = [table, 2, end]
    entries = [("Root Entry", 5, end, 0, 1)]
    for name, content in streams.items():
        start = len(fat)
        count = (len(content) + 511) // 512
        fat += [*range(start + 1, start + count), end]
        sectors.append(content.ljust(count * 512, b"\0"))
        entries.append((name, 2, start, len(content), free))
    directory = b""
    for index, (name, kind, start, size, child) in enumerate(entries):
        text = name.encode("utf-16-le")
        right = index + 1 if 0 < index < len(entries) - 1 else free
        directory += text.ljust(64, b"\0") + struct.pack(
            "<HBBIII16sIQQIQ", len(text) + 2, kind, 1, free, right, child, b"", 0, 0, 0, start, size
        )
    directory = directory.ljust(1024, b"\0")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    header += struct.pack("<HHHHHHIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 0, 0, 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", 0, *[free] * 108)
    table_sector = struct.pack("<128I", *fat, *[free] * (128 - len(fat)))
    return header + table_sector + directory + b"".join(sectors)


def truncated_docx() -> bytes:
    content = papers.docx(pages=20)
    return content[: len(content) // 2]


def damaged_docx() -> bytes:
    """The archive is whole, its document is not."""
    buffer = io.BytesIO(papers.docx())
    with zipfile.ZipFile(buffer) as archive:
        at = archive.getinfo("word/document.xml").header_offset + 80
    content = bytearray(buffer.getvalue())
    content[at : at + 40] = b"\xff" * 40
    return bytes(content)


def truncated_jpeg() -> bytes:
    content = papers.photo()
    return content[: len(content) // 2]
