"""What each hall's fake camera and microphone say, and how a receiver reads it back.

A hall numbered n (1 to 15) shows n as four vertical bars, black or white, most significant bit left, and sounds a
tone of `tone(n)` Hz. A test reads the *received* picture's pixels and the *received* sound's spectrum, so it knows
whose media arrived, whatever the page says.
"""

import json
import wave
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.async_api import Page

WIDTH, HEIGHT, FPS, FRAMES = 640, 360, 10, 20


def tone(number: int) -> int:
    """Hz; 190 Hz apart, no two in a harmonic relation that an analyser would confuse."""
    return 400 + 190 * number


def write_camera(path: Path, number: int) -> Path:
    """A looping Y4M file of 2 s, 640 × 360: the four bars, and a grey block that moves so that every frame differs."""
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FPS}:1 Ip A1:1 C420jpeg\n".encode())
        chroma = np.full((HEIGHT // 2 * (WIDTH // 2)) * 2, 128, dtype=np.uint8).tobytes()
        for frame in range(FRAMES):
            luma = np.full((HEIGHT, WIDTH), 90, dtype=np.uint8)
            for bar in range(4):
                bit = number >> (3 - bar) & 1
                luma[40:280, bar * 160 + 8 : bar * 160 + 152] = 235 if bit else 16
            luma[300:340, frame * 28 : frame * 28 + 60] = 200
            file.write(b"FRAME\n" + luma.tobytes() + chroma)
    return path


def write_microphone(path: Path, number: int) -> Path:
    """A looping WAV file of 2 s at 48 kHz: the hall's tone with a slow tremolo, which echo cancellers leave alone."""
    seconds = np.arange(48_000 * 2) / 48_000
    samples = 0.4 * np.sin(2 * np.pi * tone(number) * seconds) * (0.75 + 0.25 * np.sin(2 * np.pi * 3 * seconds))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes((samples * 32_767).astype("<i2").tobytes())
    return path


_READ_VIDEO = """(video) => {
  if (!video || video.readyState < 2 || !video.videoWidth) return null;
  const canvas = document.createElement('canvas');
  canvas.width = 64; canvas.height = 36;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, 0, 64, 36);
  let number = 0;
  for (let bar = 0; bar < 4; bar++) {
    const { data } = context.getImageData(bar * 16 + 6, 10, 4, 12);
    let sum = 0;
    for (let i = 0; i < data.length; i += 4) sum += data[i + 1];
    const mean = sum / (data.length / 4);
    if (mean > 70 && mean < 170) return null;
    number = number * 2 + (mean >= 170 ? 1 : 0);
  }
  return { number, time: video.currentTime, width: video.videoWidth };
}"""
_READ_PICTURE = f"""(slot) => ({_READ_VIDEO})(document.querySelector(`video[data-slot="${{slot}}"]`))"""

_READ_SOUND = """async (seconds) => {
  const context = (window.__ears ??= new AudioContext({ sampleRate: 48000 }));
  await context.resume();
  const tracks = window.__connections
    .filter((connection) => connection.connectionState === 'connected')
    .flatMap((connection) => connection.getReceivers())
    .map(({ track }) => track)
    .filter((track) => track?.kind === 'audio' && track.readyState === 'live');
  const taps = tracks.map((track) => {
    const source = context.createMediaStreamSource(new MediaStream([track]));
    const analyser = context.createAnalyser();
    analyser.fftSize = 8192; analyser.smoothingTimeConstant = 0;
    source.connect(analyser);
    return { source, analyser, peak: -200, hertz: 0 };
  });
  const bins = new Float32Array(4096);
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    for (const tap of taps) {
      tap.analyser.getFloatFrequencyData(bins);
      for (let i = 40; i < 700; i++) if (bins[i] > tap.peak) { tap.peak = bins[i]; tap.hertz = i * 48000 / 8192; }
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  return taps.map((tap) => { tap.source.disconnect(); return [tap.hertz, tap.peak]; });
}"""

AUDIBLE_DB = -60.0
"""A tone of 0.4 full scale arrives near -15 dB; a silent stream stays below -100 dB."""


async def picture(page: Page, slot: str) -> int | None:
    """The number shown now in the video element of this slot; None without a clear picture."""
    seen = await page.evaluate(_READ_PICTURE, slot)
    return seen and seen["number"]


def number_in(shot: Image.Image) -> int | None:
    """The number in a screenshot of one pane: like `picture`, but only of what really is on the screen."""
    luma = np.asarray(shot.convert("L").resize((64, 36)))
    means = [float(luma[10:22, bar * 16 + 6 : bar * 16 + 10].mean()) for bar in range(4)]
    if any(70 < mean < 170 for mean in means):
        return None
    return sum((mean >= 170) << (3 - bar) for bar, mean in enumerate(means))


async def sounds(page: Page, seconds: float = 1.5) -> set[int]:
    """The numbers of the halls that any received sound track carries within the next `seconds`."""
    heard = await page.evaluate(_READ_SOUND, seconds)
    return {round((hertz - 400) / 190) for hertz, peak in heard if peak > AUDIBLE_DB}


_WATCH_FACES = """(pane) => {
  const read = (%s);
  const faces = (window.__faces = new Set());
  clearInterval(window.__watchingFaces);
  window.__watchingFaces = setInterval(() => {
    const box = document.querySelector(`[data-pane="${pane}"]`);
    const name = box?.querySelector('figcaption b')?.textContent.trim();
    const shown = [...(box?.querySelectorAll('video') ?? [])].find((video) => getComputedStyle(video).opacity === '1');
    if (name) faces.add(JSON.stringify([name, shown ? (read(shown)?.number ?? null) : null]));
  }, 30);
}"""


async def watch_faces(page: Page, pane: str) -> None:
    """From now on remembers which numbers are really seen in this pane, and the names over them."""
    await page.evaluate(_WATCH_FACES % _READ_VIDEO, pane)


async def faces(page: Page) -> set[tuple[str, int | None]]:
    """What `watch_faces` saw; None where no picture was shown, or none clear enough."""
    seen: list[str] = await page.evaluate("() => [...window.__faces]")
    return {(name, number) for name, number in map(json.loads, seen)}
