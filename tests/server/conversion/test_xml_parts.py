"""What points out of an Office file never reaches LibreOffice, in whatever part and spelling; what its authors took out
again is not in it either; and small files cannot hold the look-through up."""

import base64
import gzip
import time
import zipfile
from pathlib import Path

import pikepdf
import pytest

from server.conversion.inspection import archives
from server.conversion.refusals import Refused
from server.conversion.xml_parts import Malformed, Seen, scrubbed
from server.core.old_encodings import looks_old, to_unicode
from tests import papers
from tests.server.conversion.converting import made

XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
ADDRESSES = ["file:///etc/passwd", "FILE://x/y", "http://10.0.0.1/a.png", "//host/share/a.png", "\\\\host\\a.png"]
ADDRESSES += ["/etc/passwd", "../../var/a.pdf", "%66ile:///etc/passwd", " file:///etc/passwd", "vnd.sun.star.x:y"]


def drawing(address: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {XLINK}><image xlink:href="{address}" width="9"/></svg>'


CARRIERS = {
    "picture": lambda to: f'<d:p xmlns:d="x" {XLINK}><draw:image xmlns:draw="y" xlink:href="{to}"/></d:p>',
    "fill": lambda to: f"<s {XLINK}><fill-image xlink:href='{to}' name='F'/></s>",
    "background": lambda to: (
        f'<s {XLINK}><style:background-image xmlns:style="s" xlink:type="simple" xlink:href="{to}"/></s>'
    ),
    "object": lambda to: f'<o {XLINK}><object xlink:href="{to}" xlink:show="embed"/></o>',
    "drawing": drawing,
    "relation": lambda to: (
        f'<Relationships><Relationship Id="r" Type="x/image" Target="{to}" TargetMode="External"/></Relationships>'
    ),
    "vml": lambda to: f'<xml><v:imagedata xmlns:v="v" src="{to}"/></xml>',
}


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("address", ADDRESSES)
def test_what_points_outside_is_taken_off(carrier: str, address: str) -> None:
    seen = Seen()
    part = CARRIERS[carrier](address).encode()
    assert address.encode() not in scrubbed(part, seen)
    assert seen.points_outside
    for encoding in ("utf-16", "utf-32"):
        wide = f'<?xml version="1.0" encoding="{encoding}"?>{CARRIERS[carrier](address)}'.encode(encoding)
        assert address.encode() not in scrubbed(wide, Seen())


@pytest.mark.parametrize("packed", [lambda part: part, gzip.compress])
def test_drawings_within_pictures_are_looked_into(packed: object) -> None:
    inner = base64.b64encode(packed(drawing("file:///etc/passwd").encode())).decode()  # type: ignore[operator]
    seen = Seen()
    clean = scrubbed(f"<a><office:binary-data xmlns:office='o'>{inner}</office:binary-data></a>".encode(), seen)
    kept = base64.b64decode(clean.split(b">")[2].split(b"<")[0])
    assert seen.points_outside
    assert b"passwd" not in (gzip.decompress(kept) if kept[:1] == b"\x1f" else kept)


def test_what_belongs_to_the_file_stays_byte_for_byte() -> None:
    seen = Seen()
    for part in (
        f'<d {XLINK}><draw:image xmlns:draw="y" xlink:href="Pictures/1.png"/><text:a xmlns:text="t" '
        f'xlink:href="https://lamdong.gov.vn">Cổng</text:a><i xlink:href="#Trang 2"/></d>',
        '<Relationships><Relationship Id="a" Type="x/image" Target="../media/image1.png"/><Relationship Id="b" '
        'Type="x/hyperlink" Target="https://lamdong.gov.vn" TargetMode="External"/></Relationships>',
        f'<svg {XLINK}><use xlink:href="#a"/><image xlink:href="data:image/png;base64,AAAA"/></svg>',
    ):
        assert scrubbed(part.encode(), seen) == part.encode()
    assert not seen.points_outside


def test_a_document_type_is_no_danger_but_entities_are() -> None:
    plain = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg/>'
    assert scrubbed(plain.encode(), Seen()) == b"<svg/>"
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><svg><text>&b;</text></svg>'
    inner = base64.b64encode(bomb.encode()).decode()
    for part in (bomb.encode(), gzip.compress(bomb.encode()), bomb.encode("utf-16")):
        with pytest.raises(Refused) as refused:
            scrubbed(part, Seen())
        assert refused.value.said.code == "unsafe-xml"
    with pytest.raises(Refused):
        scrubbed(f"<a><binary-data>{inner}</binary-data></a>".encode(), Seen())
    with pytest.raises(Refused):
        scrubbed(b'<?xml version="1.0" encoding="UTF-7"?>+ADw-a href="file:///x"/+AD4-', Seen())


def test_a_part_made_to_hold_us_up_takes_no_time() -> None:
    began = time.process_time()
    with pytest.raises(Malformed):
        scrubbed(b"<a>" + b"<draw:image href " * 3_000_000, Seen())
    scrubbed(b"<a>" + b'<i href="Pictures/1"/>' * 300_000 + b"</a>", Seen())
    assert time.process_time() - began < 10


async def test_libreoffice_is_not_led_out_of_the_file(tmp_path: Path) -> None:
    """By a picture that is there for the program too: one of LibreOffice's own."""
    there = next(Path("/usr/lib/libreoffice").rglob("*.png"), None) or next(Path("/usr/share").rglob("*.png"))
    content = papers.odf("presentation", text="Trang một")
    source = papers.file(tmp_path, "a.odp", content)
    with zipfile.ZipFile(source) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    frame = (
        '<draw:frame svg:width="18cm" svg:height="14cm" svg:x="1cm" svg:y="3cm" '
        'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<draw:image xlink:href="{there.as_uri()}" xlink:type="simple"/></draw:frame></draw:page>'
    )
    parts["content.xml"] = parts["content.xml"].replace(b"</draw:page>", frame.encode())
    assert b"draw:image" in parts["content.xml"]
    done = await made(tmp_path / "job", papers.zipped(parts), "a.odp")  # type: ignore[arg-type]
    assert [each.code for each in done.report.warnings] == ["outside-links"]
    assert b"/Image" not in (done.result / "reading.pdf").read_bytes()


REVIEWED = (
    '<w:p><w:r><w:t xml:space="preserve">Kinh phí </w:t></w:r><w:del w:id="1"><w:r><w:delText>năm tỷ</w:delText></w:r>'
    '</w:del><w:ins w:id="2"><w:r><w:t>ba tỷ</w:t></w:r></w:ins><w:r><w:t xml:space="preserve"> đồng</w:t></w:r></w:p>'
    "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>hàng giữ</w:t></w:r></w:p></w:tc></w:tr><w:tr><w:trPr><w:del/></w:trPr><w:tc>"
    "<w:p><w:r><w:t>hàng bỏ</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
)


def test_a_cell_that_was_deleted_is_taken_out() -> None:
    row = (
        '<w:tr xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        '<w:tc><w:tcPr><w:cellDel w:id="1"/></w:tcPr><w:p><w:r><w:t>ô bỏ</w:t></w:r></w:p></w:tc>'
        "<w:tc><w:p><w:r><w:t>ô giữ</w:t></w:r></w:p></w:tc></w:tr>"
    )
    seen = Seen()
    clean = scrubbed(row.encode(), seen).decode()
    assert ("ô bỏ" in clean, "ô giữ" in clean, seen.reviewed) == (False, True, True)


async def test_words_that_were_deleted_are_not_published(tmp_path: Path) -> None:
    done = await made(tmp_path / "job", papers.docx(body=REVIEWED), "a.docx")
    text = done.pages[0].text
    assert "Kinh phí ba tỷ đồng" in text
    assert "năm tỷ" not in text
    assert ("hàng giữ" in text, "hàng bỏ" in text) == (True, False)
    assert "review-removed" in {each.code for each in done.report.warnings}


COMMENTED = {
    "word/_rels/document.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId7" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments" Target="comments.xml"/>'
        "</Relationships>"
    ),
    "word/comments.xml": (
        '<w:comments xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:comment w:id="0" '
        'w:author="Người soạn"><w:p><w:r><w:t>GHI CHÚ KÍN</w:t></w:r></w:p></w:comment></w:comments>'
    ),
}


