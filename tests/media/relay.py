"""A TURN relay (coturn, Debian's package) for tests, which browsers reach by UDP, TCP and TLS."""

import asyncio
import contextlib
import datetime
import ipaddress
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from server.core.config import Settings
from server.live.relays import relays

SECRET = "the relay's and the server's"


@dataclass(frozen=True)
class Coturn:
    address: str
    port: int
    tls_port: int

    def told(self, *ways: str, now: datetime.datetime | None = None) -> list[dict[str, Any]]:
        """What the server tells browsers of it: `udp`, `tcp`, `tls`."""
        urls = {
            "udp": f"turn:{self.address}:{self.port}?transport=udp",
            "tcp": f"turn:{self.address}:{self.port}?transport=tcp",
            "tls": f"turns:{self.address}:{self.tls_port}?transport=tcp",
        }
        settings = Settings(turn_urls=tuple(urls[way] for way in ways), turn_secret=SECRET)
        now = now or datetime.datetime.now(datetime.UTC)
        return [each.model_dump() for each in relays(settings, "point-2", now)]


@contextlib.asynccontextmanager
async def coturn(folder: Path, address: str) -> AsyncIterator[Coturn]:
    port, tls_port = free_port(address), free_port(address)
    certificate, key = _certificate(folder, address)
    process = await asyncio.create_subprocess_exec(
        "turnserver",
        *("-n", "--no-cli", "--use-auth-secret", "--static-auth-secret", SECRET, "--realm", "nhipcau"),
        *("--listening-ip", address, "--relay-ip", address, "--listening-port", str(port)),
        *("--tls-listening-port", str(tls_port), "--cert", str(certificate), "--pkey", str(key), "--no-dtls"),
        *("--allow-loopback-peers", "--log-file", "stdout", "--simple-log", "--pidfile", str(folder / "turn.pid")),
        *("--userdb", str(folder / "turndb")),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(10):
            while not all([await answers(address, each) for each in (port, tls_port)]):
                assert process.returncode is None, "turnserver ended"
                await asyncio.sleep(0.05)
        yield Coturn(address, port, tls_port)
    finally:
        process.kill()
        await process.wait()


def free_port(address: str) -> int:
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind((address, 0))
        number = int(tcp.getsockname()[1])
        udp.bind((address, number))
        return number


async def answers(address: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(address, port)
    except OSError:
        return False
    writer.close()
    return True


def _certificate(folder: Path, address: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "relay.crt", folder / "relay.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain),
    )
    return files
