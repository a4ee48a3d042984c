"""QR codes as SVG."""

import io

import segno


def svg(text: str) -> str:
    """Dark on white with the quiet zone that the standard asks for; scales to any size. Error correction M: a crease or
    a thumb on paper does not hurt, and the modules stay large enough for the back row."""
    file = io.BytesIO()
    segno.make(text, error="m", boost_error=False, micro=False).save(
        file, kind="svg", border=4, light="#fff", dark="#000", xmldecl=False, svgns=True, nl=False, omitsize=True
    )
    return file.getvalue().decode()
