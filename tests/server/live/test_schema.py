"""The OpenAPI document and the protocol page know every command, signal and collection."""

import re
from pathlib import Path

from fastapi import FastAPI

import server.live
from server.conference.service import ConferenceService


def test_everything_is_in_the_document(app: FastAPI) -> None:
    conference: ConferenceService = app.state.services.components[ConferenceService]
    schemas = app.openapi()["components"]["schemas"]
    assert app.openapi() is app.openapi()
    assert set(schemas["LiveCommands"]["properties"]) == set(conference.live.commands)
    collections = {name for feature in conference.live.features for name in feature.collections}
    assert set(schemas["LiveCollections"]["properties"]) == collections >= {"meeting", "points", "stage", "library"}
    assert {"Snapshot", "Event", "Signal", "Reply", "Pong", "Command", "Ping", "StageEntity"} <= set(schemas)
    references = set(re.findall(r"#/components/schemas/([^'\"]+)", str(app.openapi())))
    assert references <= set(schemas)
    give = schemas["LiveCommands"]["properties"]["floor.give"]["properties"]
    assert give["data"] == {"$ref": "#/components/schemas/FloorGive"}
    # What a client sends may leave defaults out; what it is sent always has them.
    assert schemas["FloorGive"]["required"] == ["point_id"]
    assert "hand_topic" in schemas["PointEntity"]["required"]


def test_everything_is_on_the_page(app: FastAPI) -> None:
    conference: ConferenceService = app.state.services.components[ConferenceService]
    page = (Path(server.live.__file__).parent / "PROTOCOL.md").read_text()
    page = page.replace("`.start`", "`meeting.start`").replace("`.end`", "`meeting.end`")
    names = [*conference.live.commands]
    names += [name for feature in conference.live.features for name in (*feature.signals, *feature.collections)]
    assert [name for name in names if f"`{name}`" not in page] == []
