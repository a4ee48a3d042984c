/*
 * Times are those of the deployment, whatever zone a computer is set to: a hall's box in UTC shows the hour of the
 * invitation, and who plans on a laptop set to America means half past seven there too. That is Việt Nam's
 * (Asia/Ho_Chi_Minh) unless the server says otherwise; it has stood at UTC+7 without summer time since 1975 (IANA time
 * zone database).
 */
export const standardZone = 'Asia/Ho_Chi_Minh';
const STANDARD_AHEAD_MS = 7 * 3_600_000;

let fields: Intl.DateTimeFormat | undefined;
let zone = standardZone;

/** Says which zone it is (IANA name); one that this browser does not know leaves it as it was. */
export function useZone(name: string): void {
  if (name === zone) return;
  try {
    fields =
      name === standardZone
        ? undefined
        : new Intl.DateTimeFormat('en-US', {
            timeZone: name,
            hourCycle: 'h23',
            year: 'numeric',
            month: 'numeric',
            day: 'numeric',
            hour: 'numeric',
            minute: 'numeric',
            second: 'numeric',
          });
    zone = name;
  } catch {
    // An old browser with a list of zones of its own.
  }
}

/** How far the wall is ahead of UTC at a moment, in ms. */
function ahead(at: number): number {
  if (!fields || Number.isNaN(at)) return STANDARD_AHEAD_MS;
  const part = Object.fromEntries(fields.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}

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
  const time = new Date(at).getTime();
  const shifted = new Date(time + ahead(time));
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
export function momentAt(date: string, time: string): Date {
  const wall = new Date(`${date}T${time}Z`).getTime();
  // Twice: near a change to summer time the first guess may stand on its other side.
  return new Date(wall - ahead(wall - ahead(wall)));
}

/** Days from the one to the other, by the calendar on the wall. */
export const daysBetween = (from: Moment, to: Moment): number =>
  Math.round(
    (momentAt(dateOf(to), '00:00').getTime() - momentAt(dateOf(from), '00:00').getTime()) / 86_400_000,
  );
