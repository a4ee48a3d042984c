"""The program of the press."""

import sys
from pathlib import Path

from server.documents.press.order import MADE, PLAN, SOURCE, STAMPABLE, Made, PressOrder
from server.documents.workshop.order import ORDER
from server.documents.workshop.program import Tell, run


def main() -> int:
    folder = Path(sys.argv[1]).resolve()
    order = PressOrder.model_validate_json((folder / ORDER).read_bytes())

    def go(_tell: Tell) -> None:
        # After the limits: these load the parsers.
        from server.documents.press.pack import bind  # noqa: PLC0415
        from server.documents.press.stamp import make_stampable  # noqa: PLC0415

        result = folder / "result"
        result.mkdir()
        made = result / STAMPABLE
        if order.cover is None:
            plan = make_stampable(folder / SOURCE, made)
        else:
            plan = bind(order.cover, order.items, folder, made)
        (result / PLAN).write_text(plan.model_dump_json(), encoding="utf-8")
        (folder / MADE).write_text(Made(page_count=plan.pages, size=plan.size).model_dump_json(), encoding="utf-8")

    return run(order, go)


if __name__ == "__main__":
    sys.exit(main())
