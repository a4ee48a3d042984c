let shared: AudioContext | undefined;

/** One context for the page: browsers allow only a few. */
export function audioContext(): AudioContext {
  shared ??= new AudioContext();
  if (shared.state === 'suspended') {
    shared.resume().catch(() => undefined);
    // Refused without a touch, and not asked again: a needle would stand still for as long as the page is open.
    for (const kind of ['pointerup', 'keydown'])
      addEventListener(kind, () => shared?.resume().catch(() => undefined), { once: true });
  }
  return shared;
}

const QUIETEST = -60;

/** Loudness of a track. It listens to a clone, so it also hears a microphone that is muted for the others. */
export class LevelMeter {
  readonly #clone: MediaStreamTrack;
  readonly #source: MediaStreamAudioSourceNode;
  readonly #analyser: AnalyserNode;
  readonly #samples: Float32Array<ArrayBuffer>;

  constructor(track: MediaStreamTrack) {
    const context = audioContext();
    this.#clone = track.clone();
    this.#clone.enabled = true;
    this.#source = context.createMediaStreamSource(new MediaStream([this.#clone]));
    this.#analyser = new AnalyserNode(context, { fftSize: 1024 });
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#source.connect(this.#analyser);
  }

  /** 0 (silence, -60 dBFS and below) to 1 (full scale), linear in decibels. */
  read(): number {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return levelOf(this.#samples);
  }

  close(): void {
    this.#source.disconnect();
    this.#clone.stop();
  }
}

/** Loudness of samples in -1 … 1 as 0 … 1, linear in decibels from -60 dBFS. */
export function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / samples.length + 1e-12);
  return Math.min(1, Math.max(0, 1 - decibels / QUIETEST));
}
