"""QR codes: SVG for pages and print, PNG for who puts them into a document of their own."""

import io
from functools import lru_cache

import segno


def png(text: str) -> bytes:
    """The same, 20 pixels a module: sharp on a page of A4."""
    file = io.BytesIO()
    made = segno.make(text, error="m", boost_error=False, micro=False)
    made.save(file, kind="png", border=4, light="#fff", dark="#000", scale=20)
    return file.getvalue()


def svg(text: str) -> str:
    """Dark on white with the quiet zone that the standard asks for; scales to any size. Error correction M: a crease or
    a thumb on paper does not hurt, and the modules stay large enough for the back row."""
    file = io.BytesIO()
    segno.make(text, error="m", boost_error=False, micro=False).save(
        file, kind="svg", border=4, light="#fff", dark="#000", xmldecl=False, svgns=True, nl=False, omitsize=True
    )
    return file.getvalue().decode()


def row_by_row(address: str) -> list[str]:
    """Its rows of dark ("1") and light modules from the top, without the quiet zone."""
    bits, side = _bits(address.encode())
    return _rows(bits, side)


class Alike:
    """Codes of addresses that differ in their last letters alone, in a hundredth of the time that each takes by
    itself. With one mask for all (ISO/IEC 18004 section 7.8 asks for the best of eight for readers of 2000; cameras of
    telephones read any) a code depends on its bits linearly: Reed-Solomon's check bytes are sums over GF(2^8). So the
    code of an address is that of another one, with the difference that each of their differing bits makes."""

    def __init__(self, beginning: bytes, letters: int) -> None:
        self._begins, self._letters = beginning, letters
        nothing = beginning + bytes(letters)
        first, self._side = _bits(nothing)
        self._nothing = first
        self._made: dict[tuple[int, int], int] = {}
        self._differences = [
            [first ^ _bits(_with(nothing, len(beginning) + place, 1 << bit))[0] for bit in range(8)]
            for place in range(letters)
        ]

    def rows(self, address: str) -> list[str]:
        """As `row_by_row`. ValueError if it is not alike."""
        content = address.encode()
        if not content.startswith(self._begins) or len(content) != len(self._begins) + self._letters:
            raise ValueError(f"not alike: {address}")
        bits = self._nothing
        for place, letter in enumerate(content[len(self._begins) :]):
            bits ^= self._difference(place, letter)
        return _rows(bits, self._side)

    def _difference(self, place: int, letter: int) -> int:
        found = self._made.get((place, letter))
        if found is None:
            found = 0
            for bit in range(8):
                if letter >> bit & 1:
                    found ^= self._differences[place][bit]
            self._made[place, letter] = found
        return found


def _with(content: bytes, place: int, letter: int) -> bytes:
    return content[:place] + bytes([letter]) + content[place + 1 :]


def _bits(content: bytes) -> tuple[int, int]:
    """The code as one number, and its side in modules."""
    made = segno.make(content, mode="byte", error="m", boost_error=False, mask=0, micro=False)
    return int("".join("".join(map(str, row)) for row in made.matrix), 2), len(made.matrix)


def _rows(bits: int, side: int) -> list[str]:
    laid = f"{bits:0{side * side}b}"
    return [laid[at : at + side] for at in range(0, len(laid), side)]


@lru_cache(maxsize=8)
def _alike(beginning: bytes, letters: int) -> Alike:
    return Alike(beginning, letters)


def rows(address: str) -> list[str]:
    """As `row_by_row`, for many that are alike up to the last "/": the first takes a quarter of a second."""
    beginning, slash, rest = address.rpartition("/")
    return _alike(f"{beginning}{slash}".encode(), len(rest.encode())).rows(address)
