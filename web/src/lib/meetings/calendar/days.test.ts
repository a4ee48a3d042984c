import { expect, it } from 'vitest';
import type { MeetingSummary } from '#lib/api/types.ts';
import { addDays, addMonths, byDay, daysByRule, mondayOf, weekNumber, weeksOfMonth } from './days.ts';

it('lays a month out in whole weeks', () => {
  const weeks = weeksOfMonth('2026-12-17');
  expect(weeks[0]?.[0]).toBe('2026-11-30');
  expect(weeks.at(-1)?.[6]).toBe('2027-01-03');
  expect(weeks.flat()).toHaveLength(35);
  expect(weeksOfMonth('2027-02-01')).toHaveLength(4);
});

it('counts days, months and weeks by the calendar', () => {
  expect(addDays('2028-02-28', 1)).toBe('2028-02-29');
  expect(addMonths('2026-01-31', 1)).toBe('2026-02-28');
  expect(addMonths('2026-01-15', -1)).toBe('2025-12-15');
  expect(mondayOf('2026-11-29')).toBe('2026-11-23');
  expect(weekNumber('2027-01-01')).toBe(53);
  expect(weekNumber('2026-11-28')).toBe(48);
});

it('puts a meeting on each of its days, by the clock in Việt Nam', () => {
  const of = (id: number, starts_at: string, ends_at: string) =>
    ({ id, starts_at, ends_at }) as MeetingSummary;
  const days = byDay([
    of(2, '2026-11-20T06:00:00Z', '2026-11-20T09:00:00Z'),
    of(1, '2026-11-19T17:30:00Z', '2026-11-21T10:00:00Z'),
    of(3, '2026-11-21T13:00:00Z', '2026-11-21T17:00:00Z'),
  ]);
  expect([...days].map(([day, found]) => [day, found.map(({ id }) => id)])).toEqual([
    ['2026-11-20', [1, 2]],
    ['2026-11-21', [1, 3]],
  ]);
});

it('finds the days of a rule', () => {
  expect(daysByRule('2026-11-30', 'week', { count: 2 })).toEqual(['2026-12-07', '2026-12-14']);
  expect(daysByRule('2026-11-30', 'two-weeks', { until: '2026-12-28' })).toEqual([
    '2026-12-14',
    '2026-12-28',
  ]);
  // The second Tuesday; a fifth Monday is the last one where there are four.
  expect(daysByRule('2026-12-08', 'month', { count: 2 })).toEqual(['2027-01-12', '2027-02-09']);
  expect(daysByRule('2026-11-30', 'month', { count: 2 })).toEqual(['2026-12-28', '2027-01-25']);
  expect(daysByRule('2026-11-30', 'week', {})).toHaveLength(60);
});
