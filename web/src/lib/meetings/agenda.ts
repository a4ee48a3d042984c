/** Times of an agenda, computed from the beginnings of its days and the items' minutes. */

import { dateOf, type Moment } from '#lib/text/zone.ts';

export interface Timed {
  begins: Date;
  ends: Date;
}

/** What has a place in an agenda; `day`: place of its day, from 0. */
export interface Placed {
  day: number;
  minutes: number;
}

const counted = (minutes: number) => Math.max(0, Number.isFinite(minutes) ? minutes : 0);

/**
 * When each item begins and ends if all keep to their minutes; `starts`: of each day. Minutes that are not a number count
 * as none.
 */
export function timetable(starts: readonly Date[], items: readonly Placed[]): Timed[] {
  const reached = starts.map((start) => start.getTime());
  return items.map(({ day, minutes }) => {
    const at = reached[day] ?? Number.NaN;
    reached[day] = at + counted(minutes) * 60_000;
    return { begins: new Date(at), ends: new Date(reached[day]) };
  });
}

export function totalMinutes(items: readonly { minutes: number }[]): number {
  return items.reduce((sum, { minutes }) => sum + counted(minutes), 0);
}

/** A copy of the list with one item moved; indices outside the list change nothing. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const next = [...list];
  if (from < 0 || from >= list.length || to < 0 || to >= list.length) return next;
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}

/** Days (as numbers) and the items below each, in one row: what an item moves in. */
export function withHeadings<T extends { day: number }>(items: readonly T[], days: number): (number | T)[] {
  return Array.from({ length: Math.max(days, 1) }, (_, day) => [
    day,
    ...items.filter((item) => item.day === day),
  ]).flat();
}

/** The items again, each on the day whose heading it stands below. */
export function withoutHeadings<T extends { day: number }>(entries: readonly (number | T)[]): T[] {
  let day = 0;
  return entries.flatMap((entry) => {
    if (typeof entry !== 'number') return [entry.day === day ? entry : { ...entry, day }];
    day = entry;
    return [];
  });
}

/** The items of each day, in their order. */
export function byDay<T extends { day: number }>(items: readonly T[]): { day: number; items: T[] }[] {
  return [...new Set(items.map(({ day }) => day))]
    .sort((a, b) => a - b)
    .map((day) => ({ day, items: items.filter((item) => item.day === day) }));
}

/** The number an item bears among those that are none of them a break; a break bears the one before it. */
export function numberOf<T extends { kind: string }>(items: readonly T[], item: T): number {
  return items.slice(0, items.indexOf(item) + 1).filter(({ kind }) => kind !== 'break').length;
}

/** The day that is dealt with at a moment: today's, else the next one, else the last. 0 of a meeting of one day. */
export function dayAt(items: readonly { day: number; begins_at: Moment }[], now: Moment): number {
  const today = dateOf(now);
  return (items.find(({ begins_at }) => dateOf(begins_at) >= today) ?? items.at(-1))?.day ?? 0;
}
