"""QR codes: SVG for pages and print, PNG for who puts them into a document of their own."""

import io

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
