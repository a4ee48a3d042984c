"""The program of the press."""

import sys
from pathlib import Path

from server.conversion.messages import ORDER
from server.conversion.sandboxed_program import Tell, run
from server.pdf.messages import BURNT, MADE, PLAN, SOURCE, STAMPABLE, Made, PressOrder


def main() -> int:
    folder = Path(sys.argv[1]).resolve()
    order = PressOrder.model_validate_json((folder / ORDER).read_bytes())

    def go(tell: Tell) -> None:
        # After the limits: these load the parsers.
        from server.pdf.pack import bind  # noqa: PLC0415
        from server.pdf.watermark import make_stampable  # noqa: PLC0415

        result = folder / "result"
        result.mkdir()
        made = result / STAMPABLE
        left_out: list[int] = []
        if order.burnt_for:
            from server.pdf.burnt_copy import burn  # noqa: PLC0415

            pages = burn(folder / SOURCE, result / BURNT, tuple(order.burnt_for))
            size = (result / BURNT).stat().st_size
            (folder / MADE).write_text(Made(page_count=pages, size=size).model_dump_json(), encoding="utf-8")
            return
        if order.cover is None:
            plan = make_stampable(folder / SOURCE, made)
        else:
            many = sum(not paper.volume for item in order.items for paper in item.papers)
            plan, left_out = bind(
                order.cover, order.items, folder, made, lambda part: tell("bind", part, int(part * many), many)
            )
        (result / PLAN).write_text(plan.model_dump_json(), encoding="utf-8")
        (folder / MADE).write_text(
            Made(page_count=plan.pages, size=plan.size, left_out=left_out).model_dump_json(), encoding="utf-8"
        )

    return run(order, go)


if __name__ == "__main__":
    sys.exit(main())
