"""A PDF made ready for whatever follows: what its readers see becomes part of its pages (form values, stamps), what
they do not see goes out of it (hidden layers, notes, who wrote it), and pages that are broken are known."""

import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object

from server.conversion.clean import WITH_FILES
from server.conversion.forms import flatten, write_values
from server.conversion.unseen import drop_unseen

_SHOWS = frozenset({"Tj", "TJ", "sh", "INLINE IMAGE"})
_SHOWS_ON_NEXT_LINE = frozenset({"'", '"'})
_PAINTS = frozenset({"S", "s", "f", "F", "f*", "B", "B*", "b", "b*"})
_DEPTH_MAX = 8


def prepare(source: Path, target: Path) -> list[str]:
    """Writes the copy. Returns codes of warnings."""
    codes: set[str] = set()
    with pikepdf.open(source, suppress_warnings=True) as document:
        _forget_authors(document)
        if _has_damaged_pages(document):
            codes.add("pages-damaged")
        if _drop_hidden_layers(document):
            codes.add("layers-removed")
        codes |= _drop_notes(document)
        bare = flatten(document)
        for page in document.pages:
            _to_points(page)
        document.save(target)
    if bare:
        write_values(target, bare)
    codes |= drop_unseen(target)
    return sorted(codes)


def _forget_authors(document: pikepdf.Pdf) -> None:
    """Whoever wrote it, with what, when (XMP and the document information), and what programs keep for themselves."""
    for holder in (document.Root, *(page.obj for page in document.pages)):
        for key in ("/Metadata", "/PieceInfo", "/LastModified"):
            if key in holder:
                del holder[key]
    if "/Info" in document.trailer:
        title = document.trailer["/Info"].get("/Title") if isinstance(document.trailer["/Info"], Dictionary) else None
        document.trailer["/Info"] = document.make_indirect(Dictionary())
        if isinstance(title, pikepdf.String):
            document.trailer["/Info"]["/Title"] = title


# -- pages whose size is not what it seems

_BOXES = ("/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox")
_A4 = [0.0, 0.0, 595.0, 842.0]
_TINY, _USUAL = 250.0, 842.0
"""Points, of the longer side: programs on phones make pages of their pictures' own measure."""


def _box(page: pikepdf.Page, name: str) -> list[float] | None:
    """Left, bottom, right, top, of a page that has such a box, itself or from above."""
    node: Object | None = page.obj
    for _ in range(_DEPTH_MAX):
        if not isinstance(node, Dictionary) or name in node:
            break
        node = node.get("/Parent")
    box = node.get(name) if isinstance(node, Dictionary) else None
    edges = list(box) if isinstance(box, Array) else []
    if len(edges) != 4 or not all(isinstance(edge, int | float | Decimal) for edge in edges):
        return None
    across, down = sorted(float(edge) for edge in edges[0::2]), sorted(float(edge) for edge in edges[1::2])
    return [across[0], down[0], across[1], down[1]] if across[1] - across[0] > 1 and down[1] - down[0] > 1 else None


def _to_points(page: pikepdf.Page) -> None:
    """One unit is a point (ISO 32000-1 table 30: UserUnit), and a page no smaller than a hand; a window that shows
    nothing of the page (CropBox) is none."""
    media = _box(page, "/MediaBox") or _A4
    crop = _box(page, "/CropBox") or media
    seen = [max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3])]
    if seen[2] - seen[0] < 1 or seen[3] - seen[1] < 1:
        seen = media
        page.obj["/CropBox"] = Array(media)
    if _box(page, "/MediaBox") is None:
        page.obj["/MediaBox"] = Array(media)
    unit = page.obj.get("/UserUnit", 1)
    factor = float(unit) if isinstance(unit, int | float | Decimal) else 1.0
    longer = max(seen[2] - seen[0], seen[3] - seen[1]) * factor
    if longer < _TINY:
        factor *= _USUAL / longer
    if factor == 1 or not 0.01 < factor < 1000:
        return
    for name in _BOXES:
        if (box := _box(page, name)) is not None:
            page.obj[name] = Array([edge * factor for edge in box])
    annotations = page.obj.get("/Annots")
    for each in annotations if isinstance(annotations, Array) else ():
        if isinstance(each, Dictionary) and isinstance(each.get("/Rect"), Array):
            each["/Rect"] = Array([float(edge) * factor for edge in each["/Rect"]])
    page.contents_add(f"q {factor:.6f} 0 0 {factor:.6f} 0 0 cm\n".encode(), prepend=True)
    page.contents_add(b"\nQ")
    page.obj["/UserUnit"] = 1


