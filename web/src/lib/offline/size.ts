import { getLocale } from '#lib/paraglide/runtime.js';

/** Bytes for people: "3,4 MB". */
export function size(bytes: number): string {
  const [value, unit] =
    bytes < 1_000_000 ? [bytes / 1e3, 'KB'] : bytes < 1e9 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB'];
  const digits = value < 10 && unit !== 'KB' ? 1 : 0;
  return `${value.toLocaleString(getLocale() === 'vi' ? 'vi-VN' : 'en-GB', { maximumFractionDigits: digits })} ${unit}`;
}