async def test_comments_are_not_published_and_told_of(tmp_path: Path) -> None:
    marked = '<w:p><w:commentRangeStart w:id="0"/><w:r><w:t>Kinh phí ba tỷ</w:t></w:r><w:commentRangeEnd w:id="0"/>'
    body = marked + '<w:r><w:commentReference w:id="0"/></w:r></w:p>'
    done = await made(tmp_path / "job", papers.docx(body=body, extra=dict(COMMENTED)), "a.docx")
    assert "Kinh phí ba tỷ" in done.pages[0].text
    assert "review-removed" in {each.code for each in done.report.warnings}
    with pikepdf.open(done.result / "reading.pdf") as document:
        said = "".join(repr(each) for each in document.objects)
        assert not any("/Annots" in page.obj for page in document.pages)
    assert "KÍN" not in done.pages[0].text
    assert "Người soạn" not in said


def old_run(text: str, font: str) -> str:
    return f'<w:p><w:r><w:rPr><w:rFonts w:ascii="{font}" w:hAnsi="{font}"/></w:rPr><w:t>{text}</w:t></w:r></w:p>'


async def test_text_of_old_fonts_becomes_unicode(tmp_path: Path) -> None:
    body = old_run("Ch\u00ad¬ng tr×nh hµnh ®éng cña TØnh ñy", ".VnTime") + old_run("TØnh ñy", ".VnTimeH")
    body += old_run("Höôùng daãn cuûa Tænh uûy Laâm Ñoàng", "VNI-Times") + old_run("Số 5 là ©", "Arial")
    done = await made(tmp_path / "job", papers.docx(body=body), "a.docx")
    text = done.pages[0].text
    for said in ("Chương trình hành động của Tỉnh ủy", "TỈNH ỦY", "Hướng dẫn của Tỉnh ủy Lâm Đồng", "Số 5 là ©"):
        assert said in text
    assert "old-fonts" in {each.code for each in done.report.warnings}


def test_old_encodings() -> None:
    assert to_unicode("Céng hoµ x· héi chñ nghÜa ViÖt Nam", "tcvn3") == "Cộng hoà xã hội chủ nghĩa Việt Nam"
    assert to_unicode("ÑAÛNG BOÄ ñöôøng thöù tö", "vni") == "ĐẢNG BỘ đường thứ tư"
    assert looks_old("Thùc hiÖn Ch¬ng tr×nh hµnh ®éng cña TØnh ñy L©m §ång")
    assert not looks_old(papers.PARAGRAPH + " © 2026 § 5")


def test_excels_drawings_that_are_no_xml_do_no_harm(tmp_path: Path) -> None:
    content = papers.docx(extra={"xl/drawings/vmlDrawing1.vml": '<xml><font href="x"><br></font></xml>'})
    found = archives.check(papers.file(tmp_path, "a.docx", content))
    assert found is not None
    assert found.warnings == []
