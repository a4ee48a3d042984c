from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from server.core.fields import Id, Line, Paragraphs

Short = Annotated[Line, Field(max_length=200)]
Long = Annotated[Paragraphs, Field(max_length=3000)]


class LetterFields(BaseModel):
    """What the letter says beyond name, hall and time, which come from the list and the plan."""

    model_config = ConfigDict(extra="forbid")

    form: Literal["state", "party"]
    heading: Literal["moi", "trieu-tap"] = "moi"
    """GIẤY MỜI, GIẤY TRIỆU TẬP."""
    superior: Short = ""
    """The organ above, over one's own name."""
    organ: Short
    number: Annotated[Line, Field(max_length=20)] = ""
    """Empty: written by hand."""
    sign: Annotated[Line, Field(max_length=40)] = ""
    """Ký hiệu: "GM-UBND", "GM/TU"."""
    place: Annotated[Line, Field(max_length=60)] = ""
    dated: date | None = None
    """Of the letter; null: written by hand."""
    content: Long = ""
    composition: Long = ""
    presiding: Short = ""
    early_minutes: Annotated[int, Field(ge=0, le=240)] = 15
    """To be there before the start; 0: not said."""
    note: Long = ""
    authority: Short = ""
    """T/M, TM.: in whose name."""
    deputy: Short = ""
    """K/T, KT.: for whom."""
    signer_title: Short = ""
    signer_name: Short = ""
    recipients: Long = ""
    personal_code: bool = True
    """Each letter bears a code that opens the meeting for its delegate alone."""


class LetterOut(BaseModel):
    fields: LetterFields
    revision: int
    """0: nobody has worked on it; what is shown is proposed."""
    when: str
    """As the letter says it."""


class PrintWrite(BaseModel):
    model_config = ConfigDict(extra="forbid")

    point_id: Id | None = None
    """Of this hall alone."""
    delegate_ids: Annotated[list[Id], Field(max_length=1000)] | None = None
    """These alone."""
    without_email: bool = False


class VolumeOut(BaseModel):
    number: int
    name: str
    """The branch."""
    letters: int
    size: int


class PrintOut(BaseModel):
    id: int
    state: Literal["queued", "ready", "failed"]
    letters: int
    done: int
    volumes: list[VolumeOut]
    created_at: datetime
