"""An OpenDocument file whose text was written for TCVN3 or VNI fonts, turned into Unicode: font by font, as its styles
say. Works on the file as LibreOffice itself writes it, whatever it was before."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from server.core.old_encodings import is_capital_font, looks_old, of_font, to_unicode

_PARTS = ("content.xml", "styles.xml")
_FONT_NAMES = ("font-name", "font-family")
_NAMESPACES = re.compile(rb'xmlns:([\w-]+)="([^"]+)"')


@dataclass
class _Styles:
    fonts: dict[str, str] = field(default_factory=dict)
    """Name of a style or of a font declaration -> the font's own name."""
    parents: dict[str, str] = field(default_factory=dict)
    families: dict[str, str] = field(default_factory=dict)

    def read(self, root: Element) -> None:
        for each in root.iter():
            local = _local(each.tag)
            name = _value(each, "name")
            if local == "font-face" and name:
                self.families[name] = (_value(each, "font-family") or name).strip("'\"")
            elif local in ("style", "default-style"):
                key = name if local == "style" else f"default {_value(each, 'family')}"
                self.parents[key] = _value(each, "parent-style-name") or f"default {_value(each, 'family')}"
                for inner in each:
                    if _local(inner.tag) == "text-properties":
                        font = next(filter(None, (_value(inner, said) for said in _FONT_NAMES)), "")
                        if font:
                            self.fonts[key] = font.strip("'\"")

    def font_of(self, style: str) -> str:
        """ "" where neither it nor what it goes by names one."""
        for _ in range(30):
            if style in self.fonts:
                return self.families.get(self.fonts[style], self.fonts[style])
            above = self.parents.get(style, "")
            if above in ("", style):
                return ""
            style = above
        return ""


def renew(source: Path, target: Path) -> bool:
    """Writes the copy; whether anything had to be changed."""
    styles = _Styles()
    with zipfile.ZipFile(source) as archive:
        roots = {part: _parsed(archive.read(part)) for part in _PARTS if part in archive.namelist()}
        for root in (roots[part] for part in reversed(_PARTS) if part in roots):
            styles.read(root)
        changed = sum(_renew_text(root, styles, "") for root in roots.values())
        for root in roots.values():
            _rename_fonts(root)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
            for part in archive.infolist():
                if part.filename in roots:
                    content = ElementTree.tostring(roots[part.filename], encoding="UTF-8", xml_declaration=True)
                else:
                    content = archive.read(part)
                made.writestr(part, content)
    return changed > 0


def _parsed(content: bytes) -> Element:
    for prefix, address in _NAMESPACES.findall(content):
        ElementTree.register_namespace(prefix.decode(), address.decode())
    return ElementTree.fromstring(content)  # noqa: S314  LibreOffice wrote it


def _renew_text(root: Element, styles: _Styles, font: str) -> int:
    """In place; how many pieces of text were changed."""
    changed = 0
    waiting = [(root, font)]
    while waiting:
        each, above = waiting.pop()
        own = next(filter(None, (styles.font_of(style) for style in _styles_of(each))), above)
        if each.text:
            renewed = _renewed(each.text, own)
            changed += renewed != each.text
            each.text = renewed
        for inner in each:
            if inner.tail:
                renewed = _renewed(inner.tail, own)
                changed += renewed != inner.tail
                inner.tail = renewed
            waiting.append((inner, own))
    return changed


def _styles_of(each: Element) -> Iterator[str]:
    return (value for name, value in each.attrib.items() if _local(name) in ("style-name", "text-style-name"))


def _renewed(text: str, font: str) -> str:
    encoding = of_font(font)
    if encoding is None and looks_old(text):
        encoding = "tcvn3"
    return text if encoding is None else to_unicode(text, encoding, capitals=is_capital_font(font))


def _rename_fonts(root: Element) -> None:
    for each in root.iter():
        for name, value in each.attrib.items():
            plain = value.strip("'\"")
            if _local(name) in ("font-family", "font-name", "name") and of_font(plain) is not None:
                if _local(name) == "name" and _local(each.tag) != "font-face":
                    continue
                sans = re.search(r"arial|helv|avant", plain, re.IGNORECASE) is not None
                each.set(name, "Arial" if sans else "Times New Roman")


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _value(each: Element, local: str) -> str:
    return next((value for name, value in each.attrib.items() if _local(name) == local), "")
