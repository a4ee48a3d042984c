"""A plugin of OCRmyPDF: what tesseract has read of a page is kept, and not asked for again when the very same picture
of a page comes once more, on another try or in a paper's next version.

One JSON line a page, written as soon as it is read: whoever is ended for taking too long has not worked in vain."""

import base64
import binascii
import contextlib
import hashlib
import json
import threading
import zlib
from pathlib import Path
from typing import Any

from ocrmypdf import hookimpl
from ocrmypdf.builtin_plugins.tesseract_ocr import TesseractOcrEngine
from ocrmypdf.pluginspec import OrientationConfidence

from server.conversion.messages import RECOGNISED

_FILE_MAX = 96 * 1024 * 1024
"""Bytes; a page of text takes 15 kB."""
_PAGE_MAX = 16 * 1024 * 1024
_FORMAT = "1"
"""Changes when pages are read otherwise than before."""


class KeptPages:
    """What is known of pages, by the hash of their picture. `open` before the first question."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._known: dict[str, list[str]] = {}
        self._used: set[str] = set()
        self._lock = threading.Lock()
        self.read = 0
        """Pages that tesseract was asked for."""

    def open(self, folder: Path) -> None:
        path = folder / RECOGNISED
        if path == self._path:
            return
        self._path, self._known, self._used, self.read = path, {}, set(), 0
        if not path.is_file():
            return
        if path.stat().st_size > _FILE_MAX:
            path.unlink()
            return
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                with contextlib.suppress(ValueError, TypeError):  # the last line of a process that was ended
                    key, *values = json.loads(line)
                    self._known[str(key)] = [str(each) for each in values]

    def get(self, key: str) -> list[str] | None:
        self._used.add(key)
        return self._known.get(key)

    def put(self, key: str, values: list[str]) -> None:
        with self._lock:
            self._known[key] = values
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:  # a new line first: the last one may be half
                    file.write("\n" + json.dumps([key, *values]))

    def forget_unused(self) -> None:
        """Pages of versions that were replaced."""
        if self._path is None or not self._known:
            return
        kept = {key: values for key, values in self._known.items() if key in self._used}
        with self._path.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps([key, *values]) + "\n" for key, values in kept.items())


kept = KeptPages()
_TESSERACT: Any = TesseractOcrEngine
"""Its functions have no types."""


class RememberingEngine(TesseractOcrEngine):
    """Tesseract, and what it said before."""

    @staticmethod
    def get_orientation(input_file: Path, options: Any) -> OrientationConfidence:
        key = _key("way up", input_file)
        known = kept.get(key)
        if known is not None:
            with contextlib.suppress(ValueError):
                angle, confidence = known
                return OrientationConfidence(int(angle), float(confidence))
        found: OrientationConfidence = _TESSERACT.get_orientation(input_file, options)
        kept.put(key, [str(found.angle), str(found.confidence)])
        return found

    @staticmethod
    def generate_hocr(input_file: Path, output_hocr: Path, output_text: Path, options: Any) -> None:
        key = _key("text", input_file)
        known = kept.get(key)
        if known is not None:
            with contextlib.suppress(ValueError, zlib.error, binascii.Error):
                hocr, text = map(_unpacked, known)
                output_hocr.write_bytes(hocr)
                output_text.write_bytes(text)
                return
        kept.read += 1
        _TESSERACT.generate_hocr(input_file, output_hocr, output_text, options)
        hocr = output_hocr.read_bytes()
        if b"ocrx_word" in hocr:  # an empty page costs nothing, and one that took too long may come out next time
            kept.put(key, [_packed(hocr), _packed(output_text.read_bytes())])


def _key(what: str, picture: Path) -> str:
    return hashlib.sha256(f"{_FORMAT} {what} ".encode() + picture.read_bytes()).hexdigest()


def _packed(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content, 6)).decode("ascii")


def _unpacked(said: str) -> bytes:
    return zlib.decompressobj().decompress(base64.b64decode(said, validate=True), _PAGE_MAX)


@hookimpl
def get_ocr_engine(options: Any) -> RememberingEngine:
    return RememberingEngine()
