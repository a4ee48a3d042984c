import { expect, it } from 'vitest';
import type { BoardPoint } from '#lib/readiness/types.ts';
import { nextOf } from './queue.ts';

const points = (
  [
    [1, 'testing', 'testing', null],
    [2, 'absent', 'absent', null],
    [3, 'ready', 'ready', 'passed'],
    [4, 'testing', 'trouble', 'failed'],
    [5, 'ready', 'testing', 'failed'],
  ] as const
).map(([point_id, presence, state, verdict]) => ({ point_id, presence, state, verdict }) as BoardPoint);

it('goes to the next hall in the room that nobody has looked at, around the list', () => {
  expect(nextOf(points, undefined)).toBe(1);
  // The fifth was found bad and has passed a test since: it is looked at again.
  expect(nextOf(points, 1)).toBe(5);
  expect(nextOf(points, 5)).toBe(1);
  expect(nextOf(points.slice(1, 4), 2)).toBeUndefined();
});
