"""The files as their own programs read them: hadolint, the compose specification, systemd, and bubblewrap under what
the unit lays over a process."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import compose_spec
import pytest
from aioice.stun import TransactionFailed
from aioice.turn import create_turn_endpoint

from server.core.config import Settings
from server.live.relays import relays
from tests.media.relay import answers, free_port

DOCKER = Path(__file__).parents[2] / "docker"
UNITS = sorted((DOCKER / "systemd").glob("*.service"))


def test_hadolint_finds_nothing_in_the_image() -> None:
    hadolint = shutil.which("hadolint")
    assert hadolint is not None
    said = subprocess.run([hadolint, "--no-color", DOCKER / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (0, "")


def test_the_image_is_built_from_what_it_copies() -> None:
    """What the build copies is neither left out by the list of what is sent to it, nor missing here."""
    ignored = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    sent = {line[1:] for line in ignored if line.startswith("!")}
    dockerfile = (DOCKER / "Dockerfile").read_text()
    copied = [word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile, re.M) for word in line.split()]
    assert copied
    for each in copied:
        assert each == "." or (DOCKER.parent / each).exists()
        assert each == "." or any(each == name or each.startswith(f"{name}/") for name in sent), each
    assert "USER 61500:61500" in dockerfile
    assert "HEALTHCHECK" in dockerfile


def read(name: str, **other: str) -> compose_spec.PyCompose:
    """A compose file with the example's settings put in, as `docker compose` does (compose specification, 12)."""
    settings = dict(re.findall(r"^(\w+)=(.+)$", (DOCKER / "nhipcau.env.example").read_text(), re.M))
    settings |= {"DATABASE_PASSWORD": "secret", **other}

    def value(found: re.Match[str]) -> str:
        given = settings.get(found[1], found[3] if found[2] == ":-" else None)
        assert given is not None, f"{name}: the example does not say {found[1]}"
        return given

    text = (DOCKER / name).read_text()
    return compose_spec.PyCompose.from_yaml(re.sub(r"\$\{(\w+)(:[-?])?([^}]*)\}", value, text))


@pytest.mark.parametrize("name", ["compose.yml", "compose.small.yml"])
def test_compose_files_are_whole(name: str) -> None:
    spec, common = read(name).to_dict(), read("compose.common.yml").to_dict()["services"]
    assert spec["services"].keys() >= {"migrate", "server", "caddy"}
    for service in spec["services"].values():
        parts = [service]
        while (extended := parts[-1].get("extends")) is not None:
            parts.append(common[extended["service"]])
        volumes = [each for part in parts for each in part.get("volumes") or () if not str(each).startswith(".")]
        assert {str(each).partition(":")[0] for each in volumes} <= spec["volumes"].keys()
        assert {each for part in parts for each in part.get("networks") or ()} <= spec["networks"].keys()
        assert set(service.get("depends_on") or ()) <= spec["services"].keys()


def test_containers_are_shut_in() -> None:
    common = read("compose.common.yml").to_dict()["services"]
    for service in (common["program"], common["caddy"]):
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
    profile = json.loads((DOCKER / "seccomp.json").read_text())
    denied = set(profile["syscalls"][0]["names"])
    assert {"bpf", "kexec_load", "keyctl", "perf_event_open", "ptrace", "userfaultfd"} <= denied
    assert not {"unshare", "mount", "clone", "clone3", "pivot_root", "umount2", "setns"} & denied  # bubblewrap's


async def test_the_relay_leads_to_the_node_alone(tmp_path: Path) -> None:
    """coturn itself, with what the compose file tells it."""
    secret, address, denied = "a long random word", "127.0.0.1", "127.0.0.9"
    said = read("compose.common.yml", MEDIA_ADDRESS=address, NHIPCAU_TURN_SECRET=secret).to_dict()["services"]["relay"]
    port = free_port(address)
    process = await asyncio.create_subprocess_exec(
        *said["command"],
        *(f"--listening-ip={address}", f"--relay-ip={address}", f"--listening-port={port}", "--allow-loopback-peers"),
        *(f"--pidfile={tmp_path}/pid", f"--userdb={tmp_path}/db"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(20):
            while not await answers(address, port):
                assert process.returncode is None, "turnserver ended"
                await asyncio.sleep(0.05)
            urls = (f"turn:{address}:{port}?transport=udp",)
            [way] = relays(Settings(turn_urls=urls, turn_secret=secret), "point-2", datetime.now(UTC))
            relay, _ = await create_turn_endpoint(
                asyncio.DatagramProtocol, (address, port), username=way.username, password=way.credential
            )
            inner = relay._TurnTransport__inner_protocol  # type: ignore[attr-defined]  # the bind's answer is told nobody
            await inner.channel_bind(0x4000, (address, 7000))
            with pytest.raises(TransactionFailed) as refused:
                await inner.channel_bind(0x4001, (denied, 7000))
            assert refused.value.response.attributes["ERROR-CODE"][0] == 403
            relay.close()
    finally:
        process.kill()
        await process.wait()


@pytest.mark.parametrize("example", ["nhipcau.env.example", "systemd/env.example"])
def test_examples_name_settings_that_there_are(example: str) -> None:
    text = (DOCKER / example).read_text()
    named = set(re.findall(r"^#?(NHIPCAU_\w+)=", text, re.M))
    assert named
    assert named <= {f"NHIPCAU_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_units_are_shut_in(unit: Path) -> None:
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=True,
    )
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", said.stdout)
    assert exposure is not None
    assert float(exposure[1]) < 3.0


_OVERLAID = {
    "ProtectKernelTunables": "mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys",
    "ProtectKernelLogs": "mount --bind /dev/null /proc/kmsg",
    "ProtectProc": "mount -t proc -o hidepid=invisible proc /proc",
}
"""What systemd does to a service's /proc (systemd.exec(5)), by the setting that makes it do so."""
_TRIAL = "from server.conversion import isolation; isolation._bubblewrap(); print('shut in')"  # a /proc of its own, too


@pytest.mark.skipif(os.geteuid() != 0, reason="lays mounts over /proc")
@pytest.mark.parametrize("unit", [each for each in UNITS if "node" not in each.stem], ids=lambda unit: unit.stem)
def test_papers_are_opened_under_the_unit(unit: Path, tmp_path: Path) -> None:
    set_ = dict(re.findall(r"^(\w+)=(.*)$", unit.read_text(), re.M))
    steps = [step for name, step in _OVERLAID.items() if set_.get(name) not in (None, "no", "default")]
    assert set_["RestrictSUIDSGID"] == "yes"
    assert not {"RestrictNamespaces", "MemoryDenyWriteExecute"} & set_.keys()
    assert shut_in(steps) == "shut in\n"
    # Else the whole test would find nothing.
    with pytest.raises(subprocess.CalledProcessError):
        shut_in([*steps, _OVERLAID["ProtectKernelTunables"]])


def shut_in(steps: list[str]) -> str:
    """What the trial says as a user without capabilities, behind the mounts."""
    program = "setpriv --reuid 61500 --regid 61500 --clear-groups --bounding-set=-all --no-new-privs"
    trial = f"import sys; sys.path[:0] = {sys.path!r}; {_TRIAL}"
    script = " && ".join(["mount --make-rprivate /", *steps, f'exec {program} /usr/bin/python3 -c "$1"'])
    command = ["unshare", "--mount", "bash", "-c", script, "trial", trial]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
