"""The XML inside Office files, before LibreOffice reads it: what points out of the file is taken off, and so is what
its authors said to each other (deleted words under tracked changes). Read by a pull parser that knows no entities;
edited by places in the bytes, so that whatever is not concerned stays as it was."""

import base64
import binascii
import codecs
import gzip
import re
import zlib
from dataclasses import dataclass, field
from urllib.parse import unquote
from xml.parsers import expat

from server.conversion.refusals import Refused

_WORTH_READING = re.compile(
    rb"href|src|Target|DOCTYPE|ENTITY|binary-data|url\(|@import|xml-stylesheet|[:<](?:del|cellDel|moveFrom)\b|"
    rb"tracked-changes|annotation|[:<](?:comment|threadedComment|cm)\b",
    re.IGNORECASE,
)
"""In what has none of these nothing is to be done: the large parts, sheets and shared strings."""
_ATTRIBUTE = re.compile(rb"""(\s)([^\s=/<>"']+)(\s*=\s*)("[^"]*"|'[^']*')""")
_TAG = re.compile(rb"""<(?:[^<>"']|"[^"]*"|'[^']*')*>""")
_ENCODING = re.compile(rb"""^(<\?xml[^>]*?)\s+encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_LINKS = frozenset({"a", "hyperlink", "hlinkclick", "hlinkhover", "base", "bookmark-ref", "reference-ref"})
"""They lead somewhere when somebody follows them; nothing is fetched."""
_UNSEEN = frozenset({"template", "schema", "attachedtemplate"})
"""Where most honest files point to a folder of their author's."""
_PICTURES_WITHIN = re.compile(r"data:image/(?:png|jpe?g|gif|webp|bmp)[;,]", re.IGNORECASE)
_STYLE_REACHES = re.compile(r"url\(\s*[\"']?(?!\s*[#)]|data:image/(?:png|jpe?g|gif|webp))|@import", re.IGNORECASE)
_UNPACKED_MAX, _UNPACKED_RATIO, _RATIO_MATTERS = 64 * 1024 * 1024, 100, 4 * 1024 * 1024
"""Of packed drawings, all those of a file together."""
_PIECE = 1024 * 1024
_ATTRIBUTES_MAX = 20_000
_PLAIN = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = ((b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))


class Malformed(Exception):
    """No XML, though it begins like it."""


@dataclass
class Seen:
    """What the parts of a file told."""

    points_outside: bool = False
    reviewed: bool = False
    """There were tracked deletions or comments."""
    unpacked: int = 0
    """Bytes of packed drawings."""


def is_xml(content: bytes) -> bool:
    """By its beginning, whatever its name says."""
    head = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"<") or content.startswith((b"\0<", b"\0\0\0<", *(bom for bom, _ in _BOMS)))


def scrubbed(content: bytes, seen: Seen, *, within: frozenset[str] = frozenset(), depth: int = 0) -> bytes:
    """The part without what is to be taken off. `within`: the names of the archive's parts. Raises Refused for
    declarations of entities, Malformed."""
    if content.startswith(b"\x1f\x8b"):
        return _repacked(content, seen, depth)
    if not is_xml(content):
        return content
    content = _as_utf8(content)
    if _WORTH_READING.search(content) is None:
        return content
    reader = _Reader(content, seen, within, depth)
    return reader.edited()


def _repacked(content: bytes, seen: Seen, depth: int) -> bytes:
    """Packed drawings (.svgz)."""
    try:
        unpacked = zlib.decompressobj(31).decompress(content, _UNPACKED_MAX)
    except zlib.error:
        return content
    if not is_xml(unpacked):
        return content
    seen.unpacked += len(unpacked)
    swells = len(unpacked) > max(_RATIO_MATTERS, len(content) * _UNPACKED_RATIO)
    if swells or seen.unpacked >= _UNPACKED_MAX:
        raise Refused("bomb")
    return gzip.compress(scrubbed(unpacked, seen, depth=depth))


