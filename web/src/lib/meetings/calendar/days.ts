import type { MeetingSummary } from '#lib/api/types.ts';
import { dateOf, momentAt } from '#lib/text/zone.ts';

const dayMs = 86_400_000;
/** A congress lasts no longer; a mistyped end must not fill a year. */
const longest = 14;

/** Of days written "2026-12-01", as all are here. */
export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);

/** Monday is 0. */
export const weekdayOf = (date: string): number => (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;

export const mondayOf = (date: string): string => addDays(date, -weekdayOf(date));

/** The same day of another month, or that month's last. */
export function addMonths(date: string, months: number): string {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + months, Math.min(day, last))).toISOString().slice(0, 10);
}

/** The weeks, Monday to Sunday, that a month has days in. */
export function weeksOfMonth(date: string): string[][] {
  const first = `${date.slice(0, 8)}01`;
  const next = addMonths(first, 1);
  const weeks: string[][] = [];
  for (let monday = mondayOf(first); monday < next; monday = addDays(monday, 7)) weeks.push(weekFrom(monday));
  return weeks;
}

export const weekFrom = (monday: string): string[] =>
  Array.from({ length: 7 }, (_, index) => addDays(monday, index));

/** The week's number of ISO 8601: of the year that its Thursday is in. */
export function weekNumber(date: string): number {
  const thursday = Date.parse(`${addDays(mondayOf(date), 3)}T00:00:00Z`);
  const year = new Date(thursday).getUTCFullYear();
  return Math.floor((thursday - Date.UTC(year, 0, 1)) / (7 * dayMs)) + 1;
}

/** The meetings of each day, the earliest first; of several days on each of them. */
export function byDay(meetings: readonly MeetingSummary[]): Map<string, MeetingSummary[]> {
  const days = new Map<string, MeetingSummary[]>();
  for (const meeting of [...meetings].sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at))) {
    // One that ends at midnight is not of the day that begins then.
    const last = dateOf(Math.max(Date.parse(meeting.starts_at), Date.parse(meeting.ends_at) - 1));
    let day = dateOf(meeting.starts_at);
    for (let count = 0; day <= last && count < longest; count++, day = addDays(day, 1))
      days.set(day, [...(days.get(day) ?? []), meeting]);
  }
  return days;
}

export const startOf = (date: string): string => momentAt(date, '00:00').toISOString();

/**
 * The days of a rule after `first`: the same weekday each week or each second week; each month the same weekday at the same
 * place in the month (the second Tuesday; a fifth one counts as the last).
 */
export function daysByRule(
  first: string,
  every: 'week' | 'two-weeks' | 'month',
  { until, count }: { until?: string; count?: number },
  most = 60,
): string[] {
  const days: string[] = [];
  const place = Math.floor((Number(first.slice(8)) - 1) / 7);
  for (let step = 1; days.length < Math.min(count ?? most, most); step++) {
    const day =
      every === 'month'
        ? nthWeekday(addMonths(`${first.slice(0, 8)}01`, step), weekdayOf(first), place)
        : addDays(first, step * (every === 'week' ? 7 : 14));
    if (until && day > until) break;
    days.push(day);
  }
  return days;
}

function nthWeekday(monthStart: string, weekday: number, place: number): string {
  const day = addDays(monthStart, ((weekday - weekdayOf(monthStart) + 7) % 7) + place * 7);
  return day.slice(0, 7) === monthStart.slice(0, 7) ? day : addDays(day, -7);
}
