"""Photos and scans: read whole once, within a limit of pixels."""

import warnings
from pathlib import Path

import pi_heif
from PIL import Image, UnidentifiedImageError

from server.conversion.refusals import Refused

PIXELS_MAX = 120_000_000
"""An A3 sheet at 600 dots per inch is 70 million."""
_SIDE_MIN = 16
"""Pixels. Nothing can be read on less."""
# A phone's JPEG that holds several pictures is called MPO once it is open.
_MIMES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "HEIF": "image/heic",
    "AVIF": "image/avif",
    "TIFF": "image/tiff",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "GIF": "image/gif",
}
FORMATS = [name for name in _MIMES if name != "MPO"]
_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"mif2", b"msf1", b"avif", b"avis"})
"""ISO/IEC 23008-12: what an iPhone (HEIC) and newer Android phones (AVIF) save."""
_BMP_HEADERS = tuple(bytes([size, 0, 0, 0]) for size in (12, 40, 52, 56, 64, 108, 124))
_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"GIF87a", b"GIF89a")

pi_heif.register_heif_opener(thumbnails=False)


def begins_like_one(head: bytes) -> bool:
    return (
        head.startswith(_STARTS)
        or (head[4:8] == b"ftyp" and head[8:12] in _BRANDS)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        # "BM" alone could begin a text: the rest of the header is always the same.
        or (head[:2] == b"BM" and head[6:10] == b"\0\0\0\0" and head[14:18] in _BMP_HEADERS)
    )


def sheets(picture: Image.Image) -> int:
    """How many pages it has: a scanner's TIFF has several; what moves in others is not read."""
    return int(getattr(picture, "n_frames", 1)) if picture.format == "TIFF" else 1


def check(path: Path, pages_max: int) -> str:
    """The type. Raises Refused."""
    Image.MAX_IMAGE_PIXELS = None  # our own limit has its own sentence
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as picture:
                mime = _MIMES[str(picture.format)]
                count = sheets(picture)
                if count > pages_max:
                    raise Refused(
                        "too-many-pages",
                        f"Tệp có {count} trang, giới hạn là {pages_max}.",
                        f"It has {count} pages; the limit is {pages_max}.",
                    )
                for sheet in range(count):
                    if count > 1:
                        picture.seek(sheet)
                    if picture.width * picture.height > PIXELS_MAX:
                        raise Refused("picture-too-large")
                    if min(picture.size) < _SIDE_MIN:
                        raise Refused("picture-too-small")
                    picture.load()
    except UnidentifiedImageError as error:
        raise Refused("picture-format" if _is_whole_heif(path) else "damaged") from error
    except (OSError, SyntaxError, ValueError, EOFError, KeyError, TypeError, IndexError, RuntimeError) as error:
        if _is_whole_heif(path):  # its parts are all there: it is packed in a way that is not read here
            raise Refused("picture-format") from error
        # What Pillow and its libraries say of a stream that ends early; other words mean a broken one.
        said = str(error).lower()
        raise Refused("truncated" if "truncated" in said or "end of file" in said else "damaged") from error
    return mime


def _is_whole_heif(path: Path) -> bool:
    """Whether its boxes (ISO/IEC 14496-12 section 4.2) end where the file ends."""
    size = path.stat().st_size
    at = 0
    with path.open("rb") as file:
        if file.read(12)[4:8] != b"ftyp":
            return False
        while at < size:
            file.seek(at)
            head = file.read(16)
            if len(head) < 8 or not head[4:8].isalnum():  # zeros are no box
                return False
            length = int.from_bytes(head[:4])
            length = int.from_bytes(head[8:16]) if length == 1 else size - at if length == 0 else length
            if length < 8:
                return False
            at += length
    return at == size
