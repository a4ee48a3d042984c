import { m } from '#lib/paraglide/messages.js';
import { shownDate } from '#lib/text/typed.ts';
import type { Unit } from '#lib/api/types.ts';
import type { Level } from './calls.ts';

const words: Record<Level, () => string> = {
  central: m.unit_level_central,
  province: m.unit_level_province,
  district: m.unit_level_district,
  commune: m.unit_level_commune,
  below: m.unit_level_below,
};
export const levels = Object.keys(words) as Level[];

export const levelWord = (level: string): string => words[level as Level]?.() ?? level;

const bodyWords: Record<Unit['body'], () => string> = { state: m.body_state, party: m.body_party };
export const bodies = Object.keys(bodyWords) as Unit['body'][];

export const bodyWord = (body: Unit['body']): string => bodyWords[body]();

/** What a name says of it: Party committees bear theirs in it. */
export const bodyOf = (name: string): Unit['body'] =>
  /(^|\s)((tỉnh|thành|huyện|quận|thị|đảng|khu) ủy|đảng bộ|chi bộ)(\s|$)/iu.test(name.normalize('NFC'))
    ? 'party'
    : 'state';

/** The level below it, most likely. Districts are no more since July 2025. */
export const levelBelow = (level: string): Level =>
  (({ central: 'province', province: 'commune', district: 'commune' })[level] as Level) ?? 'below';

/** "Đã kết thúc hoạt động ngày 30/06/2025; Xã Lạc Dương tiếp nhận."; empty while nothing is said of its end. */
export function endOf(unit: Unit, successor: Unit | undefined, today: string): string {
  if (unit.valid_until === null) return '';
  const over = unit.valid_until < today;
  const day = shownDate(unit.valid_until);
  if (successor) return (over ? m.units_ended_into : m.units_ends_into)({ day, successor: successor.name });
  return (over ? m.units_ended : m.units_ends)({ day });
}

/** "Xã Đạ Sar" is "Đạ Sar" on the wall. */
export function shortened(name: string): string {
  const kind = /^(tỉnh|thành phố|thị xã|thị trấn|huyện|quận|phường|xã|đặc khu)\s+/iu;
  return name.trim().replace(kind, '').slice(0, 60);
}