def _as_utf8(content: bytes) -> bytes:
    """Any other encoding would hide words from whoever looks for them in the bytes."""
    encoding = next((name for bom, name in _BOMS if content.startswith(bom)), None)
    encoding = encoding or next((name for start, name in _WIDE if content.startswith(start)), None)
    declared = _ENCODING.match(content.removeprefix(codecs.BOM_UTF8))
    if encoding is None and declared is not None and declared[2].decode().lower() not in _PLAIN:
        encoding = declared[2].decode().lower()
    if encoding is None:
        return content
    try:
        if encoding.startswith(("utf-7", "utf7")):
            raise LookupError(encoding)
        text = content.decode(encoding)
    except (UnicodeError, LookupError) as error:
        raise Refused("unsafe-xml") from error
    return _ENCODING.sub(rb"\1", text.removeprefix("\ufeff").encode())


@dataclass
class _Open:
    name: str
    at: int
    text: list[str] | None = None
    drop: bool = False


@dataclass
class _Reader:
    content: bytes
    seen: Seen
    within: frozenset[str]
    depth: int
    svg: bool = False
    _edits: list[tuple[int, int, bytes]] = field(default_factory=list)
    _stack: list[_Open] = field(default_factory=list)
    _cut_from: int | None = None
    _cut_depth: int = 0
    _doctype: int = -1

    def edited(self) -> bytes:
        parser = self._parser = expat.ParserCreate()
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = self._entity
        parser.StartDoctypeDeclHandler = self._doctype_begins
        parser.EndDoctypeDeclHandler = self._doctype_ends
        parser.ProcessingInstructionHandler = self._instruction
        try:
            for at in range(0, len(self.content), _PIECE):
                parser.Parse(self.content[at : at + _PIECE], False)
                self._check_tag(at + _PIECE)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise Malformed(str(error)) from error
        pieces, at = [], 0
        for start, end, instead in sorted(self._edits, key=lambda edit: edit[:2]):
            if start >= at:  # what lies in a part that is cut out is gone with it
                pieces += [self.content[at:start], instead]
                at = end
        return b"".join([*pieces, self.content[at:]])

    def _check_tag(self, read: int) -> None:
        """A tag that has not ended is kept whole. A picture in an attribute makes it long, but has few such signs."""
        begun = self._parser.CurrentByteIndex
        if read - begun > 2 * _PIECE and self.content.count(b"=", begun, read) > _ATTRIBUTES_MAX:
            raise Refused("bomb")

    # -- events

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        at = self._parser.CurrentByteIndex
        local = name.rpartition(":")[2].lower()
        parent = self._stack[-1].name if self._stack else ""
        self.svg = self.svg or (local == "svg" and not self._stack)
        opened = _Open(local, at, [] if local in ("binary-data", "style") else None)
        self._stack.append(opened)
        if local in ("del", "movefrom") and parent == "trpr":
            row = next((each for each in reversed(self._stack) if each.name == "tr"), None)
            if row is not None:
                row.drop = self.seen.reviewed = True
        elif local == "celldel":
            cell = next((each for each in reversed(self._stack) if each.name == "tc"), None)
            if cell is not None:
                cell.drop = self.seen.reviewed = True
        elif (local in ("del", "movefrom") and not parent.endswith("pr") and self._is_word(name)) or (
            local == "tracked-changes"
        ):
            opened.drop = self.seen.reviewed = True
        elif local in ("annotation", "comment", "threadedcomment", "cm"):
            self.seen.reviewed = True
        elif local == "relationship":
            if self._leads_out(attributes):  # without the relation the part that names it cannot be loaded
                self._empty({"Target"}, at, b'"about:blank"')
        else:
            self._check_attributes(local, attributes, at)

    def _is_word(self, name: str) -> bool:
        """Of a Word paper; mathematics and drawings have elements of these names too."""
        return name.partition(":")[0] in ("w", name)

    def _leads_out(self, relation: dict[str, str]) -> bool:
        kind = relation.get("Type", "").rpartition("/")[2].lower()
        target = relation.get("Target", "")
        # From a part "../media/image1.png" is usual; no part lies deeper than two folders.
        outside = relation.get("TargetMode", "").lower() == "external" or _reaches(
            re.sub(r"^(?:\.\./){1,2}|^/", "", target)
        )
        if not outside or kind == "hyperlink":
            return False
        self.seen.points_outside |= kind not in _UNSEEN
        return True

    def _check_attributes(self, local: str, attributes: dict[str, str], at: int) -> None:
        wrong = {name for name, value in attributes.items() if self._wrong(local, name, value)}
        if not wrong:
            return
        self.seen.points_outside |= local not in _UNSEEN
        self._empty(wrong, at, b'""')

    def _empty(self, wrong: set[str], at: int, instead: bytes) -> None:
        tag = _TAG.match(self.content, at)
        if tag is None:
            raise Malformed("a tag without end")
        plain = {name.encode() for name in wrong}

        def emptied(found: re.Match[bytes]) -> bytes:
            return found[1] + found[2] + found[3] + instead if found[2] in plain else found[0]

        self._edits.append((at, tag.end(), _ATTRIBUTE.sub(emptied, tag[0])))

    def _wrong(self, local: str, name: str, value: str) -> bool:
        key = name.rpartition(":")[2].lower()
        if key in ("href", "src"):
            if local in _LINKS:
                return False
            if self.svg:
                return not value.strip().startswith("#") and _PICTURES_WITHIN.match(value.strip()) is None
            return _reaches(value) and value not in self.within
        return self.svg and _STYLE_REACHES.search(value) is not None

    def _end(self, _name: str) -> None:
        opened = self._stack.pop()
        if opened.drop:
            at = self._parser.CurrentByteIndex
            # Of an empty element (<x/>) the end is behind its only tag already.
            closes = _TAG.match(self.content, at) if self.content[at : at + 2] == b"</" else None
            self._edits.append((opened.at, closes.end() if closes else at, b""))
        elif opened.text is not None:
            self._judge(opened, "".join(opened.text))

    def _text(self, text: str) -> None:
        if self._stack and self._stack[-1].text is not None:
            self._stack[-1].text.append(text)

    def _judge(self, opened: _Open, text: str) -> None:
        begins = _TAG.match(self.content, opened.at)
        ends = self._parser.CurrentByteIndex
        if begins is None or begins.end() > ends:
            return
        if opened.name == "style":
            if self.svg and _STYLE_REACHES.search(text):
                self.seen.points_outside = True
                self._edits.append((begins.end(), ends, b""))
            return
        try:
            within = base64.b64decode(text, validate=False)
        except (binascii.Error, ValueError):
            return
        if self.depth < 3 and (is_xml(within) or within.startswith(b"\x1f\x8b")):
            try:
                clean = scrubbed(within, self.seen, depth=self.depth + 1)
            except Malformed:
                clean = b""
            self._edits.append((begins.end(), ends, base64.b64encode(clean)))

    def _entity(self, *_declared: object) -> None:
        raise Refused("unsafe-xml")

    def _doctype_begins(self, *_declared: object) -> None:
        self._doctype = self._parser.CurrentByteIndex

    def _doctype_ends(self) -> None:
        """A document type without entities says nothing; its address is not to be asked for."""
        end = self.content.find(b">", self._parser.CurrentByteIndex)
        start = self.content.find(b"<!DOCTYPE", 0, end) if self._doctype < 0 else self._doctype
        if start >= 0 and end >= 0:
            self._edits.append((self.content.rfind(b"<!", 0, start + 2), end + 1, b""))

    def _instruction(self, target: str, _data: str) -> None:
        if target.lower() == "xml-stylesheet":
            at = self._parser.CurrentByteIndex
            self._edits.append((at, self.content.index(b"?>", at) + 2, b""))
            self.seen.points_outside = True


def _reaches(address: str) -> bool:
    """Out of the file: with a scheme, from the root, from another computer, or above its own folder."""
    plain = "".join(character for character in unquote(address) if character > " ").replace("\\", "/").lower()
    return plain.startswith(("/", "../")) or "/../" in plain or re.match(r"[a-z][a-z0-9+.-]*:", plain) is not None
