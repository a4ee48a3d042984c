import { describe, expect, it } from 'vitest';
import { moved, timetable, totalMinutes } from './agenda.ts';

describe('timetable', () => {
  it('puts the items one after another from the start', () => {
    const start = new Date('2026-11-25T07:30:00+07:00');
    const times = timetable(start, [
      { minutes: 10 },
      { minutes: 30 },
      { minutes: Number.NaN },
      { minutes: 5 },
    ]);
    const offsets = times.map(({ begins, ends }) => [begins, ends].map((at) => (+at - +start) / 60_000));
    expect(offsets).toEqual([
      [0, 10],
      [10, 40],
      [40, 40],
      [40, 45],
    ]);
  });
});

it('adds up the minutes, ignoring what is not a number or negative', () => {
  expect(totalMinutes([{ minutes: 10 }, { minutes: Number.NaN }, { minutes: -5 }, { minutes: 20 }])).toBe(30);
});

describe('moved', () => {
  it('moves both ways and leaves the original alone', () => {
    const list = ['a', 'b', 'c', 'd'];
    expect(moved(list, 0, 2)).toEqual(['b', 'c', 'a', 'd']);
    expect(moved(list, 3, 0)).toEqual(['d', 'a', 'b', 'c']);
    expect(list).toEqual(['a', 'b', 'c', 'd']);
  });
  it('stays as it is beyond the ends', () => {
    expect(moved(['a', 'b'], 0, -1)).toEqual(['a', 'b']);
    expect(moved(['a', 'b'], 1, 2)).toEqual(['a', 'b']);
  });
});
