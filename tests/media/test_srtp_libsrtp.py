"""Our SRTP against libsrtp, in both directions, for each profile that both have."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pylibsrtp import Error, Policy, Session

CORE = Path(__file__).parents[2] / "media/core"
SSRC = bytes.fromhex("deadbeef")
RTCP = bytes.fromhex("81c90007") + SSRC + bytes.fromhex("00000002" + "00" * 20)


@dataclass(frozen=True)
class Profile:
    name: str
    libsrtp: int
    key: bytes
    salt: bytes


PROFILES = [
    Profile("gcm128", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, bytes(range(16)), bytes(range(100, 112))),
    Profile("gcm256", Policy.SRTP_PROFILE_AEAD_AES_256_GCM, bytes(range(32)), bytes(range(100, 112))),
    Profile("cm80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, bytes(range(16)), bytes(range(100, 114))),
]


class Ours:
    """The example `srtp_lines` as a process."""

    def __init__(self, program: Path) -> None:
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def _ask(self, *words: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(*words, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().strip()

    def keys(self, profile: Profile) -> None:
        assert self._ask("keys", profile.name, profile.key.hex(), profile.salt.hex()) == "ok"

    def packet(self, *words: str) -> bytes:
        answer = self._ask(*words)
        assert not answer.startswith("error"), answer
        return bytes.fromhex(answer)

    def refusal(self, *words: str) -> str:
        return self._ask(*words).removeprefix("error ")

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(timeout=10) == 0


@pytest.fixture(scope="module")
def program() -> Path:
    build = ["cargo", "build", "--quiet", "--release", "--workspace", "--example", "srtp_lines"]
    subprocess.run(build, cwd=CORE, check=True)
    return CORE / "target/release/examples/srtp_lines"


@pytest.fixture
def ours(program: Path) -> Iterator[Ours]:
    process = Ours(program)
    yield process
    process.close()


def libsrtp(profile: Profile, direction: int) -> Session:
    policy = Policy(key=profile.key + profile.salt, ssrc_type=direction, srtp_profile=profile.libsrtp)
    return Session(policy)


def rtp(sequence: int, length: int = 40) -> bytes:
    return b"\x80\x60" + sequence.to_bytes(2, "big") + bytes(4) + SSRC + bytes(n % 251 for n in range(length))


# Across the roll-over of the sequence number, out of order, and of many lengths.
WALK = [(65_530, 0), (65_534, 0), (65_533, 0), (1, 1), (65_535, 0), (0, 1), (2, 1), (30_000, 1), (60_000, 1), (100, 2)]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_libsrtp_opens_what_we_seal(profile: Profile, ours: Ours) -> None:
    ours.keys(profile)
    theirs = libsrtp(profile, Policy.SSRC_ANY_INBOUND)
    for length, (sequence, roc) in enumerate(WALK):
        plain = rtp(sequence, length * 37)
        sealed = ours.packet("seal-rtp", str(roc), plain.hex())
        assert sealed[12:] != plain[12:]
        assert theirs.unprotect(sealed) == plain
    for _ in range(3):
        assert theirs.unprotect_rtcp(ours.packet("seal-rtcp", RTCP.hex())) == RTCP


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_we_open_what_libsrtp_seals(profile: Profile, ours: Ours) -> None:
    ours.keys(profile)
    theirs = libsrtp(profile, Policy.SSRC_ANY_OUTBOUND)
    sealed = {}
    for sequence, _roc in sorted(WALK, key=lambda step: (step[1], step[0])):
        sealed[sequence] = theirs.protect(rtp(sequence))
    for sequence, _roc in WALK:
        assert ours.packet("open-rtp", sealed[sequence].hex()) == rtp(sequence)
    for _ in range(3):
        report = theirs.protect_rtcp(RTCP)
        assert ours.packet("open-rtcp", report.hex()) == RTCP
        assert ours.refusal("open-rtcp", report.hex()) == "replayed or too old"
    assert ours.refusal("open-rtp", sealed[100].hex()) == "replayed or too old"


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_neither_takes_what_was_changed(profile: Profile, ours: Ours) -> None:
    ours.keys(profile)
    forged = bytearray(libsrtp(profile, Policy.SSRC_ANY_OUTBOUND).protect(rtp(7)))
    forged[20] ^= 1
    assert ours.refusal("open-rtp", forged.hex()) == "not authentic"
    forged = bytearray(ours.packet("seal-rtp", "0", rtp(8).hex()))
    forged[20] ^= 1
    with pytest.raises(Error):
        libsrtp(profile, Policy.SSRC_ANY_INBOUND).unprotect(bytes(forged))
