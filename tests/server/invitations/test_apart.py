"""The letters of one file, each by itself."""

from datetime import UTC, datetime

import pypdfium2
from PIL import ImageChops

from server.invitations.letters import Invited, Occasion
from server.invitations.official.schemas import LetterFields
from server.invitations.official.typeset import Sheet, Text, singles, typeset

AT = datetime(2026, 12, 8, 0, 30, tzinfo=UTC)


def test_a_letter_by_itself_looks_as_in_the_printers_volume() -> None:
    """Code included, and one of two pages, too."""
    occasion = Occasion("Hội nghị", "Tỉnh ủy Lâm Đồng", AT, AT, "Nguyễn Văn A")
    fields = LetterFields.model_validate({"form": "party", "organ": "Tỉnh ủy Lâm Đồng", "personal_code": True})
    for content in ("Sơ kết", "\n".join(f"- Nội dung thứ {n}" for n in range(60))):
        text = Text(occasion, fields.model_copy(update={"content": content}), "07 giờ 30 phút")
        sheets = [
            Sheet(Invited(f"Đại biểu {n}", "", guest=False, place=""), f"https://hop.example/join/{n:043}")
            for n in range(12)
        ]
        volume = pypdfium2.PdfDocument(typeset(text, sheets))
        letters = [pypdfium2.PdfDocument(letter.shared + letter.own) for letter in singles(text, sheets)]
        assert len(volume) == sum(map(len, letters))
        pages = [page for letter in letters for page in letter]
        for there, here in zip(volume, pages, strict=True):
            first, second = there.render(scale=2).to_pil().convert("L"), here.render(scale=2).to_pil().convert("L")
            assert first.getextrema()[0] < 50
            # Edges of modules may fall a hair beside.
            assert ImageChops.difference(first, second).point(lambda value: value > 200 and 255).getbbox() is None
