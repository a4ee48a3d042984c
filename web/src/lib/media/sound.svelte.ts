const RESUME_AFTER = 300;

type Sink = HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> };

/** The sound slots of a room on the loudspeakers: one element each, started in one go. */
export class SoundOut {
  /** The browser wants a touch before it sounds; show one large button that calls `unlock`. */
  blocked = $state(false);
  /** All room sound off by this person's own wish. */
  muted = $state(false);

  readonly #elements = new Map<string, Sink>();
  /** The first touch or key anywhere will do; nobody has to find the button. */
  readonly #touched = () => void this.unlock();
  readonly #volumes = new Map<string, number>();
  #speaker = '';

  /** Sounds a slot's track from now on. */
  attach(slot: string, track: MediaStreamTrack): void {
    let element = this.#elements.get(slot);
    if (!element) {
      element = new Audio() as Sink;
      element.autoplay = true;
      element.dataset.slot = slot;
      // A telephone call or a headset pulled out pauses it, and nothing else would start it again.
      element.addEventListener('pause', () => setTimeout(() => this.#resume(slot), RESUME_AFTER));
      this.#elements.set(slot, element);
      document.body.append(element);
    }
    element.srcObject = new MediaStream([track]);
    element.muted = this.muted;
    element.volume = this.#volumes.get(slot) ?? 1;
    void this.#route(element);
    void this.#play(element);
  }

  /** To be called from a click or key. */
  async unlock(): Promise<void> {
    this.blocked = false;
    this.#await(false);
    await Promise.all([...this.#elements.values()].map((element) => this.#play(element)));
  }

  mute(muted: boolean): void {
    this.muted = muted;
    for (const element of this.#elements.values()) element.muted = muted;
  }

  /** Loudness 0 … 1 of the slots whose name begins so. */
  volume(prefix: string, volume: number): void {
    for (const [slot, element] of this.#elements) {
      if (!slot.startsWith(prefix)) continue;
      this.#volumes.set(slot, volume);
      element.volume = volume;
    }
  }

  /** Which loudspeaker; '' is the system's. */
  speaker(id: string): void {
    this.#speaker = id;
    for (const element of this.#elements.values()) void this.#route(element);
  }

  #await(touch: boolean): void {
    for (const kind of ['pointerup', 'keydown']) {
      if (touch) window.addEventListener(kind, this.#touched);
      else window.removeEventListener(kind, this.#touched);
    }
  }

  close(): void {
    this.#await(false);
    for (const element of this.#elements.values()) {
      element.srcObject = null;
      element.remove();
    }
    this.#elements.clear();
  }

  #resume(slot: string): void {
    const element = this.#elements.get(slot);
    if (element?.paused) void this.#play(element);
  }

  async #play(element: Sink): Promise<void> {
    try {
      await element.play();
    } catch (error) {
      if ((error as DOMException).name === 'NotAllowedError') {
        this.blocked = true;
        this.#await(true);
      }
    }
  }

  async #route(element: Sink): Promise<void> {
    const wanted = this.#speaker;
    try {
      await element.setSinkId?.(wanted);
    } catch {
      // An unplugged loudspeaker is no reason for silence: the system's own then sounds.
      if (wanted === this.#speaker) await element.setSinkId?.('').catch(() => undefined);
    }
  }
}

const NOTES = [523.25, 659.25, 783.99];
const NOTE = 0.28;

/** Plays three rising notes on a loudspeaker, so that a technician hears that it sounds. Resolves at the end. */
export async function playTest(speaker: string, context: AudioContext): Promise<void> {
  // Where there is no sound card the promise stays open for ever.
  await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 1_000))]);
  const out = context.createMediaStreamDestination();
  const element: Sink = new Audio();
  element.srcObject = out.stream;
  await element.setSinkId?.(speaker).catch(() => undefined);
  await element.play();
  const begin = context.currentTime + 0.05;
  NOTES.forEach((frequency, index) => {
    const tone = new OscillatorNode(context, { frequency });
    const loudness = new GainNode(context, { gain: 0 });
    const at = begin + index * NOTE;
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(0.35, at + 0.03);
    loudness.gain.exponentialRampToValueAtTime(0.001, at + NOTE * 1.6);
    tone.connect(loudness).connect(out);
    tone.start(at);
    tone.stop(at + NOTE * 1.7);
  });
  await new Promise((done) => setTimeout(done, (NOTES.length + 1) * NOTE * 1000));
  element.srcObject = null;
}
