"""Renews the pictures of the pages of help (`web/static/help`) from the real pages: `make help-pictures`."""

import asyncio
import io
import tempfile
from pathlib import Path

from PIL import Image

from tests.e2e.office import Office

FOLDER = Path("web/static/help")
_WIDTH = 960
_QUALITY = 55
_SETTLES_MS = 2_500
"""Until lists, fonts and fake cameras are there."""


def shots(office: Office) -> dict[str, tuple[str, str, int, int]]:
    """Guide -> whose window, which page, how wide and high."""
    invited, opened, running = (office.meetings[state] for state in ("invited", "open", "running"))
    desk, phone = (1280, 800), (390, 780)
    return {
        "organiser": ("organiser", f"/meetings/{invited}", *desk),
        "secretary": ("organiser", f"/meetings/{invited}/papers", *desk),
        "chair": ("chair", f"/meetings/{running}/console", *desk),
        "operator": ("organiser", f"/meetings/{running}/attendance", *desk),
        "technician": ("hiep-an", f"/hall/{opened}/{office.where.hiep_an_hall.id}", *desk),
        "hall-secretary": ("organiser", f"/meetings/{running}/points/{office.where.lat_hall.id}/people", *phone),
        "delegate": ("presenter", f"/meetings/{invited}/delegate", *phone),
        "presenter": ("presenter", f"/meetings/{running}/view", *desk),
        "administrator": ("admin", "/administration/system", *desk),
    }


async def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with Office.running(Path(folder)) as office:
            for guide, (who, path, width, height) in shots(office).items():
                async with office.window(who, width=width, height=height) as page:
                    await page.goto(path)
                    await page.wait_for_timeout(_SETTLES_MS)
                    picture = Image.open(io.BytesIO(await page.screenshot())).convert("RGB")
                picture.thumbnail((_WIDTH, _WIDTH))
                picture.save(FOLDER / f"{guide}.webp", "WEBP", quality=_QUALITY, method=6)


if __name__ == "__main__":
    asyncio.run(main())
