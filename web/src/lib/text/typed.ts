/** Dates and times as people type them. */

import { dateOf, onTheWall } from './zone.ts';

const two = (value: number) => String(value).padStart(2, '0');

/**
 * "25/11/2026", "25-11", "25.11.26", "25112026" → "2026-11-25"; null if it is no date. Without a year it is the next such
 * day, from `today` on. `born`: a birthday, which lies behind: "2/9/75" is of 1975, and without a year it is no date.
 */
export function typedDate(text: string, today = new Date(), born = false): string | null {
  const packed = /^\d{8}$/.test(text.trim()) ? text.trim().replace(/^(..)(..)/, '$1/$2/') : text;
  const match = /^\s*(\d{1,2})\s*[/.\-\s]\s*(\d{1,2})(?:\s*[/.\-\s]\s*(\d{2}|\d{4}))?\s*$/.exec(packed);
  if (!match) return null;
  const [, day, month, year] = match;
  const now = onTheWall(today).year;
  if (year) {
    const century = born && Number(`20${year}`) > now ? '19' : '20';
    return checked(Number(year.length === 2 ? century + year : year), Number(month), Number(day));
  }
  if (born) return null;
  const first = dateOf(today);
  const thisYear = checked(now, Number(month), Number(day));
  return thisYear !== null && thisYear >= first ? thisYear : checked(now + 1, Number(month), Number(day));
}

function checked(year: number, month: number, day: number): string | null {
  const date = new Date(Date.UTC(year, month - 1, day));
  const real =
    date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return real && year >= 1900 && year < 2100 ? `${year}-${two(month)}-${two(day)}` : null;
}

/** "2026-11-25" → "25/11/2026"; anything else stays as it is. */
export function shownDate(date: string): string {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date);
  return match ? `${match[3]}/${match[2]}/${match[1]}` : date;
}

/** "7h30", "7:30", "0730", "7g", "14" → "07:30" and so on; null if it is no time of day. */
export function typedTime(text: string): string | null {
  const match = /^\s*(\d{1,2})(?:\s*(?:[:.h]|giờ|g)\s*(\d{1,2})?|(\d{2}))?\s*(?:phút|p)?\s*$/i.exec(text);
  if (!match) return null;
  const hours = Number(match[1]);
  const minutes = Number(match[2] ?? match[3] ?? 0);
  return hours < 24 && minutes < 60 ? `${two(hours)}:${two(minutes)}` : null;
}

/** Whether a field holds a day ("2026-11-25"), and not something typed that is none. */
export function isDate(value: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(value);
  return match !== null && checked(Number(match[1]), Number(match[2]), Number(match[3])) === value;
}

/** Whether a field holds a time of day ("07:30"). */
export function isTime(value: string): boolean {
  return /^([01]\d|2[0-3]):[0-5]\d$/.test(value);
}
