"""The real conversion, in its own process, on a file made by the test."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.conversion import sandbox
from server.conversion.messages import ORIGINAL, PAGES, REPORT, RESULT, ROOTS, MadePage, Order, Report, Step


@dataclass
class Made:
    steps: list[Step]
    folder: Path

    @property
    def code(self) -> str | None:
        """Of the problem; None: it worked."""
        problem = self.steps[-1].problem
        return problem.code if problem else None

    @property
    def report(self) -> Report:
        return Report.model_validate_json((self.folder / REPORT).read_bytes())

    @property
    def pages(self) -> list[MadePage]:
        lines = (self.folder / PAGES).read_text(encoding="utf-8").splitlines()
        return [MadePage.model_validate(json.loads(line)) for line in lines]

    @property
    def result(self) -> Path:
        return self.folder / RESULT

    @property
    def stages(self) -> list[str]:
        return list(dict.fromkeys(step.stage for step in self.steps if step.stage))


async def made(
    folder: Path, content: bytes, name: str, *, patience: float = 170, program: str = sandbox.CONVERSION, **order: Any
) -> Made:
    """`trust_roots`: files, wherever they lie."""
    folder.mkdir(parents=True)
    if roots := order.get("trust_roots"):
        (folder / ROOTS).mkdir()
        order["trust_roots"] = [shutil.copy(root, folder / ROOTS) and f"{ROOTS}/{Path(root).name}" for root in roots]
    (folder / ORIGINAL).write_bytes(content)
    steps = [step async for step in sandbox.steps(folder, Order(file_name=name, **order), patience, program)]
    return Made(steps, folder)