# -- broken pages


def _has_damaged_pages(document: pikepdf.Pdf) -> bool:
    return any(not _is_whole(stream) for page in document.pages for stream in _contents(page.obj))


def _contents(page: Object) -> Iterator[pikepdf.Stream]:
    contents = page.get("/Contents")
    for each in contents if isinstance(contents, Array) else [contents]:
        if isinstance(each, pikepdf.Stream):
            yield each


def _is_whole(stream: pikepdf.Stream) -> bool:
    """qpdf gives what it could read of a broken stream, without a word."""
    try:
        if stream.get("/Filter") == Name.FlateDecode:
            unpacker = zlib.decompressobj()
            unpacker.decompress(stream.read_raw_bytes())
            return unpacker.eof or not unpacker.unconsumed_tail
        stream.read_bytes()
    except (zlib.error, pikepdf.PdfError, pikepdf.DependencyError, ValueError, RuntimeError):
        return False
    return True


# -- layers


def _drop_hidden_layers(document: pikepdf.Pdf) -> bool:
    """Everything on optional content that is off when the file is opened (ISO 32000-1 section 8.11)."""
    layers = document.Root.get("/OCProperties")
    if not isinstance(layers, Dictionary):
        return False
    hidden = _hidden(layers)
    dropped = False
    seen: set[tuple[int, int]] = set()
    for page in document.pages:
        dropped |= _drop_from(document, page.obj, hidden, seen, 0)
        annotations = page.obj.get("/Annots")
        if isinstance(annotations, Array):
            kept = [each for each in annotations if not (isinstance(each, Dictionary) and _is_off(each, hidden))]
            dropped |= len(kept) < len(annotations)
            page.obj["/Annots"] = Array(kept)
    del document.Root["/OCProperties"]  # what is left is seen by all
    return dropped


def _hidden(layers: Dictionary) -> set[tuple[int, int]]:
    usual = layers.get("/D", Dictionary())
    groups = [each for each in layers.get("/OCGs", Array()) if isinstance(each, Dictionary)]
    off = {each.objgen for each in usual.get("/OFF", Array()) if isinstance(each, Dictionary)}
    if usual.get("/BaseState") == Name.OFF:
        on = {each.objgen for each in usual.get("/ON", Array()) if isinstance(each, Dictionary)}
        off |= {each.objgen for each in groups} - on
    return _as_viewers_set_them(usual, off)


