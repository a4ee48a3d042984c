"""A PDF without anything that acts: scripts, actions that start programs, embedded files, media, dynamic forms. Links
to the web and within the file stay."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Object

_ACTIONS = {
    "/JavaScript": "scripts-removed",
    "/Launch": "actions-removed",
    "/ImportData": "actions-removed",
    "/SubmitForm": "actions-removed",
    "/ResetForm": "actions-removed",
    "/SetOCGState": "actions-removed",
    "/Hide": "actions-removed",
    "/GoToR": "links-removed",
    "/GoToE": "links-removed",
    "/Thread": "links-removed",
    "/Rendition": "media-removed",
    "/Movie": "media-removed",
    "/Sound": "media-removed",
    "/RichMediaExecute": "media-removed",
    "/Trans": "actions-removed",
    "/GoTo3DView": "media-removed",
}
WITH_FILES = {
    "/FileAttachment": "files-removed",
    "/RichMedia": "media-removed",
    "/Movie": "media-removed",
    "/Sound": "media-removed",
    "/Screen": "media-removed",
    "/3D": "media-removed",
}
_TRIGGERS = ("/AA",)
_SCHEMES = ("http://", "https://", "mailto:", "tel:")
_DEPTH_MAX = 30


def clean(source: Path, target: Path) -> list[str]:
    """Writes the cleaned copy; without a password too. Returns codes of what was taken out."""
    with pikepdf.open(source, suppress_warnings=True) as document:
        removed = _strip(document)
        document.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate, compress_streams=True)
    return sorted(removed)


def acts(source: Path) -> bool:
    """Whether cleaning would take anything out."""
    with pikepdf.open(source, suppress_warnings=True) as document:
        return bool(_strip(document))


def _strip(document: pikepdf.Pdf) -> set[str]:
    removed: set[str] = set()
    root = document.Root
    names = root.get("/Names")
    if isinstance(names, Dictionary):
        _take(names, "/JavaScript", "scripts-removed", removed)
        _take(names, "/EmbeddedFiles", "files-removed", removed)
        _take(names, "/Renditions", "media-removed", removed)
    _take(root, "/Collection", "files-removed", removed)
    form = root.get("/AcroForm")
    if isinstance(form, Dictionary):
        _take(form, "/XFA", "form-removed", removed)
    _take(root, "/NeedsRendering", "form-removed", removed)
    _strip_opening(root, removed)
    for stream in document.objects:
        if isinstance(stream, pikepdf.Stream):
            _strip_files(stream, removed)
    for each in _dictionaries(document):
        _strip_files(each, removed)
        _strip_annotations(each, removed)
        for trigger in _TRIGGERS:
            if isinstance(each.get(trigger), Dictionary):
                _take(each, trigger, _what_starts(each[trigger]), removed)
        _strip_action(each, removed)
    return removed


def _strip_opening(root: Object, removed: set[str]) -> None:
    """What happens on opening may only be a jump to a page."""
    opening = root.get("/OpenAction")
    if isinstance(opening, Dictionary) and opening.get("/S") != Name.GoTo:
        _take(root, "/OpenAction", _ACTIONS.get(str(opening.get("/S")), "actions-removed"), removed)


def _strip_files(each: Object, removed: set[str]) -> None:
    """Files may hang on anything (ISO 32000-2 section 14.13): what holds their bytes goes, wherever it is."""
    _take(each, "/AF", "files-removed", removed)
    if isinstance(each.get("/EF"), Dictionary):
        _take(each, "/EF", "files-removed", removed)


def _strip_annotations(page: Dictionary, removed: set[str]) -> None:
    annotations = page.get("/Annots")
    if not isinstance(annotations, Array):
        return
    kept = []
    for each in annotations:
        subtype = str(each.get("/Subtype")) if isinstance(each, Dictionary) else ""
        if subtype in WITH_FILES:
            removed.add(WITH_FILES[subtype])
        else:
            kept.append(each)
    if len(kept) < len(annotations):
        page["/Annots"] = Array(kept)


def _strip_action(each: Dictionary, removed: set[str]) -> None:
    """Empties an action of a kind that is not wanted; whatever points to it points to nothing then."""
    kind = str(each.get("/S", ""))
    code = _ACTIONS.get(kind)
    if code is None and kind == "/URI" and "/URI" in each:
        address = each["/URI"]
        text = str(address).strip().lower() if isinstance(address, pikepdf.String) else ""
        # Without a scheme it is relative to nothing.
        if not text.startswith(_SCHEMES):
            code = "links-removed"
    if code is None and "/JS" in each:
        code = "scripts-removed"
    # /S also stands in structure elements, borders and transitions: those have no keys of actions.
    if code is None or (
        kind in ("/Trans", "/Hide", "/Sound", "/Movie") and each.get("/Type", Name.Action) != Name.Action
    ):
        return
    removed.add(code)
    for key in list(each.keys()):
        del each[key]


def _what_starts(triggers: Object) -> str:
    kinds = {str(action.get("/S")) for _, action in _items(triggers) if isinstance(action, Dictionary)}
    return "scripts-removed" if "/JavaScript" in kinds else "actions-removed"


def _items(dictionary: Object) -> list[tuple[str, Object]]:
    return [(key, dictionary[key]) for key in dictionary.keys()]  # noqa: SIM118  not iterable


def _take(of: Object, key: str, code: str, removed: set[str]) -> None:
    if key in of:
        del of[key]
        removed.add(code)


def _dictionaries(document: pikepdf.Pdf) -> Iterator[Dictionary]:
    """Every dictionary of the file, those inside others too."""
    for each in document.objects:
        yield from _within(each, 0, lambda inner: not inner.is_indirect)


def _within(each: Object, depth: int, wanted: Callable[[Object], bool]) -> Iterator[Dictionary]:
    if depth > _DEPTH_MAX:
        return
    if isinstance(each, pikepdf.Stream):
        return
    if isinstance(each, Dictionary):
        yield each
        inner = [each[key] for key in list(each.keys()) if key in each]
    elif isinstance(each, Array):
        inner = list(each)
    else:
        return
    for deeper in inner:
        if isinstance(deeper, Dictionary | Array) and wanted(deeper):
            yield from _within(deeper, depth + 1, wanted)
