"""What a PDF says of itself beside its pages: what its pages are called, which files it carries. Read by pypdf:
whatever a broken tree makes it raise, the paper is good without."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pypdf

_LABEL_MAX = 12
_NAME_MAX = 80
_NAMES_MAX = 10


def page_labels_of(source: Path) -> list[str]:
    """What is printed on the pages ("i", "ii", "1", "PL-1"), one a page; [] where that is their number anyhow."""
    try:
        labels = [_plain(each)[:_LABEL_MAX] for each in pypdf.PdfReader(source).page_labels]
    except Exception:
        return []
    numbers = [str(number) for number in range(1, len(labels) + 1)]
    if labels == numbers or not all(labels):
        return []
    return labels


def attached_names(source: Path) -> list[str]:
    """Of files that it carries or has pinned onto its pages, as they are called there; the first ten."""
    names: list[str] = []
    try:
        reader = pypdf.PdfReader(source)
        names += [_plain(name)[:_NAME_MAX] for name in reader.attachments]
        names += [_plain(name)[:_NAME_MAX] for page in reader.pages for name in _pinned(page)]
    except Exception:
        return names[:_NAMES_MAX]
    return list(dict.fromkeys(each for each in names if each))[:_NAMES_MAX]


def _pinned(page: pypdf.PageObject) -> Iterator[str]:
    for each in page.annotations or ():
        annotation = each.get_object()
        if annotation.get("/Subtype") == "/FileAttachment":
            file = annotation.get("/FS", {}).get_object()
            yield str(file.get("/UF") or file.get("/F") or "")


def _plain(text: object) -> str:
    said = unicodedata.normalize("NFC", str(text))
    return " ".join("".join(" " if unicodedata.category(each)[0] == "C" else each for each in said).split())
