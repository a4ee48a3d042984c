import { getLocale } from '#lib/paraglide/runtime.js';

/** Seconds as "04:12", from an hour on "1:12:40". Never below zero. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return whole < 3600 ? minutes : `${Math.floor(whole / 3600)}:${minutes}`;
}

/** Seconds from a moment (ISO text) to `now` (ms). */
export const secondsSince = (moment: string, now: number): number => (now - Date.parse(moment)) / 1000;

/** The time of day, "09:42". */
export function timeOfDay(now: number | string): string {
  return new Intl.DateTimeFormat('vi-VN', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(
    new Date(now),
  );
}

/** "Thứ Bảy, 21/11/2026". */
export function day(moment: number | string): string {
  return new Intl.DateTimeFormat(getLocale() === 'vi' ? 'vi-VN' : 'en-GB', {
    weekday: 'long',
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
  }).format(new Date(moment));
}

/** Whole numbers as people here write them: 11.208. */
export const count = (value: number): string =>
  new Intl.NumberFormat(getLocale() === 'vi' ? 'vi-VN' : 'en-GB').format(value);