def _as_viewers_set_them(usual: Object, off: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Viewers switch layers by themselves whose usage says so (ISO 32000-1 section 8.11.4.4)."""
    by_themselves = usual.get("/AS")
    for each in by_themselves if isinstance(by_themselves, Array) else ():
        if not isinstance(each, Dictionary) or each.get("/Event") != Name.View:
            continue
        for group in each.get("/OCGs", Array()):
            usage = group.get("/Usage") if isinstance(group, Dictionary) else None
            view = usage.get("/View") if isinstance(usage, Dictionary) else None
            state = view.get("/ViewState") if isinstance(view, Dictionary) else None
            if state == Name.OFF:
                off = off | {group.objgen}
            elif state == Name.ON:
                off = off - {group.objgen}
    return off


def _is_off(holder: Object, hidden: set[tuple[int, int]]) -> bool:
    return _group_is_off(holder.get("/OC"), hidden)


def _group_is_off(group: Object | None, hidden: set[tuple[int, int]]) -> bool:
    if not isinstance(group, Dictionary):
        return False
    if group.get("/Type") != Name.OCMD:
        return group.objgen in hidden
    said = group.get("/VE")
    if isinstance(said, Array):  # counts before the rest
        return not _holds(said, hidden, 0)
    members = group.get("/OCGs")
    those = [
        each.objgen in hidden for each in (members if isinstance(members, Array) else [members]) if each is not None
    ]
    rule = str(group.get("/P", "/AnyOn"))
    shown = {"/AllOn": not any(those), "/AnyOff": any(those), "/AllOff": all(those)}.get(rule, not all(those))
    return bool(those) and not shown


def _holds(said: Object, hidden: set[tuple[int, int]], depth: int) -> bool:
    """A visibility expression: a layer, or /Not, /And, /Or and what they speak of (ISO 32000-1 section 8.11.2.2)."""
    if isinstance(said, Dictionary):
        return not _group_is_off(said, hidden)
    if not isinstance(said, Array) or len(said) < 2 or depth > _DEPTH_MAX:
        return True
    parts = [_holds(each, hidden, depth + 1) for each in list(said)[1:]]
    return {"/Not": not parts[0], "/Or": any(parts)}.get(str(said[0]), all(parts))


def _drop_from(
    document: pikepdf.Pdf, holder: Object, hidden: set[tuple[int, int]], seen: set[tuple[int, int]], depth: int
) -> bool:
    """Of a page or a form, and the forms in it."""
    resources = holder.get("/Resources")
    if not isinstance(resources, Dictionary) or depth > _DEPTH_MAX:
        return False
    properties, objects = resources.get("/Properties"), resources.get("/XObject")
    named = {name for name, each in _items(properties) if _group_is_off(each, hidden)}
    drawn = {name for name, each in _items(objects) if isinstance(each, pikepdf.Stream) and _is_off(each, hidden)}
    dropped = bool(named or drawn)
    if dropped:
        kept = pikepdf.unparse_content_stream(list(_visible(holder, named, drawn)))
        if isinstance(holder, pikepdf.Stream):
            holder.write(kept)
        else:
            holder["/Contents"] = document.make_stream(kept)
        for name in drawn:
            del resources["/XObject"][name]
    for _, each in _items(objects):
        if isinstance(each, pikepdf.Stream) and each.get("/Subtype") == Name.Form and each.objgen not in seen:
            seen.add(each.objgen)
            dropped |= _drop_from(document, each, hidden, seen, depth + 1)
    return dropped


def _visible(holder: Object, named: set[str], drawn: set[str]) -> Iterator[tuple[list[Object], pikepdf.Operator]]:
    """The instructions without those that paint within a hidden layer; what sets a state goes on setting it."""
    within: list[bool] = []
    page = holder if isinstance(holder, pikepdf.Stream) else pikepdf.Page(holder)
    for instruction in pikepdf.parse_content_stream(page):
        operands: list[Any] = list(instruction.operands)
        operator = str(instruction.operator)
        if operator in ("BDC", "BMC"):
            layer = operator == "BDC" and len(operands) == 2 and str(operands[0]) == "/OC" and str(operands[1]) in named
            within.append(layer)
        elif operator == "EMC" and within:
            within.pop()
        elif operator == "Do" and operands and str(operands[0]) in drawn:
            continue
        elif any(within):
            if operator in _SHOWS or operator == "Do":
                continue
            if operator in _SHOWS_ON_NEXT_LINE:
                operands, operator = [], "T*"
            elif operator in _PAINTS:
                operands, operator = [], "n"
        yield operands, pikepdf.Operator(operator)


def _items(dictionary: Object | None) -> list[tuple[str, Object]]:
    if not isinstance(dictionary, Dictionary):
        return []
    return [(key, dictionary[key]) for key in dictionary.keys()]  # noqa: SIM118  not iterable


# -- notes and forms


def _drop_notes(document: pikepdf.Pdf) -> set[str]:
    """Notes, and files pinned onto pages: flattened, they would leave their icons. Returns codes of warnings."""
    codes: set[str] = set()
    for page in document.pages:
        annotations = page.obj.get("/Annots")
        if not isinstance(annotations, Array):
            continue
        kept = []
        for each in annotations:
            subtype = str(each.get("/Subtype")) if isinstance(each, Dictionary) else ""
            if subtype == "/Text":
                codes.add("notes-removed")
            elif subtype == "/FileAttachment":
                codes.add(WITH_FILES[subtype])
            elif subtype != "/Popup":
                kept.append(each)  # a film's first picture stays
                if subtype in WITH_FILES:
                    codes.add(WITH_FILES[subtype])
        if len(kept) < len(annotations):
            page.obj["/Annots"] = Array(kept)
    return codes
