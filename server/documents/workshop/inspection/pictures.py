"""PNG and JPEG: read whole once, within a limit of pixels."""

import warnings
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from server.documents.workshop.problems import Refused

PIXELS_MAX = 120_000_000
"""An A3 sheet at 600 dots per inch is 70 million."""
# A phone's JPEG that holds several pictures is called MPO once it is open.
_MIMES = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg"}


def check(path: Path) -> str:
    """The type. Raises Refused."""
    Image.MAX_IMAGE_PIXELS = None  # our own limit has its own sentence
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=["PNG", "JPEG"]) as picture:
                if picture.width * picture.height > PIXELS_MAX:
                    raise Refused("picture-too-large")
                mime = _MIMES[str(picture.format)]
                picture.load()
    except UnidentifiedImageError as error:
        raise Refused("damaged") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # what Pillow says of a stream that ends early
        raise Refused("truncated" if "truncated" in str(error) else "damaged") from error
    return mime
