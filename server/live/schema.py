"""The live channel's types for the OpenAPI document, so that one generator gives the web client all its types."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from server.live.feature import LiveFeature
from server.live.protocol import ClientMessage, ServerMessage

_REF = "#/components/schemas/{model}"


def add_live_schemas(document: dict[str, Any], features: Iterable[LiveFeature]) -> None:
    """Adds to the OpenAPI `document`: ServerMessage, ClientMessage, every model of the features, and three maps:

    `LiveCollections` (collection -> key -> entity), `LiveCommands` (name -> {data, reply}),
    `LiveSignals` (kind -> data).
    """
    features = tuple(features)
    schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
    collections = {name: model for feature in features for name, model in feature.collections.items()}
    commands = {command.name: command for feature in features for command in feature.commands}
    signals = {kind: model for feature in features for kind, model in feature.signals.items()}

    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = []
    modes += [(model, "serialization") for model in (*collections.values(), *signals.values())]
    modes += [(command.reply, "serialization") for command in commands.values()]
    # What a client sends: defaults may be left out.
    modes += [(command.data, "validation") for command in commands.values()]
    refs, definitions = models_json_schema(list(dict.fromkeys(modes)), ref_template=_REF)
    schemas.update(definitions.get("$defs", {}))

    for name, adapter, mode in (
        ("ServerMessage", TypeAdapter(ServerMessage), "serialization"),
        ("ClientMessage", TypeAdapter(ClientMessage), "validation"),
    ):
        schema = adapter.json_schema(ref_template=_REF, mode=mode)  # type: ignore[arg-type]
        schemas.update(schema.pop("$defs", {}))
        schemas[name] = schema

    schemas["LiveCollections"] = _object(
        {name: _map_of(refs[model, "serialization"]) for name, model in collections.items()}, required=False
    )
    schemas["LiveCommands"] = _object(
        {
            name: {
                "description": command.about,
                **_object({"data": refs[command.data, "validation"], "reply": refs[command.reply, "serialization"]}),
            }
            for name, command in commands.items()
        }
    )
    schemas["LiveSignals"] = _object({kind: refs[model, "serialization"] for kind, model in signals.items()})


def _object(properties: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = list(properties)
    return schema


def _map_of(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": schema}
