import { m } from '#lib/paraglide/messages.js';
import { getLocale } from '#lib/paraglide/runtime.js';
import { daysBetween, onTheWall, timeOf, type Moment } from './zone.ts';

const tag = () => (getLocale() === 'vi' ? 'vi-VN' : 'en-GB');
const two = (value: number) => String(value).padStart(2, '0');

/** 11.208 in Vietnamese, 11,208 in English; of parts no more than `digits`: 2,5 and 2.5. */
export function number(value: number, digits = 3): string {
  return value.toLocaleString(tag(), { maximumFractionDigits: digits });
}

/** Keeps document numbers in one piece: "57-NQ/TW" does not break at its hyphen. */
export function unbroken(title: string): string {
  return title.replace(/(\d)-(?=[A-ZĐ])/g, '$1\u2060-\u2060');
}

/** 07:30 */
export const clock = (at: Moment): string => timeOf(at);

/** 07:30:05 */
export function clockWithSeconds(at: Moment): string {
  return `${clock(at)}:${two(onTheWall(at).seconds)}`;
}

/** 25/11/2026 */
export function day(at: Moment): string {
  const { day, month, year } = onTheWall(at);
  return `${two(day)}/${two(month)}/${year}`;
}

/** Thứ Tư, 25/11/2026; today and tomorrow by name. */
export function longDay(at: Moment, now = new Date()): string {
  const apart = daysBetween(now, at);
  const name = apart === 0 ? m.today() : apart === 1 ? m.tomorrow() : weekdayName(at);
  return `${name}, ${day(at)}`;
}

/** Thứ Bảy, 21/11/2026: whichever day it is. */
export function weekday(at: Moment): string {
  return `${weekdayName(at)}, ${day(at)}`;
}

function weekdayName(at: Moment): string {
  // A Sunday, and so many days on: only the name is asked for.
  const day = new Date(Date.UTC(2026, 10, 22 + onTheWall(at).weekday));
  const name = new Intl.DateTimeFormat(tag(), { weekday: 'long', timeZone: 'UTC' }).format(day);
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** 07:30 ngày 25/11/2026 */
export const moment = (at: Moment): string => m.papers_moment({ time: clock(at), day: day(at) });

/** 07:30–11:00, with the day of the end where it is another one. */
export function timeSpan(from: Moment, to: Moment): string {
  return day(from) === day(to) ? `${clock(from)}–${clock(to)}` : `${clock(from)}–${clock(to)} ${day(to)}`;
}

/** Whole minutes as "1 giờ 35 phút"; hours only from 60 minutes. */
export function minutes(total: number): string {
  const hours = Math.floor(total / 60);
  const rest = total % 60;
  if (hours === 0) return m.duration_minutes({ minutes: rest });
  return rest === 0 ? m.duration_hours({ hours }) : m.duration_hours_minutes({ hours, minutes: rest });
}

/** Minutes to come, from two days on with the days: "2 ngày 16 giờ". */
export function ahead(total: number): string {
  const days = Math.floor(total / 1440);
  if (days < 1) return minutes(total);
  const hours = Math.round((total % 1440) / 60);
  if (hours === 24) return m.duration_days({ days: days + 1 });
  return hours === 0 ? m.duration_days({ days }) : m.duration_days_hours({ days, hours });
}

/** Seconds in words: "45 giây", "6 phút", "1 giờ 2 phút". */
export function lasting(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? m.duration_seconds({ seconds: whole }) : minutes(Math.round(whole / 60));
}

/** Seconds as 1:02:07 or 02:07. */
export function stopwatch(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** Whole seconds gone as "04:12", from an hour on "1:12:40". Never below zero. */
export const duration = (seconds: number): string => stopwatch(Math.floor(seconds));

/** Seconds from a moment (ISO 8601 text) to `now` (ms). */
export const secondsSince = (moment: string, now: number): number => (now - Date.parse(moment)) / 1000;

/** Bytes for people: 9,4 MB. */
export function fileSize(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.max(1, Math.round(bytes / 1000))} kB`;
  const [value, unit] = bytes < 1e9 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB'];
  return `${number(value, value < 100 ? 1 : 0)} ${unit}`;
}

/** A sentence the server wrote in both languages. */
export const said = (text: { vi: string; en: string }): string => (getLocale() === 'vi' ? text.vi : text.en);
