import { answer, api } from '#lib/api/client.ts';
import type { components } from '#lib/api/schema.ts';
import type { LiveRoom } from '#lib/live/room.svelte.ts';

export type MyRequest = components['schemas']['MyRequest'];
type MyRequests = components['schemas']['MyRequests'];

/** What one has asked to speak about from the own page: asked for once a line is there, then told as it changes. */
export class OwnRequests {
  /** Undefined: not known yet. */
  list = $state.raw<MyRequest[] | undefined>();
  readonly #stops: (() => void)[];

  constructor(room: LiveRoom, meeting: number) {
    this.#stops = [
      room.onSignal('my-requests', (data) => {
        const told = data as unknown as MyRequests;
        if (told.meeting_id === meeting) this.list = told.requests;
      }),
      room.onSnapshot(() => void this.#ask(meeting)),
    ];
    if (room.known) void this.#ask(meeting);
  }

  get waiting(): MyRequest | undefined {
    return this.list?.[0];
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  async #ask(meeting: number): Promise<void> {
    try {
      const params = { path: { meeting_id: meeting } };
      this.list = (await answer(api.GET('/api/meetings/{meeting_id}/my-requests', { params }))).requests;
    } catch {
      // The next snapshot asks again; a request that waits is told of with its next change.
    }
  }
}
