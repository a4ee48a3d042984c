"""What a backup says of itself: in the open (`Index`), and sealed (`Manifest`)."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

FORMAT = 1
PLACE = "place.json"
INDEX = "index.json"
MANIFEST = "manifest.age"
KEYS = "keys.age"


class Sealed(BaseModel):
    """A file at the place, as it lies there."""

    bytes: int
    sha256: str


class Place(BaseModel):
    format: int = FORMAT
    installation: str
    """Of the system whose backups these are; says nothing of its keys."""


class Index(BaseModel):
    """Enough to see that everything is there and whole, without the key."""

    format: int = FORMAT
    version: str
    """Of the program."""
    revision: str
    """Of the database's schema."""
    at: datetime
    """Everything is as it was then."""
    parts: dict[str, Sealed]
    """File beside the index -> how it lies there."""
    objects: dict[str, Sealed]


class Table(BaseModel):
    rows: int
    digest: str
    """Sum of its rows' SHA-256: says the same in whatever order they lie."""
    columns: list[str] = []
    """PostgreSQL alone."""


class Folder(BaseModel):
    object: str
    sha256: str
    """Of the tar."""
    files: int
    bytes: int


class Manifest(BaseModel):
    kind: Literal["sqlite", "postgresql"]
    tables: dict[str, Table]
    sequences: dict[str, int]
    """PostgreSQL: the numbers given last, so that none is given again."""
    papers: dict[str, Folder]
    """Folder of the storage -> its files."""
    plain: dict[str, str]
    """Part -> SHA-256 of what is sealed in it."""


def part_of(table: str) -> str:
    return f"table-{table}.age"


SQLITE_PART = "database.age"


def object_key(name: str) -> str:
    return f"objects/{name[:2]}/{name}.age"
