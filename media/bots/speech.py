"""The sound of a simulated hall: its report spoken by espeak-ng, or a voice-like sound where that is not installed.

It is made and encoded once (Opus, 20 ms a packet) and then only sent, in a loop: a dozen halls that encoded all the
time, with aiortc's level in pure Python, would take a third of a core.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from dataclasses import dataclass

import av
import numpy as np
from numpy.typing import NDArray

from media.bots.reports import report

RATE = 48_000
FRAME = 960
"""Samples of 20 ms."""
PAUSE_SECONDS = 2.5
LOUDNESS_DBOV = -23.0
"""Mean over what is spoken; about what a browser's gain control makes of a voice."""
VARIANTS = ("m1", "f2", "m3", "f4", "m2", "f1", "m7", "f3", "m5", "f5", "m4", "m6")
"""espeak-ng's voices, alternately a man's and a woman's, as in the pictures."""

Samples = NDArray[np.float64]
"""-1 to 1."""


@dataclass(frozen=True)
class Speech:
    """Opus packets of 20 ms each, and how loud each is in -dBov (RFC 6464: 0 loudest, 127 silence)."""

    packets: tuple[bytes, ...]
    levels: tuple[int, ...]


SILENCE = Speech(packets=(b"\xf8\xff\xfe",), levels=(127,))
"""One packet of 20 ms without sound (RFC 6716 section 3.1: CELT, one frame)."""


def hall_speech(name: str, index: int) -> Speech:
    """The report of hall `name`; `index` chooses text, voice and pitch. Takes about half a second."""
    samples = spoken(report(name, index), index)
    if samples is None:
        samples = voice_like(seconds=18.0, index=index)
    return encode(samples)


def spoken(sentences: list[str], index: int) -> Samples | None:
    """The sentences by espeak-ng at `RATE`, each with a pause after it; None where it is not installed or fails."""
    program = shutil.which("espeak-ng")
    if program is None:
        return None
    parts: list[Samples] = []
    for sentence in sentences:
        voice = f"vi+{VARIANTS[index % len(VARIANTS)]}"
        pitch, speed = 34 + 5 * (index % 7), 148 + 4 * (index % 5)
        try:
            result = subprocess.run(
                [program, "-v", voice, "-p", str(pitch), "-s", str(speed), "--stdout", sentence],
                capture_output=True,
                timeout=20,
                check=True,
            )
            parts += [_read_wav(result.stdout), np.zeros(RATE // 2)]
        except (subprocess.SubprocessError, OSError, wave.Error, EOFError):
            return None
    return np.concatenate(parts)


def voice_like(seconds: float, index: int) -> Samples:
    """Syllables of harmonics under vowel formants, with tones and pauses between phrases; deterministic."""
    random = np.random.default_rng(index)
    pitch = (112, 196, 98, 214, 128, 182)[index % 6] * (1 + 0.03 * (index // 6))
    parts: list[Samples] = []
    total = 0
    while total < seconds * RATE:
        for _ in range(int(random.integers(5, 11))):
            parts.append(_syllable(pitch, random))
            total += parts[-1].size
        pause = np.zeros(int(RATE * random.uniform(0.25, 0.6)))
        parts.append(pause)
        total += pause.size
    return np.concatenate(parts)


def encode(samples: Samples) -> Speech:
    """Brings `samples` to the usual loudness, adds the pause before the loop, and encodes."""
    spoken_part = samples[np.abs(samples) > 0.01]
    rms = float(np.sqrt(np.mean(spoken_part**2))) if spoken_part.size else 1.0
    loud = np.clip(samples * (10 ** (LOUDNESS_DBOV / 20) / rms), -0.99, 0.99)
    padded = np.concatenate([loud, np.zeros(int(RATE * PAUSE_SECONDS) + -loud.size % FRAME)])
    whole = padded[: padded.size // FRAME * FRAME].reshape(-1, FRAME)
    levels = tuple(_level(frame) for frame in whole)
    return Speech(tuple(_opus((whole * 32767).astype(np.int16))), levels)


def _opus(frames: NDArray[np.int16]) -> list[bytes]:
    codec = av.CodecContext.create("libopus", "w")
    codec.bit_rate = 32_000
    codec.format = "s16"
    codec.layout = "mono"
    codec.sample_rate = RATE
    codec.options = {
        "application": "voip",
        "frame_duration": "20",
        "fec": "1",
        "packet_loss": "5",
        "compression_level": "5",
    }
    packets: list[bytes] = []
    for index, samples in enumerate(frames):
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = index * FRAME
        packets += [bytes(packet) for packet in codec.encode(frame)]
    return packets + [bytes(packet) for packet in codec.encode(None)]


def _level(frame: Samples) -> int:
    rms = float(np.sqrt(np.mean(frame**2)))
    return 127 if rms <= 0 else int(np.clip(round(-20 * np.log10(rms)), 0, 127))


def _read_wav(data: bytes) -> Samples:
    """16-bit mono WAV at any rate to samples at `RATE`."""
    with wave.open(io.BytesIO(data)) as file:
        rate = file.getframerate()
        # espeak-ng cannot seek in a pipe: its header gives a length that is too large, so all that is there is read.
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 32768
    positions = np.arange(int(samples.size * RATE / rate)) * (rate / RATE)
    resampled: Samples = np.interp(positions, np.arange(samples.size), samples)
    return resampled


WIDTHS = (90, 120, 180)
VOWELS = (
    (760, 1240, 2600),
    (560, 1760, 2520),
    (310, 2220, 2960),
    (480, 860, 2480),
    (350, 740, 2320),
    (540, 1420, 2450),
)
"""First three formants in Hz of a, e, i, o, u and ơ."""


def _syllable(pitch: float, random: np.random.Generator) -> Samples:
    seconds = random.uniform(0.15, 0.26)
    time = np.arange(int(RATE * seconds)) / RATE
    share = time / seconds
    tone = random.choice(["level", "rising", "falling", "dipping"])
    bend = {"level": 0 * share, "rising": 0.22 * share, "falling": -0.2 * share, "dipping": 0.5 * (share - 0.5) ** 2}[
        tone
    ]
    frequency = pitch * random.uniform(0.94, 1.06) * (1 + bend)
    phase = 2 * np.pi * np.cumsum(frequency) / RATE
    formants = VOWELS[int(random.integers(len(VOWELS)))]
    voice = np.zeros(time.size)
    for harmonic in range(1, int(4000 / pitch)):
        hertz = harmonic * pitch
        strength = sum(
            1 / (1 + ((hertz - formant) / width) ** 2) for formant, width in zip(formants, WIDTHS, strict=True)
        )
        voice += strength / harmonic**0.5 * np.sin(harmonic * phase)
    envelope = np.minimum(1, share / 0.12) * np.minimum(1, (1 - share) / 0.3)
    onset = random.normal(size=time.size) * np.exp(-time / 0.012) * random.uniform(0, 0.6)
    sound: Samples = 0.2 * (voice * envelope + onset)
    return sound
