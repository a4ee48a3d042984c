"""The examples for nginx and Caddy in front of the real application: web sockets, papers of 200 MB, idle sockets, and
whose address the server believes."""

import asyncio
import base64
import re
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import select
from websockets.asyncio.client import ClientConnection, connect

from server.accounts.dependencies import COOKIE
from server.audit.log import AuditLog
from server.audit.models import AuditEntry
from server.core.services import Services
from server.edge.budgets import CHUNK_BODY
from tests import builders
from tests.builders import Province
from tests.conftest import signed_in
from tests.deployment import free_port
from tests.sockets import LiveServer

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

DOCKER = Path(__file__).parents[2] / "docker"
ELSEWHERE = "127.0.0.7"
"""Where our client dials from, on this machine: every address of 127.0.0.0/8 is."""
PAPER = 200 * 1024 * 1024


class Proxy:
    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port
        self.tls = ssl.create_default_context()
        self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE

    def client(self, cookie: str = "") -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            base_url=f"https://127.0.0.1:{self.port}",
            transport=httpx2.AsyncHTTPTransport(verify=self.tls, local_address=ELSEWHERE),
            headers={"Origin": f"https://127.0.0.1:{self.port}", "X-Nhipcau": "1"},
            cookies={COOKIE: cookie} if cookie else None,
            timeout=20,
        )

    async def dial(self, path: str, cookie: str) -> ClientConnection:
        return await connect(
            f"wss://127.0.0.1:{self.port}{path}",
            ssl=self.tls,
            additional_headers={"Cookie": f"{COOKIE}={cookie}", "Origin": f"https://127.0.0.1:{self.port}"},
            max_size=None,
            ping_interval=None,
            proxy=None,
        )


