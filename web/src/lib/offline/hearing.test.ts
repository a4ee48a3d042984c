import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { LiveRoom } from '#lib/live/room.svelte.ts';
import { hearLibrary } from './hearing.ts';
import { shelf } from './shelf.svelte.ts';

let entity = { revision: 1, recalled: [] as number[], spread_seconds: 10 };
let event: () => void = () => undefined;

const room = {
  known: false,
  collection: () => new Map([['', entity]]),
  onSnapshot: () => () => undefined,
  onEvent: (look: () => void) => {
    event = look;
    return () => undefined;
  },
} as unknown as LiveRoom;

let stop: () => void;
beforeEach(() => {
  vi.useFakeTimers();
  entity = { revision: 1, recalled: [], spread_seconds: 10 };
  shelf.libraries.set(5, { meeting_id: 5, revision: 1, papers: [] } as never);
  stop = hearLibrary(room, 5);
});
afterEach(() => {
  stop();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it('takes a recalled paper off once, however much happens in the meeting', () => {
  const discard = vi.spyOn(shelf, 'discard').mockResolvedValue();
  entity = { ...entity, recalled: [7] };
  for (let page = 0; page < 20; page++) event();
  expect(discard.mock.calls).toEqual([[5, [7], 'recalled']]);
  entity = { ...entity, recalled: [] };
  event();
  entity = { ...entity, recalled: [7] };
  event();
  expect(discard).toHaveBeenCalledTimes(2);
});

it('asks for a new library within the spread, though pages are turned all the while', async () => {
  const load = vi.spyOn(shelf, 'load').mockResolvedValue({} as never);
  entity = { ...entity, revision: 2 };
  for (let second = 0; second < 11; second++) {
    event();
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(load).toHaveBeenCalled();
});
