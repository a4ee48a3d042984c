import { describe, expect, it } from 'vitest';
import { applied, filterPeople, queued, tally } from './pending.ts';
import type { Checks, HallPerson, Turnout } from './types.ts';
import { personDetails, turnoutWords, yetToCome } from './words.ts';

const person = (delegate_id: number, change: Partial<HallPerson> = {}): HallPerson => ({
  delegate_id,
  full_name: `Nguyễn Văn ${delegate_id}`,
  title: 'Bí thư',
  unit_name: 'Xã Đạ Sar',
  role: 'delegate',
  state: 'expected',
  at: null,
  how: '',
  by_name: '',
  reason: '',
  substitute: null,
  substitutes: null,
  elsewhere: null,
  ...change,
});
const came = (...delegate_ids: number[]): Checks => ({ delegate_ids, kind: 'in', how: 'list' });
const back = (...delegate_ids: number[]): Checks => ({ delegate_ids, kind: 'out', how: 'by-hand' });

describe('entries that wait', () => {
  it('show at once, the last word of each person', () => {
    const after = applied([person(1), person(2), person(3)], [came(1, 2), back(2)], '2026-11-25T00:00:00Z');
    expect(after.map(({ state }) => state)).toEqual(['present', 'expected', 'expected']);
  });
  it('travel together when they are of one kind', () => {
    expect(queued([came(1)], came(2))).toEqual([came(1, 2)]);
    expect(queued([came(1)], { ...came(2), how: 'group' })).toHaveLength(2);
  });
  it('vanish when they are taken back before they went', () => {
    expect(queued([came(1, 2)], back(1))).toEqual([came(2)]);
    expect(queued([came(1)], back(1))).toEqual([]);
  });
  it('are followed by a correction when they are on their way', () => {
    expect(queued([came(1, 2)], back(1), 1)).toEqual([came(1, 2), back(1)]);
    expect(queued([came(1)], came(2), 1)).toEqual([came(1), came(2)]);
  });
  it('are cut to what one request may carry', () => {
    const many = Array.from({ length: 1100 }, (_, index) => index);
    expect(queued([], came(...many)).map(({ delegate_ids }) => delegate_ids.length)).toEqual([500, 500, 100]);
  });
});

describe('the list', () => {
  const people = [
    person(1, { state: 'present' }),
    person(2, { full_name: 'K’Brọp Đinh', state: 'leave', reason: 'Ốm' }),
    person(3, { state: 'absent', substitute: { delegate_id: 4, full_name: 'Lê Lan' } }),
    person(4, { state: 'present', substitutes: { delegate_id: 3, full_name: 'Nguyễn Văn 3' } }),
    person(5),
  ];
  it('is found without diacritics and by state', () => {
    expect(filterPeople(people, 'all', 'dinh kbrop').map(({ delegate_id }) => delegate_id)).toEqual([2]);
    expect(filterPeople(people, 'left', '').map(({ delegate_id }) => delegate_id)).toEqual([3, 5]);
    expect(filterPeople(people, 'away', '')).toHaveLength(1);
  });
  it('counts a substitute for whom he represents', () => {
    expect(tally(people)).toEqual({ here: 2, expected: 4, left: 1 });
  });
  it('says why and in whose stead', () => {
    expect(people.map(personDetails).slice(1, 4)).toEqual(['Ốm', 'Lê Lan dự thay', 'dự thay Nguyễn Văn 3']);
  });
});

describe('turnout', () => {
  const none = {
    expected: 0,
    present: 0,
    online: 0,
    leave: 0,
    absent: 0,
    left: 0,
    substitutes: 0,
    counted: 0,
  };
  const turnout = (totals: Partial<typeof none>, signed: boolean[]) =>
    ({
      totals: { ...none, ...totals },
      points: signed.map((each, point_id) => ({ point_id, signed_off: each ? {} : null })),
    }) as unknown as Turnout;
  it('says what is missing', () => {
    expect(turnoutWords(turnout({}, [false]))).toContain('Chưa có danh sách');
    expect(turnoutWords(turnout({ expected: 5 }, [false]))).toContain('5 đại biểu được mời');
    expect(turnoutWords(turnout({ expected: 5, present: 3, online: 1, counted: 4 }, [true, false]))).toBe(
      '4 trên 5 đại biểu đã có mặt. Còn 1 điểm cầu chưa ký điểm danh.',
    );
    expect(turnoutWords(turnout({ expected: 5, present: 5, counted: 5 }, [true]))).toContain('Mọi điểm cầu');
  });
  it('knows who is yet to come', () => {
    expect(yetToCome({ ...none, expected: 10, present: 4, leave: 1, left: 1 })).toBe(4);
  });
});
