import { describe, expect, it } from 'vitest';
import {
  byDay,
  dayAt,
  moved,
  numberOf,
  timetable,
  totalMinutes,
  withHeadings,
  withoutHeadings,
} from './agenda.ts';

describe('timetable', () => {
  it('puts the items one after another from the start', () => {
    const start = new Date('2026-11-25T07:30:00+07:00');
    const times = timetable(
      [start],
      [10, 30, Number.NaN, 5].map((minutes) => ({ minutes, day: 0 })),
    );
    const offsets = times.map(({ begins, ends }) => [begins, ends].map((at) => (+at - +start) / 60_000));
    expect(offsets).toEqual([
      [0, 10],
      [10, 40],
      [40, 40],
      [40, 45],
    ]);
  });

  it('begins anew on each day', () => {
    const starts = ['2026-12-08T07:30:00+07:00', '2026-12-09T08:00:00+07:00'].map((at) => new Date(at));
    const times = timetable(starts, [
      { minutes: 60, day: 0 },
      { minutes: 30, day: 1 },
      { minutes: 30, day: 1 },
    ]);
    expect(times.map(({ begins }) => begins.toISOString())).toEqual([
      '2026-12-08T00:30:00.000Z',
      '2026-12-09T01:00:00.000Z',
      '2026-12-09T01:30:00.000Z',
    ]);
  });
});

describe('an agenda of several days', () => {
  const items = [
    { id: 1, day: 0, kind: 'item', begins_at: '2026-12-08T07:30:00+07:00' },
    { id: 2, day: 0, kind: 'break', begins_at: '2026-12-08T09:00:00+07:00' },
    { id: 3, day: 2, kind: 'item', begins_at: '2026-12-10T07:30:00+07:00' },
  ];
  const shape = (entries: readonly (number | { id: number })[]) =>
    entries.map((each) => (typeof each === 'number' ? `day ${each}` : each.id));

  it('takes an item over the heading of a day onto that day', () => {
    const entries = withHeadings(items, 3);
    expect(shape(entries)).toEqual(['day 0', 1, 2, 'day 1', 'day 2', 3]);
    const later = withoutHeadings(moved(entries, 2, 3));
    expect(later.map(({ id, day }) => [id, day])).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
    ]);
    expect(withoutHeadings(withHeadings(items, 3))).toEqual(items);
  });

  it('is shown day by day, breaks without a number', () => {
    expect(byDay(items).map(({ day, items: own }) => [day, own.length])).toEqual([
      [0, 2],
      [2, 1],
    ]);
    expect(items.map((item) => numberOf(items, item))).toEqual([1, 1, 2]);
  });

  it.each([
    ['2026-12-01T12:00:00+07:00', 0],
    ['2026-12-08T23:30:00+07:00', 0],
    ['2026-12-09T08:00:00+07:00', 2],
    ['2026-12-11T08:00:00+07:00', 2],
  ])('at %s is at day %i', (now, day) => expect(dayAt(items, now)).toBe(day));
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
