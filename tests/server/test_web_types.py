"""The web's types are made from the server's models; this says when they are stale."""

import json
from pathlib import Path

from fastapi import FastAPI

WEB = Path(__file__).parents[2] / "web"


def test_the_committed_document_is_the_server_s(app: FastAPI) -> None:
    committed = json.loads((WEB / "openapi.json").read_text())
    assert committed == json.loads(json.dumps(app.openapi())), "stale: run `make api` and commit"
