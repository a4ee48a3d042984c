import { answer, api } from '#lib/api/client.ts';
import { ApiError, sentence } from '#lib/api/errors.ts';
import type { components } from '#lib/api/schema.ts';
import { ownKey } from '#lib/belongings.ts';
import { session } from '#lib/accounts/session.svelte.ts';

export type CheckedIn = components['schemas']['CheckInOut'];
export type AccessRequest = components['schemas']['RequestWrite'];

export type Standing =
  | { name: 'asking' }
  /** Known here. `path`: where the papers are. */
  | { name: 'known'; meeting: number; delegate: boolean }
  | { name: 'checked-in'; meeting: number; at: CheckedIn }
  /** The hall's code was not taken, but the papers are open. */
  | { name: 'not-checked-in'; meeting: number; code: string; text: string }
  | { name: 'stranger' }
  | { name: 'waiting' }
  | { name: 'refused' }
  /** No answer; asked again by itself. */
  | { name: 'no-line'; text: string };

const pollEvery = 4_000;
const retryEvery = 4_000;
const keyOf = (code: string) => ownKey(`request.${code}`);

/**
 * Somebody scanned the meeting's code. Who is known goes in (and is checked in at the hall whose screen was scanned); a
 * stranger may ask, and comes in by itself once the organiser has agreed.
 */
export class Arrival {
  standing = $state.raw<Standing>({ name: 'asking' });
  #code: string;
  #hall: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #here = true;

  constructor(code: string, hall: string | null) {
    this.#code = code;
    this.#hall = hall ?? undefined;
  }

  leave(): void {
    this.#here = false;
    clearTimeout(this.#timer);
  }

  async begin(): Promise<void> {
    try {
      const known = await answer(api.GET('/api/m/{code}', { params: { path: { code: this.#code } } }), true);
      forgetRequest(this.#code);
      await session.load();
      await this.#enter(known.meeting_id, known.delegate);
    } catch (thrown) {
      if (!(thrown instanceof ApiError)) throw thrown;
      if (thrown.status === 401 || thrown.status === 404) this.#stranger();
      else this.#again(thrown);
    }
  }

  /** Asks to be let in. Throws the server's refusal. */
  async ask(request: Omit<AccessRequest, 'hall'>): Promise<void> {
    const made = await answer(
      api.POST('/api/m/{code}/requests', {
        params: { path: { code: this.#code } },
        body: { ...request, hall: this.#hall ?? null },
      }),
      true,
    );
    keepRequest(this.#code, made.request);
    this.#stranger();
  }

  /** After a refusal: the form again. */
  startOver(): void {
    forgetRequest(this.#code);
    this.#stranger();
  }

  async #enter(meeting: number, delegate: boolean): Promise<void> {
    if (!this.#hall) return this.#stand({ name: 'known', meeting, delegate });
    try {
      const at = await answer(
        api.POST('/api/m/{code}/check-in', {
          params: { path: { code: this.#code } },
          body: { hall: this.#hall },
        }),
      );
      this.#stand({ name: 'checked-in', meeting, at });
    } catch (thrown) {
      if (!(thrown instanceof ApiError)) throw thrown;
      if (thrown.status === 0 || thrown.status >= 500) this.#again(thrown);
      else this.#stand({ name: 'not-checked-in', meeting, code: thrown.code, text: sentence(thrown) });
    }
  }

  #stranger(): void {
    const request = requestOf(this.#code);
    if (!request) return this.#stand({ name: 'stranger' });
    this.#stand({ name: 'waiting' });
    void this.#poll(request);
  }

  async #poll(request: string): Promise<void> {
    try {
      const { state, link } = await answer(api.POST('/api/requests/answer', { body: { request } }), true);
      if (!this.#here) return;
      if (state === 'refused') {
        forgetRequest(this.#code);
        return this.#stand({ name: 'refused' });
      }
      if (link) {
        await session.useLink(link.replace('/join/', ''), true); // Asked for on this very device.
        forgetRequest(this.#code);
        return await this.begin();
      }
    } catch (thrown) {
      // The request has ended, or its way in was opened elsewhere: the form stands again.
      if (thrown instanceof ApiError && thrown.status === 404) return this.startOver();
    }
    if (this.#here) this.#timer = setTimeout(() => void this.#poll(request), pollEvery);
  }

  #again(thrown: ApiError): void {
    this.#stand({ name: 'no-line', text: sentence(thrown) });
    this.#timer = setTimeout(() => void this.begin(), retryEvery);
  }

  #stand(standing: Standing): void {
    if (this.#here) this.standing = standing;
  }
}

function requestOf(code: string): string | null {
  try {
    return localStorage.getItem(keyOf(code));
  } catch {
    return null;
  }
}

function keepRequest(code: string, secret: string): void {
  try {
    localStorage.setItem(keyOf(code), secret);
  } catch {
    // Without storage the page must stay open; it says so by staying.
  }
}

function forgetRequest(code: string): void {
  try {
    localStorage.removeItem(keyOf(code));
  } catch {
    // Nothing was kept.
  }
}
