import { capture, type CaptureKind, type CaptureProblem, type SoundProcessing } from './capture.ts';
import { find, recall, remember, type DeviceChoices, type DeviceRole } from './memory.ts';

type TrackListener = (track: MediaStreamTrack | null) => void;

const SETTLE = 500;
/** Another program or a sleeping driver gives a device back without saying so. */
const BUSY_RETRY = 5_000;
/** Firefox lists devices to a window with the focus only, and a hall that comes back by itself may have none for hours (ms). */
const LIST_WITHIN = 1_000;

/** As the console is told: `none` is not there or cannot be opened, `muted` is there and silenced by the system. */
export type DeviceStatus = 'unknown' | 'ok' | 'none' | 'denied' | 'muted';

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
  /** The system delivers nothing of it: a switch on the device, a call on a phone, another program. */
  muted = $state<Record<CaptureKind, boolean>>({ camera: false, microphone: false });

  readonly #listeners: Record<CaptureKind, Set<TrackListener>> = { camera: new Set(), microphone: new Set() };
  readonly #turn: Record<CaptureKind, number> = { camera: 0, microphone: 0 };
  readonly #again: Partial<Record<CaptureKind, ReturnType<typeof setTimeout>>> = {};
  #permissions: PermissionStatus[] = [];
  #settle: ReturnType<typeof setTimeout> | undefined;
  #closed = true;

  of(role: DeviceRole): MediaDeviceInfo[] {
    return this.list.filter(({ kind, deviceId }) => kind === KIND[role] && deviceId !== '');
  }

  /** The id of the device in use or chosen; '' when it is the system's default. */
  inUse(role: DeviceRole): string {
    const track = role === 'speaker' ? null : this[role];
    const id = track?.getSettings().deviceId;
    return id ?? find(this.of(role), this.choices[role])?.deviceId ?? '';
  }

  /** The loudspeaker that was chosen on this machine is not there now; the system's own sounds instead. */
  get speakerMissing(): boolean {
    const known = this.of('speaker').some(({ label }) => label !== '');
    return known && this.choices.speaker !== undefined && !find(this.of('speaker'), this.choices.speaker);
  }

  status(kind: CaptureKind): DeviceStatus {
    if (this[kind]) return this.muted[kind] ? 'muted' : 'ok';
    const problem = this.problems[kind];
    if (problem === 'refused' || problem === 'insecure') return 'denied';
    return problem === undefined ? 'unknown' : 'none';
  }

  /** Opens camera and microphone; what fails is named in `problems`, the other one still opens. */
  async open(): Promise<void> {
    if (!this.#closed) return;
    this.#closed = false;
    void this.#watchPermissions();
    this.opening = true;
    navigator.mediaDevices?.addEventListener('devicechange', this.#changed);
    await this.#refresh();
    await Promise.all([this.#open('camera'), this.#open('microphone')]);
    if (this.#closed) return;
    await this.#refresh();
    this.opening = false;
    // Before the first permission labels are hidden, so a remembered device could not be found by its label.
    await Promise.all([this.#prefer('camera'), this.#prefer('microphone')]);
  }

  close(): void {
    this.#closed = true;
    this.opening = false;
    clearTimeout(this.#settle);
    for (const permission of this.#permissions.splice(0)) permission.onchange = null;
    navigator.mediaDevices?.removeEventListener('devicechange', this.#changed);
    for (const kind of ['camera', 'microphone'] as const) {
      clearTimeout(this.#again[kind]);
      this.problems[kind] = undefined;
      this.#set(kind, null);
    }
  }

  /** Tries one kind again; the other one, which may be on air, is left alone. */
  async retry(kind: CaptureKind): Promise<void> {
    await this.#open(kind);
    await this.#refresh();
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
    let late = false;
    const listed = navigator.mediaDevices?.enumerateDevices().then((list) => {
      this.list = list;
      if (late && !this.#closed) this.#changed();
    });
    await Promise.race([listed, new Promise((resolve) => setTimeout(resolve, LIST_WITHIN))]);
    late = true;
  }

  async #open(kind: CaptureKind): Promise<void> {
    const turn = ++this.#turn[kind];
    clearTimeout(this.#again[kind]);
    const device = find(this.of(kind), this.choices[kind])?.deviceId;
    // Some drivers give a device only once: let go of it before asking again.
    if (this[kind]) this.#set(kind, null);
    try {
      const track = await capture(kind, { device, processing: this.choices.processing });
      if (turn !== this.#turn[kind] || this.#closed) return track.stop();
      track.onended = () => this.#ended(kind, track);
      track.onmute = track.onunmute = () => this[kind] === track && (this.muted[kind] = track.muted);
      this.problems[kind] = undefined;
      this.#set(kind, track);
    } catch (problem) {
      if (turn !== this.#turn[kind] || this.#closed) return;
      this.problems[kind] = problem as CaptureProblem;
      if (problem === 'busy' || problem === 'failed')
        this.#again[kind] = setTimeout(() => void this.#open(kind), BUSY_RETRY);
    }
  }

  #set(kind: CaptureKind, track: MediaStreamTrack | null): void {
    const old = this[kind];
    if (old) {
      old.onended = old.onmute = old.onunmute = null;
      old.stop();
    }
    this[kind] = track;
    this.muted[kind] = track?.muted ?? false;
    for (const listener of this.#listeners[kind]) listener(track);
  }

  #ended(kind: CaptureKind, track: MediaStreamTrack): void {
    if (this[kind] !== track) return;
    this.#set(kind, null);
    this.problems[kind] = 'unplugged';
    this.#changed();
  }

  /** Allowed in the browser's bar: nobody has to find a button as well. */
  async #watchPermissions(): Promise<void> {
    for (const kind of ['camera', 'microphone'] as const) {
      try {
        const permission = await navigator.permissions.query({ name: kind as PermissionName });
        if (this.#closed) return;
        permission.onchange = () => {
          if (permission.state === 'granted' && !this[kind]) void this.retry(kind);
        };
        this.#permissions.push(permission);
      } catch {
        // Firefox before 131 knows neither name.
      }
    }
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
