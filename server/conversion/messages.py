"""The two papers that go between server and conversion: the order, and the report."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

ORDER = "order.json"
ORIGINAL = "original"
REPORT = "report.json"
PAGES = "pages.jsonl"
"""One `MadePage` a line, in order."""
RECOGNISED = "recognised.jsonl"
"""What was read of scanned pages, on earlier tries and of earlier versions too; see recognised_pages."""
ROOTS = "roots"
"""Folder of the certificates that signatures are checked against."""
RESULT = "result"
"""Folder of what goes into the storage: `reading.pdf`, `pages/<n>-<width>.webp`."""
READING = "reading.pdf"
WIDTHS = (900, 1800)
"""Pixels across of the page images: a phone's whole page; a tablet's, or a hall's screen zoomed in."""

Stage = Literal["scan", "inspect", "convert", "straighten", "ocr", "clean", "text", "pictures", "bind"]


class _Sheet(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Limits(_Sheet):
    """What any order says about the process that carries it out."""

    memory_mb: int = 3072
    """Address space of each process."""
    seconds: int = 900
    """Processor time of each process."""
    file_mb: int = 2048
    """Largest file that may be written."""


class Order(Limits):
    file_name: str
    isolated: bool = False
    mark_overruled: bool = False
    """Who manages the paper answers for it that a word in its body is no mark of secrecy."""
    pages_max: int = 2000
    cores: int = 2
    trust_roots: list[str] | None = None
    """PEM files, by their place in the job's folder. None: nothing to check chains against."""


class Message(_Sheet):
    """Something for people."""

    code: str = Field(max_length=40)
    vi: str = Field(max_length=1000)
    en: str = Field(max_length=1000)


class Signature(_Sheet):
    signer: str
    signed_at: str | None
    """ISO 8601. By the signer's own clock, unless a time stamp vouches for it."""
    intact: bool
    """What was signed is as it was."""
    covers_whole: bool
    """Nothing was added after it but what signing again adds."""
    trusted: bool | None
    """The signer's certificate leads to a trusted root; None: there are no roots to check against."""
    reason_vi: str
    reason_en: str


class OutlineEntry(_Sheet):
    title: str
    page: int
    """From 1."""
    level: int
    """From 0."""


class Guess(_Sheet):
    """What the first page says of itself; "" where it does not."""

    title: str = ""
    kind: str = ""
    number: str = ""
    issued_on: str = ""
    """ISO date."""
    issuer: str = ""
    urgency: str = ""


class Report(_Sheet):
    mime: str
    page_count: int
    text_quality: Literal["text", "ocr", "none"]
    outline: list[OutlineEntry]
    page_labels: list[str] = []
    """What is printed on the pages; empty: their numbers."""
    signatures: list[Signature]
    warnings: list[Message]
    guess: Guess
    pdf_size: int
    picture_bytes: dict[str, int]


class MadePage(_Sheet):
    """See models.PaperPage."""

    number: int
    width: float
    height: float
    text: str
    lines: list[Any]


class Step(_Sheet):
    """A line of standard output."""

    stage: Stage | None = None
    progress: float = 0.0
    """0 … 1 over the whole way."""
    page: int = 0
    pages: int = 0
    """Which page it is at, of how many; 0 where a stage does not go page by page."""
    problem: Message | None = None
    """The file's fault; nothing follows."""
    done: bool = False
