"""What requests may bring: nothing that is not asked for, and nothing without an end. A field that is spelled wrong
must not be left out silently: of a reminder it would be the question that asks first."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

FROM_AFAR = {"NoteSync", "NoteChange", "ReceiptsIn", "ReceiptEntry", "PageFault", "DeviceReport", "HallTestWrite"}
"""Of devices that were without a line, and pages that stood open, for weeks: they may be of another version."""
CHECKED = {("PersonWrite", "login"), ("PersonPatch", "login"), ("SetupWrite", "login")}
"""By a rule that says itself how long."""


def schemas_of_bodies(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}

    def follow(part: Any) -> None:
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name and name not in found:
                found[name] = document["components"]["schemas"][name]
                follow(found[name])
            for value in part.values():
                follow(value)
        elif isinstance(part, list):
            for value in part:
                follow(value)

    for methods in document["paths"].values():
        for operation in methods.values():
            follow(operation.get("requestBody"))
    return found


def endless(part: Any) -> Iterator[dict[str, Any]]:
    """Texts and lists in a schema without a longest."""
    if isinstance(part, dict):
        if part.get("type") == "string" and part.keys().isdisjoint({"maxLength", "enum", "const", "format", "pattern"}):
            yield part
        if part.get("type") == "array" and "maxItems" not in part:
            yield part
        for value in part.values():
            yield from endless(value)
    elif isinstance(part, list):
        for value in part:
            yield from endless(value)


def test_bodies_bring_nothing_that_is_not_asked_for(app: FastAPI) -> None:
    bodies = schemas_of_bodies(app.openapi())
    assert len(bodies) > 30
    open_ones = {
        name
        for name, schema in bodies.items()
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False
    }
    assert open_ones == FROM_AFAR


def test_texts_and_lists_in_bodies_have_an_end(app: FastAPI) -> None:
    without = {
        (name, field)
        for name, schema in schemas_of_bodies(app.openapi()).items()
        for field, about in schema.get("properties", {}).items()
        if any(endless(about))
    }
    assert without == CHECKED
