"""The program of the conversion."""

import sys
from pathlib import Path

from server.conversion.messages import ORDER, Order
from server.conversion.sandboxed_program import Tell, run


def main() -> int:
    folder = Path(sys.argv[1]).resolve()
    order = Order.model_validate_json((folder / ORDER).read_bytes())

    def go(tell: Tell) -> None:
        from server.conversion.steps import work  # noqa: PLC0415  after the limits: it loads the parsers

        work(folder, order, tell)

    return run(order, go)


if __name__ == "__main__":
    sys.exit(main())
