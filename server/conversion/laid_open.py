"""Forms (ISO 32000-1 section 8.10) written into the pages that show them. PDFium takes single letters out of pages
alone: what it changes inside a form is drawn as before by the page it saves."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Operator

_DEPTH_MAX = 8
_INSTRUCTIONS_MAX = 300_000
"""Of a page with its forms: forms in forms multiply."""
_CATEGORIES = {"Tf": "/Font", "Do": "/XObject", "gs": "/ExtGState", "sh": "/Shading"}
_COLOUR_SPACES = frozenset({"cs", "CS"})
_COLOURS = frozenset({"scn", "SCN"})
_MARKED = frozenset({"BDC", "DP"})
_SHOWS = frozenset({"Tj", "TJ", "'", '"'})

_Instruction = tuple[list[Any], Operator]


class _TooMuch(Exception):
    pass


def lay_open(source: Path, target: Path, pages: Iterable[int]) -> None:
    """Writes a copy whose `pages` (from 0) show no text by way of a form. A page whose forms are too many stays."""
    with pikepdf.open(source, suppress_warnings=True) as document:
        for number in pages:
            page = document.pages[number]
            try:
                opened = _Page(document, page)
                content = pikepdf.unparse_content_stream(list(opened.instructions()))
            except (_TooMuch, pikepdf.PdfError, ValueError, TypeError):
                continue
            page.obj["/Resources"] = opened.resources
            page.obj["/Contents"] = document.make_stream(content)
        document.save(target)


class _Page:
    def __init__(self, document: pikepdf.Pdf, page: pikepdf.Page) -> None:
        self.document = document
        self.page = page
        self.resources = Dictionary()
        for category, each in _items(page.obj.get("/Resources", page.resources)):
            # Its own: pages share their resources.
            self.resources[category] = Dictionary(dict(_items(each))) if isinstance(each, Dictionary) else each
        self._names: dict[tuple[tuple[int, int], str, str], Name] = {}
        self._texts: dict[tuple[int, int], bool] = {}
        self._count = 0

    def instructions(self) -> Iterator[_Instruction]:
        yield from self._of(self.page, self.resources, ())

    def _of(self, holder: Any, resources: Object, within: tuple[tuple[int, int], ...]) -> Iterator[_Instruction]:
        for instruction in pikepdf.parse_content_stream(holder):
            self._count += 1
            if self._count > _INSTRUCTIONS_MAX:
                raise _TooMuch
            operands: list[Any] = list(instruction.operands)
            operator = str(instruction.operator)
            if operator == "Do" and operands and isinstance(operands[-1], Name):
                form = _found(resources, "/XObject", operands[-1])
                if form is not None and self._is_open(form, resources, within):
                    yield from self._form(form, resources, within)
                    continue
            if within:
                self._rename(operator, operands, resources, within[-1])
            yield operands, Operator(operator)

    def _form(self, form: Object, outer: Object, within: tuple[tuple[int, int], ...]) -> Iterator[_Instruction]:
        resources = form.get("/Resources")
        own = resources if isinstance(resources, Dictionary) else outer
        yield [], Operator("q")
        matrix = form.get("/Matrix")
        if isinstance(matrix, Array) and len(matrix) == 6:
            yield list(matrix), Operator("cm")
        box = form.get("/BBox")
        if isinstance(box, Array) and len(box) == 4:
            left, bottom, right, top = (float(edge) for edge in box)
            yield [left, bottom, right - left, top - bottom], Operator("re")
            yield [], Operator("W")
            yield [], Operator("n")
        saved, in_text, marked = 0, False, 0
        for operands, operator in self._of(form, own, (*within, form.objgen)):
            said = str(operator)
            saved += (said == "q") - (said == "Q")
            marked += (said in ("BDC", "BMC")) - (said == "EMC")
            in_text = said == "BT" or (in_text and said != "ET")
            if saved < 0 or marked < 0:  # more ends than beginnings
                saved, marked = max(0, saved), max(0, marked)
                continue
            yield operands, operator
        if in_text:
            yield [], Operator("ET")
        for _ in range(marked):
            yield [], Operator("EMC")
        for _ in range(saved + 1):
            yield [], Operator("Q")

    def _is_open(self, form: Object | None, outer: Object, within: tuple[tuple[int, int], ...]) -> bool:
        return (
            isinstance(form, pikepdf.Stream)
            and form.get("/Subtype") == Name.Form
            and form.objgen not in within
            and len(within) < _DEPTH_MAX
            and self._has_text(form, outer, within)
        )

    def _has_text(self, form: Object, outer: Object, within: tuple[tuple[int, int], ...]) -> bool:
        if form.objgen in self._texts:
            return self._texts[form.objgen]
        self._texts[form.objgen] = False  # a form that shows itself
        resources = form.get("/Resources")
        own = resources if isinstance(resources, Dictionary) else outer
        found = False
        for instruction in pikepdf.parse_content_stream(form):
            self._count += 1
            if self._count > _INSTRUCTIONS_MAX:
                raise _TooMuch
            operator = str(instruction.operator)
            inner = None
            if operator == "Do" and len(instruction.operands) == 1 and isinstance(instruction.operands[0], Name):
                inner = _found(own, "/XObject", instruction.operands[0])
            if operator in _SHOWS or self._is_open(inner, own, (*within, form.objgen)):
                found = True
                break
        self._texts[form.objgen] = found
        return found

    def _rename(self, operator: str, operands: list[Any], resources: Object, form: tuple[int, int]) -> None:
        """In place: what the form calls by a name of its own has a name of the page's."""
        place, category = 0, _CATEGORIES.get(operator)
        if operator in _COLOUR_SPACES:
            category = "/ColorSpace"
        elif operator in _COLOURS:
            place, category = -1, "/Pattern"
        elif operator in _MARKED:
            place, category = -1, "/Properties"
        if category is None or not operands or not isinstance(operands[place], Name):
            return
        meant = _found(resources, category, operands[place])
        if meant is None:  # a device's colour space, say
            return
        key = (form, category, str(operands[place]))
        if key not in self._names:
            if category not in self.resources:
                self.resources[category] = Dictionary()
            names = self.resources[category]
            number = len(self._names)
            while f"/Open{number}" in names:
                number += 1
            self._names[key] = Name(f"/Open{number}")
            names[f"/Open{number}"] = meant
        operands[place] = self._names[key]


def _found(resources: Object, category: str, name: Object) -> Object | None:
    those = resources.get(category)
    return those.get(str(name)) if isinstance(those, Dictionary) else None


def _items(dictionary: Object | None) -> list[tuple[str, Object]]:
    if not isinstance(dictionary, Dictionary):
        return []
    return [(key, dictionary[key]) for key in dictionary.keys()]  # noqa: SIM118  not iterable
