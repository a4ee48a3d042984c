import { answer, api } from '#lib/api/client.ts';
import { isRefusal } from '#lib/api/errors.ts';
import type { components } from '#lib/api/schema.ts';
import type { ServerClock } from '#lib/live/clock.ts';

export type HallCode = components['schemas']['HallCode'];

/** All halls' codes change in the same instant; they ask within so many ms after it. */
const spread = 3_000;
const retryAfter = 5_000;
/** The server takes a code for two more steps of half a minute; after that nobody should scan it. */
const staleAfter = 55_000;

/** When to ask for the next code, in ms from `now`: just after this one's time, never in a hurry. */
export function nextIn(validUntil: number, now: number, random: number): number {
  return Math.max(validUntil - now, 0) + 300 + random * spread;
}

/** Whether a code is too old to be scanned. */
export const isStale = (validUntil: number, now: number): boolean => now - validUntil > staleAfter;

/** The code on a hall's screen: fetched while somebody looks, a new one each half minute. */
export class ScreenCode {
  now = $state.raw<HallCode>();
  failed = $state(false);
  /** Not for this account to show. */
  refused = $state(false);
  readonly #meeting: number;
  readonly #point: number;
  readonly #clock: ServerClock;
  #looking = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(meeting: number, point: number, clock: ServerClock) {
    this.#meeting = meeting;
    this.#point = point;
    this.#clock = clock;
  }

  /** Keeps the code fresh until the returned function is called. */
  look(): () => void {
    this.#looking += 1;
    if (this.#looking === 1) void this.#fetch();
    return () => {
      this.#looking -= 1;
      if (this.#looking === 0) this.stop();
    };
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  async #fetch(): Promise<void> {
    clearTimeout(this.#timer);
    const params = { path: { meeting_id: this.#meeting, point_id: this.#point } };
    let wait = retryAfter;
    try {
      const code = await answer(api.GET('/api/meetings/{meeting_id}/points/{point_id}/code', { params }));
      this.now = code;
      this.failed = this.refused = false;
      wait = nextIn(Date.parse(code.valid_until), Date.now() + this.#clock.offset, Math.random());
    } catch (thrown) {
      this.failed = true;
      this.refused = isRefusal(thrown);
    }
    if (this.#looking > 0) this.#timer = setTimeout(() => void this.#fetch(), wait);
  }
}
