"""Office files of before 2007: compound files (MS-CFB) with the streams of Word, Excel or PowerPoint. Newer ones lie in
such a file too when a password locks them."""

import re
import struct
from dataclasses import dataclass, field
from pathlib import Path

import olefile

from server.conversion.refusals import Refused

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_FILEPASS = 0x2F
"""MS-XLS 2.4.117: the workbook is locked."""
_BOF_END = 40
"""Records looked through before FILEPASS must have come."""
_OLD_FONTS = re.compile(rb"\.Vn[A-Z]|\.\0V\0n\0[A-Z]\0|VNI-|V\0N\0I\0-\0")
_ENCRYPTED_CURRENT_USER = 0xF3D1C4DF
"""MS-PPT 2.3.2, headerToken."""


@dataclass
class Compound:
    mime: str
    extension: str
    warnings: list[str] = field(default_factory=list)
    old_fonts: bool = False
    """Some text may be written for TCVN3 or VNI fonts."""


def check(path: Path) -> Compound | None:
    """None: a compound file of something else (an installer, a mail). Raises Refused."""
    try:
        with olefile.OleFileIO(str(path)) as ole:
            found = _check(ole)
        if found is not None:
            found.old_fonts = _OLD_FONTS.search(path.read_bytes()) is not None
        return found
    except Refused:
        raise
    except Exception as error:  # its parser raises whatever a broken table leads to
        raise Refused("damaged") from error


def _check(ole: olefile.OleFileIO) -> Compound | None:
    if ole.exists("EncryptedPackage"):
        raise Refused("encrypted")
    if ole.exists("WordDocument"):
        flags = struct.unpack("<H", _start(ole, "WordDocument", 12)[10:12])[0]
        if flags & 0x0100:  # MS-DOC 2.5.1, fEncrypted
            raise Refused("encrypted")
        found = Compound("application/msword", "doc")
    elif book := next((name for name in ("Workbook", "Book") if ole.exists(name)), None):
        if _locked(_start(ole, book, 16_384)):
            raise Refused("encrypted")
        found = Compound("application/vnd.ms-excel", "xls")
    elif ole.exists("PowerPoint Document"):
        user = _start(ole, "Current User", 16) if ole.exists("Current User") else b""
        if len(user) >= 16 and struct.unpack("<I", user[12:16])[0] == _ENCRYPTED_CURRENT_USER:
            raise Refused("encrypted")
        found = Compound("application/vnd.ms-powerpoint", "ppt")
    else:
        return None
    if any("vba" in name.lower() for entry in ole.listdir(streams=False, storages=True) for name in entry):
        found.warnings.append("macros-removed")
    return found


def _start(ole: olefile.OleFileIO, name: str, size: int) -> bytes:
    start: bytes = ole.openstream(name).read(size)
    return start


def _locked(book: bytes) -> bool:
    at = 0
    for _ in range(_BOF_END):
        if at + 4 > len(book):
            return False
        kind, size = struct.unpack("<HH", book[at : at + 4])
        if kind == _FILEPASS:
            return True
        at += 4 + size
    return False
