import { ownKey } from '#lib/belongings.ts';
import { connection } from '#lib/api/connection.svelte.ts';
import { ApiError } from '#lib/api/errors.ts';
import { Resource } from '#lib/api/resource.svelte.ts';
import { m } from '#lib/paraglide/messages.js';
import { number } from '#lib/text/format.ts';
import { toasts } from '#lib/ui/toasts.svelte.ts';
import { turnoutApi } from './calls.ts';
import { applied, queued } from './pending.ts';
import type { Checks, PointPeople } from './types.ts';

/** Taps within so many ms travel together, and may be taken back without a trace. */
const gather = 900;
const pauses = [2_000, 4_000, 8_000, 15_000];

/**
 * Takes attendance of a hall. What is entered shows at once and is kept on this device until the server has it: a line that
 * breaks, or a closed page, loses nothing.
 */
export class HallKeeper {
  readonly list: Resource<PointPeople>;
  waiting = $state.raw<Checks[]>([]);
  /** The line is gone; trying again by itself. */
  held = $state(false);
  readonly #meeting: number;
  readonly #point: number;
  readonly #key: string;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sending = 0;
  #failures = 0;

  constructor(meeting: number, point: number) {
    this.#meeting = meeting;
    this.#point = point;
    this.#key = ownKey(`checks.${meeting}.${point}`);
    this.list = new Resource(async (signal) => {
      const people = await turnoutApi.people(meeting, point, signal);
      keep(sessionStorage, this.#key, people);
      return people;
    });
    const known = kept<PointPeople>(sessionStorage, this.#key);
    if (known) this.list.data = known;
    this.waiting = kept<Checks[]>(localStorage, this.#key) ?? [];
    if (this.waiting.length > 0) this.#later(0);
  }

  readonly people = $derived.by(() =>
    applied(this.list.data?.people ?? [], this.waiting, new Date().toISOString()),
  );
  readonly count = $derived(this.waiting.reduce((sum, { delegate_ids }) => sum + delegate_ids.length, 0));

  /** Enters people as come, gone or on leave. */
  enter(checks: Checks): void {
    this.#set(queued(this.waiting, checks, this.#sending));
    if (this.#sending === 0 && !this.held) this.#later(gather);
  }

  async reload(): Promise<void> {
    if (this.waiting.length === 0) await this.list.reload();
  }

  /** The line is back: do not wait for the next try. */
  wake(): void {
    if (this.held) this.#later(0);
  }

  stop(): void {
    clearTimeout(this.#timer);
    if (this.#sending === 0 && this.waiting.length > 0) void this.#send();
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#send(), ms);
  }

  #set(waiting: Checks[]): void {
    this.waiting = waiting;
    keep(localStorage, this.#key, waiting.length > 0 ? waiting : null);
  }

  async #send(): Promise<void> {
    const [first] = this.waiting;
    if (!first || this.#sending > 0) return;
    this.#sending = 1;
    try {
      const { people, count } = await turnoutApi.check(this.#meeting, this.#point, first);
      const changed = new Map(people.map((person) => [person.delegate_id, person]));
      const data = this.list.data;
      if (data)
        this.list.put({
          ...data,
          count,
          people: data.people.map((person) => changed.get(person.delegate_id) ?? person),
        });
      this.#done();
    } catch (thrown) {
      const refusal = thrown instanceof ApiError && thrown.status >= 400 && thrown.status < 500;
      this.#sending = 0;
      if (refusal && thrown.status !== 429 && thrown.status !== 401) {
        toasts.show(
          m.turnout_hall_refused({ count: number(first.delegate_ids.length), why: thrown.message }),
          'error',
        );
        this.#done();
        return;
      }
      this.held = true;
      this.#later(pauses[Math.min(this.#failures++, pauses.length - 1)] ?? 15_000);
    }
  }

  #done(): void {
    this.#sending = 0;
    this.#failures = 0;
    this.held = false;
    connection.worked();
    this.#set(this.waiting.slice(1));
    if (this.waiting.length > 0) this.#later(0);
    else void this.list.reload();
  }
}

function kept<T>(storage: Storage, key: string): T | null {
  try {
    return JSON.parse(storage.getItem(key) ?? 'null') as T | null;
  } catch {
    return null;
  }
}

function keep(storage: Storage, key: string, value: unknown): void {
  try {
    if (value === null) storage.removeItem(key);
    else storage.setItem(key, JSON.stringify(value));
  } catch {
    // Private windows may refuse storage: it holds until the page is closed.
  }
}
