import { capture, type CaptureKind, type CaptureProblem, type SoundProcessing } from './capture.ts';
import { find, recall, remember, type DeviceChoices, type DeviceRole } from './memory.ts';

type TrackListener = (track: MediaStreamTrack | null) => void;

const SETTLE = 500;
const KIND: Record<DeviceRole, MediaDeviceKind> = {
  camera: 'videoinput',
  microphone: 'audioinput',
  speaker: 'audiooutput',
};

/**
 * The hall's camera, microphone and loudspeaker: opened, remembered by label, and taken up again
 * when they are unplugged and come back. Another device of the kind stands in meanwhile.
 */
export class Devices {
  list = $state.raw<MediaDeviceInfo[]>([]);
  choices = $state.raw<DeviceChoices>(recall());
  camera = $state.raw<MediaStreamTrack | null>(null);
  microphone = $state.raw<MediaStreamTrack | null>(null);
  problems = $state<Record<CaptureKind, CaptureProblem | 'unplugged' | undefined>>({
    camera: undefined,
    microphone: undefined,
  });
  opening = $state(false);

  readonly #listeners: Record<CaptureKind, Set<TrackListener>> = { camera: new Set(), microphone: new Set() };
  readonly #turn: Record<CaptureKind, number> = { camera: 0, microphone: 0 };
  #settle: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  of(role: DeviceRole): MediaDeviceInfo[] {
    return this.list.filter(({ kind, deviceId }) => kind === KIND[role] && deviceId !== '');
  }

  /** The id of the device in use or chosen; '' when it is the system's default. */
  inUse(role: DeviceRole): string {
    const track = role === 'speaker' ? null : this[role];
    const id = track?.getSettings().deviceId;
    return id ?? find(this.of(role), this.choices[role])?.deviceId ?? '';
  }

  /** Opens camera and microphone; what fails is named in `problems`, the other one still opens. */
  async open(): Promise<void> {
    this.#closed = false;
    this.opening = true;
    navigator.mediaDevices?.addEventListener('devicechange', this.#changed);
    await this.#refresh();
    await Promise.all([this.#open('camera'), this.#open('microphone')]);
    await this.#refresh();
    this.opening = false;
    // Before the first permission labels are hidden, so a remembered device could not be found by its label.
    await Promise.all([this.#prefer('camera'), this.#prefer('microphone')]);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#settle);
    navigator.mediaDevices?.removeEventListener('devicechange', this.#changed);
    this.#set('camera', null);
    this.#set('microphone', null);
  }

  async choose(role: DeviceRole, id: string): Promise<void> {
    const device = this.of(role).find(({ deviceId }) => deviceId === id);
    this.#keep({ ...this.choices, [role]: device && { id: device.deviceId, label: device.label } });
    if (role !== 'speaker') await this.#open(role);
  }

  async process(processing: SoundProcessing): Promise<void> {
    this.#keep({ ...this.choices, processing });
    await this.#open('microphone');
  }

  /** Calls back with the track now and whenever another takes its place; returns how to stop. */
  onTrack(kind: CaptureKind, listener: TrackListener): () => void {
    this.#listeners[kind].add(listener);
    listener(this[kind]);
    return () => this.#listeners[kind].delete(listener);
  }

  #keep(choices: DeviceChoices): void {
    this.choices = choices;
    remember(choices);
  }

  async #refresh(): Promise<void> {
    this.list = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  }

  async #open(kind: CaptureKind): Promise<void> {
    const turn = ++this.#turn[kind];
    const device = find(this.of(kind), this.choices[kind])?.deviceId;
    // Some drivers give a device only once: let go of it before asking again.
    if (this[kind]) this.#set(kind, null);
    try {
      const track = await capture(kind, { device, processing: this.choices.processing });
      if (turn !== this.#turn[kind] || this.#closed) return track.stop();
      track.onended = () => this.#ended(kind, track);
      this.problems[kind] = undefined;
      this.#set(kind, track);
    } catch (problem) {
      if (turn === this.#turn[kind]) this.problems[kind] = problem as CaptureProblem;
    }
  }

  #set(kind: CaptureKind, track: MediaStreamTrack | null): void {
    const old = this[kind];
    if (old) {
      old.onended = null;
      old.stop();
    }
    this[kind] = track;
    for (const listener of this.#listeners[kind]) listener(track);
  }

  #ended(kind: CaptureKind, track: MediaStreamTrack): void {
    if (this[kind] !== track) return;
    this.#set(kind, null);
    this.problems[kind] = 'unplugged';
    this.#changed();
  }

  /** A plug makes several events; act once they have settled. */
  readonly #changed = () => {
    clearTimeout(this.#settle);
    this.#settle = setTimeout(async () => {
      await this.#refresh();
      await Promise.all([this.#prefer('camera'), this.#prefer('microphone')]);
    }, SETTLE);
  };

  /** Opens a kind that has no track, or whose chosen device is back while another stands in. */
  async #prefer(kind: CaptureKind): Promise<void> {
    if (this.#closed) return;
    const chosen = find(this.of(kind), this.choices[kind]);
    const present = this.of(kind).length > 0;
    const standIn = this[kind] && chosen && this[kind].label !== chosen.label;
    if ((!this[kind] && present && this.problems[kind] !== 'refused') || standIn) await this.#open(kind);
  }
}
