import type { Meeting } from '#lib/api/types.ts';
import { daysBetween, momentAt } from '#lib/text/zone.ts';
import { addDays } from './calendar/days.ts';
import { totalMinutes } from './agenda.ts';
import type { Draft } from './draft.ts';

/** One day of a meeting that lasts several. */
export interface DayHours {
  date: string;
  start: string;
  end: string;
}

/** From when to when a meeting is held, day by day; of one without days of its own the whole of it. */
export function spansOf(meeting: Pick<Meeting, 'starts_at' | 'ends_at' | 'days'>, first: string) {
  if (meeting.days.length === 0)
    return [{ starts: new Date(meeting.starts_at), ends: new Date(meeting.ends_at) }];
  return meeting.days.map(({ after, start, end }) => {
    const date = addDays(first, after);
    return { starts: momentAt(date, start), ends: momentAt(date, end) };
  });
}

const full = { start: '07:30', end: '17:00' };

/** The days as they are typed: the meeting's own, or the one. */
export const daysOf = (draft: Draft): DayHours[] =>
  draft.days.length > 0 ? draft.days : [{ date: draft.date, start: draft.start, end: draft.end }];

/** Puts other days in; start and end of the whole go with them. One alone is no list of days. */
export function setDays(draft: Draft, days: DayHours[]): void {
  const [first, last] = [days[0], days.at(-1)];
  if (!first || !last) return;
  draft.days = days.length > 1 ? days : [];
  draft.date = first.date;
  draft.start = first.start;
  draft.endDate = last.date;
  draft.end = last.end;
}

/** Makes it last several days: those from the first to the last, if they were set, else two. */
export function intoDays(draft: Draft): void {
  const apart = daysBetween(momentAt(draft.date, '12:00'), momentAt(draft.endDate, '12:00'));
  const last = Number.isFinite(apart) && apart > 0 ? Math.min(apart, mostDays - 1) : 1;
  setDays(
    draft,
    Array.from({ length: last + 1 }, (_, index) => ({
      date: nextDate(draft.date, index),
      start: index === 0 ? draft.start : full.start,
      end: index === last ? (apart > 0 ? draft.end : full.end) : full.end,
    })),
  );
}

export const mostDays = 15;

/** One more day, the one after the last, with its hours. */
export function addDay(draft: Draft): void {
  const days = daysOf(draft);
  const last = days.at(-1)!;
  setDays(draft, [...days, { ...full, date: nextDate(last.date, 1) }]);
}

/** Takes a day out; its items go to the day before it, those of the first to the second. */
export function dropDay(draft: Draft, index: number): void {
  setDays(
    draft,
    daysOf(draft).filter((_, place) => place !== index),
  );
  for (const row of draft.agenda) if (row.day >= Math.max(index, 1)) row.day -= 1;
}

/** Of one day again: everything stands on it. */
export function intoOneDay(draft: Draft): void {
  const first = daysOf(draft)[0]!;
  setDays(draft, [first]);
  for (const row of draft.agenda) row.day = 0;
}

function nextDate(date: string, by: number): string {
  return Number.isNaN(Date.parse(date)) ? '' : addDays(date, by);
}

/** Minutes of each day; 0 while its hours are not yet right. */
export function lengths(draft: Draft): number[] {
  return daysOf(draft).map(({ date, start, end }, index, all) => {
    const until = all.length === 1 ? draft.endDate : date;
    const minutes = (momentAt(until, end).getTime() - momentAt(date, start).getTime()) / 60_000;
    return Number.isFinite(minutes) && minutes > 0 ? Math.round(minutes) : 0;
  });
}

/** Minutes for which a meeting is held: of several days, without its nights. */
export const heldMinutes = (meeting: Meeting, first: string): number =>
  totalMinutes(
    spansOf(meeting, first).map(({ starts, ends }) => ({
      minutes: (ends.getTime() - starts.getTime()) / 60_000,
    })),
  );
