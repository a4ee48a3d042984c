"""PDF from typst sources, with the fonts that come with us."""

from collections.abc import Mapping
from pathlib import Path

import typst

from server.core import fonts


def compiled(source: Path, inputs: Mapping[str, str], *, tags: bool = True) -> bytes:
    """One PDF. `inputs`: what the source reads as `sys.inputs`; `tags`: for screen readers. Takes a core for
    seconds when there are hundreds of pages: for files that people ask for, let `server.edge.exports` call it."""
    made = typst.compile(
        source,
        format="pdf",
        font_paths=[fonts.FOLDER],
        ignore_system_fonts=True,
        sys_inputs=dict(inputs),
        pdf_tags=tags,
    )
    assert isinstance(made, bytes)  # noqa: S101  one PDF, not pages of pictures
    return made


def pictured(source: Path, inputs: Mapping[str, str], *, ppi: float = 110.0) -> bytes:
    """The first page as PNG. `inputs` as of `compiled`."""
    made = typst.compile(
        source, format="png", ppi=ppi, font_paths=[fonts.FOLDER], ignore_system_fonts=True, sys_inputs=dict(inputs)
    )
    return made if isinstance(made, bytes) else made[0]