def certificate(folder: Path) -> None:
    """site.crt and site.key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hop.lamdong.example")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    alternatives = x509.SubjectAlternativeName([x509.DNSName("hop.lamdong.example")])
    signed = made.add_extension(alternatives, critical=False).sign(key, hashes.SHA256())
    (folder / "site.crt").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "site.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def nginx(folder: Path, upstream: int, idle: str) -> tuple[list[str], int]:
    """The example as it is, but for ports, files, and how long a socket may be idle."""
    port, plain = free_port(), free_port()
    example = (DOCKER / "nginx" / "nhipcau.conf").read_text()
    for was, now in (
        (r"listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        (r"listen 80;", f"listen 127.0.0.1:{plain};"),
        (r" *listen \[::\].*\n", ""),
        (r"server 127\.0\.0\.1:8000", f"server 127.0.0.1:{upstream}"),
        (r"/etc/ssl/nhipcau", str(folder)),
        (r"proxy_read_timeout 1h", f"proxy_read_timeout {idle}"),
    ):
        example, changed = re.subn(was, now, example)
        assert changed, was
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; user root; pid {folder}/nginx.pid; error_log {folder}/proxy.log; worker_processes 1;"
        f"events {{ worker_connections 256; }} http {{ access_log off; {temporary}\n{example}\n}}"
    )
    return [shutil.which("nginx") or "/usr/sbin/nginx", "-p", str(folder), "-c", f"{folder}/nginx.conf"], port


def caddy(folder: Path, upstream: int, _idle: str) -> tuple[list[str], int]:
    port = free_port()
    example = (DOCKER / "caddy" / "Caddyfile").read_text().replace("/certificates/", f"{folder}/")
    # Its listener for redirects would want port 80.
    example = example.replace("\tadmin off\n", "\tadmin off\n\tauto_https disable_redirects\n", 1)
    (folder / "Caddyfile").write_text(example)
    settings = {"DOMAIN": f"https://127.0.0.1:{port}", "CERTIFICATE": "given", "UPSTREAM": f"127.0.0.1:{upstream}"}
    home = [f"HOME={folder}", f"XDG_DATA_HOME={folder}", f"XDG_CONFIG_HOME={folder}"]
    program = shutil.which("caddy")
    assert program is not None
    given = [f"{name}={value}" for name, value in settings.items()]
    run = [program, "run", "--config", f"{folder}/Caddyfile", "--adapter", "caddyfile"]
    return ["env", *home, *given, *run], port


@pytest.fixture(params=[nginx, caddy], ids=["nginx", "caddy"])
async def proxy(request: pytest.FixtureRequest, server: LiveServer, tmp_path: Path) -> AsyncIterator[Proxy]:
    """`@pytest.mark.idle("1s")`: how long nginx lets a socket be idle; else as the example says."""
    mark = request.node.get_closest_marker("idle")
    certificate(tmp_path)
    command, port = request.param(tmp_path, server.port, mark.args[0] if mark else "1h")
    with (tmp_path / "said").open("wb") as said:
        running = Proxy(subprocess.Popen(command, stdout=said, stderr=said), port)  # noqa: ASYNC220
    try:
        await listening(port, running.process, tmp_path / "said")
        yield running
    finally:
        running.process.terminate()
        running.process.wait(10)


async def listening(port: int, process: subprocess.Popen[bytes], said: Path) -> None:
    for _ in range(200):
        assert process.poll() is None, said.read_text()
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise AssertionError(said.read_text())


async def test_a_paper_of_200_mb_and_the_real_address(proxy: Proxy, services: Services, province: Province) -> None:
    meeting = await builders.conference(services, province, "invited")
    async with proxy.client() as stranger:
        answer = await stranger.post(
            "/api/session",
            json={"login": "nobody", "password": "wrong"},
            headers={"X-Forwarded-For": "203.0.113.66", "X-Forwarded-Proto": "http"},
        )
        assert answer.status_code == 401, answer.text
    async with proxy.client(await signed_in(services, province.organiser)) as client:
        tus = {"Tus-Resumable": "1.0.0"}
        name = base64.b64encode(b"Bao cao.pdf").decode()
        begun = await client.post(
            f"/api/meetings/{meeting.id}/uploads",
            headers={**tus, "Upload-Length": str(PAPER), "Upload-Metadata": f"filename {name}"},
        )
        assert begun.status_code == 201, begun.text
        kind = {**tus, "Content-Type": "application/offset+octet-stream"}
        piece = b"%PDF-1.7\n".ljust(CHUNK_BODY, b"\0")
        for offset in range(0, PAPER - CHUNK_BODY, CHUNK_BODY):
            sent = await client.patch(
                begun.headers["location"], content=piece, headers={**kind, "Upload-Offset": str(offset)}
            )
            assert sent.status_code == 204, sent.text
        asked = await client.head(begun.headers["location"], headers=tus)
        assert int(asked.headers["upload-offset"]) == PAPER - CHUNK_BODY  # the last piece would begin a conversion
    await services.components[AuditLog].write_refusals()
    async with services.database.read() as session:
        addresses = set(await session.scalars(select(AuditEntry.address)))
    assert addresses - {""} == {ELSEWHERE}


async def test_an_idle_socket_stays(proxy: Proxy, services: Services, province: Province) -> None:
    connection = await line(proxy, services, province)
    await connection.recv()
    await asyncio.sleep(1.5)
    await (await connection.ping())
    await connection.close()


@pytest.mark.idle("1s")
@pytest.mark.parametrize("proxy", [nginx], ids=["nginx"], indirect=True)
async def test_it_is_the_setting_that_keeps_it(proxy: Proxy, services: Services, province: Province) -> None:
    connection = await line(proxy, services, province)
    async with asyncio.timeout(15):  # the server asks every 20 s whether anybody is there
        await connection.wait_closed()


async def line(proxy: Proxy, services: Services, province: Province) -> ClientConnection:
    """The live channel of somebody in a meeting."""
    meeting = await builders.conference(services, province, "invited")
    cookie = await signed_in(services, province.organiser)
    return await proxy.dial(f"/api/meetings/{meeting.id}/live?as=member", cookie)
