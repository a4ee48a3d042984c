/*
 * Times are those of Việt Nam (Asia/Ho_Chi_Minh), whatever zone a computer is set to: a hall's box in UTC shows the hour of
 * the invitation, and who plans on a laptop set to America means half past seven there too. The zone has stood at UTC+7
 * without summer time since 1975 (IANA time zone database).
 */
const AHEAD_MS = 7 * 3_600_000;
const OFFSET = '+07:00';

/** A moment: a date, ISO 8601 text, or ms since 1970. */
export type Moment = Date | string | number;

/** What calendar and clock on the wall say at a moment. `weekday`: 0 is Sunday. */
export interface OnTheWall {
  year: number;
  month: number;
  day: number;
  weekday: number;
  hours: number;
  minutes: number;
  seconds: number;
}

export function onTheWall(at: Moment): OnTheWall {
  const shifted = new Date(new Date(at).getTime() + AHEAD_MS);
  return {
    year: shifted.getUTCFullYear(),
    month: shifted.getUTCMonth() + 1,
    day: shifted.getUTCDate(),
    weekday: shifted.getUTCDay(),
    hours: shifted.getUTCHours(),
    minutes: shifted.getUTCMinutes(),
    seconds: shifted.getUTCSeconds(),
  };
}

const two = (value: number) => String(value).padStart(2, '0');

/** "2026-11-25" */
export function dateOf(at: Moment): string {
  const { year, month, day } = onTheWall(at);
  return `${year}-${two(month)}-${two(day)}`;
}

/** "07:30" */
export function timeOf(at: Moment): string {
  const { hours, minutes } = onTheWall(at);
  return `${two(hours)}:${two(minutes)}`;
}

/** The moment at which the wall says "2026-11-25" and "07:30"; an invalid date where they are none. */
export const momentAt = (date: string, time: string): Date => new Date(`${date}T${time}${OFFSET}`);

/** Days from the one to the other, by the calendar on the wall. */
export const daysBetween = (from: Moment, to: Moment): number =>
  Math.round(
    (momentAt(dateOf(to), '00:00').getTime() - momentAt(dateOf(from), '00:00').getTime()) / 86_400_000,
  );
