import { probe } from '#lib/media/probe.ts';
import type { Devices } from '#lib/media/devices.svelte.ts';
import { isDark, tryLoop } from '#lib/media/loop.ts';
import { readinessApi } from './calls.ts';
import type { HallTest } from './types.ts';

/** Somebody speaks so long, seconds. */
export const SPEAK_SECONDS = 3;

export type Phase = 'idle' | 'opening' | 'speak' | 'loop' | 'line' | 'saving';

/** A hall tries itself out, step by step, and tells the server what it found. */
export class SelfTest {
  phase = $state<Phase>('idle');
  /** The newest that the server knows; undefined before it is known. */
  last = $state.raw<HallTest | null>();
  failure = $state.raw<unknown>();
  readonly #point: number;
  readonly #meeting: number | undefined;

  constructor(point: number, meeting: number | undefined) {
    this.#point = point;
    this.#meeting = meeting;
  }

  async load(): Promise<void> {
    try {
      this.last = (await readinessApi.tests(this.#point))[0] ?? null;
    } catch {
      // It is said once it is known; a test may be made all the same.
      this.last ??= null;
    }
  }

  /** `own`: the devices are opened for the test alone. */
  async run(devices: Devices, own: boolean): Promise<void> {
    if (this.phase !== 'idle') return;
    this.failure = undefined;
    try {
      this.phase = 'opening';
      if (own) await devices.open();
      const camera = await cameraOf(devices);
      const microphone = statusOf(devices, 'microphone');
      let heard: Awaited<ReturnType<typeof tryLoop>> = { loop: 'unable', levelDb: undefined };
      if (microphone === 'ok') {
        this.phase = 'speak';
        heard = await tryLoop(
          devices.inUse('microphone'),
          devices.inUse('speaker'),
          SPEAK_SECONDS,
          () => (this.phase = 'loop'),
        );
      }
      this.phase = 'line';
      const line = await probe({ picture: true });
      this.phase = 'saving';
      const rates = line.connected
        ? {
            way: line.way ?? null,
            up_kbps: line.upKbps,
            down_kbps: line.downKbps,
            loss_up: line.lossUp,
            loss_down: line.lossDown,
            round_trip_ms: line.roundTripMs ?? null,
          }
        : {};
      this.last = await readinessApi.tested(this.#point, {
        meeting_id: this.#meeting ?? null,
        camera,
        microphone,
        level_db: heard.levelDb ?? null,
        loop: heard.loop,
        connected: line.connected && line.received > 0,
        ...rates,
      });
    } catch (error) {
      this.failure = error;
    } finally {
      if (own) devices.close();
      this.phase = 'idle';
    }
  }
}

function statusOf(devices: Devices, kind: 'camera' | 'microphone'): 'ok' | 'none' | 'denied' | 'muted' {
  const status = devices.status(kind);
  return status === 'unknown' ? 'none' : status;
}

async function cameraOf(devices: Devices): Promise<'ok' | 'none' | 'denied' | 'muted' | 'dark'> {
  const status = statusOf(devices, 'camera');
  if (status !== 'ok' || !devices.camera) return status;
  return (await isDark(devices.camera)) ? 'dark' : 'ok';
}
