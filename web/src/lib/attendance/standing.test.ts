import { describe, expect, it } from 'vitest';
import type { AttendancePoint, AttendanceReport } from '#lib/api/types.ts';
import { counts, filtered, gapSeconds, grouped, rollUp, standing } from './standing.ts';

const nobody = {
  expected: 0,
  present: 0,
  online: 0,
  leave: 0,
  absent: 0,
  left: 0,
  substitutes: 0,
  counted: 0,
};
const point = (name: string, change: Partial<AttendancePoint> = {}): AttendancePoint => ({
  point_id: 1,
  name,
  unit_id: 1,
  unit_name: 'Huyện Lạc Dương',
  first_in: '2026-11-25T00:10:00Z',
  last_out: null,
  out_how: '',
  member: true,
  present: true,
  late: false,
  seconds: 600,
  gaps: [],
  answers: [],
  people: nobody,
  ...change,
});
const here = point('Đạ Sar');
const gone = point('Đạ Nhim', { present: false, last_out: '2026-11-25T01:00:00Z' });
const never = point('Đạ Chais', { present: false, first_in: null });

describe('standing', () => {
  it('tells who is in, has left, never came', () => {
    expect([here, gone, never].map(standing)).toEqual(['present', 'left', 'absent']);
    expect(counts([here, gone, never])).toEqual({ all: 3, present: 1, left: 1, absent: 1 });
  });
  it('filters by standing and by name without diacritics', () => {
    expect(filtered([here, gone, never], 'left', '')).toEqual([gone]);
    expect(filtered([here, gone, never], 'all', 'da chais')).toEqual([never]);
    expect(filtered([here, gone, never], 'all', 'lac duong')).toHaveLength(3);
  });
});

it('counts the seconds of gaps', () => {
  const gaps = [
    { from: '2026-11-25T00:20:00Z', to: '2026-11-25T00:21:30Z', how: 'lost' },
    { from: '2026-11-25T00:30:00Z', to: '2026-11-25T00:30:10Z', how: 'live' },
  ];
  expect(gapSeconds(point('x', { gaps }))).toBe(100);
});

describe('by branch', () => {
  const unit = (unit_id: number, parent_id: number | null, name: string, depth: number, points: number) => ({
    unit_id,
    parent_id,
    name,
    depth,
    points,
    present: 0,
    ever: 0,
  });
  const units = [
    unit(1, null, 'Tỉnh', 0, 6),
    unit(5, 1, 'Công an tỉnh', 1, 1),
    unit(2, 1, 'Lạc Dương', 1, 4),
    unit(3, 2, 'Đạ Sar', 2, 1),
    unit(4, 2, 'Đạ Nhim', 2, 2),
    unit(6, 1, 'Chưa có điểm cầu', 1, 0),
  ];
  const points = [
    point('Đạ Sar', { unit_id: 3 }),
    point('Hội trường', { unit_id: 1 }),
    point('Công an tỉnh', { unit_id: 5, present: false }),
    point('Lạc Dương', { unit_id: 2, present: false }),
    point('Đạ Nhim 1', { unit_id: 4, present: false }),
    point('Đạ Nhim 2', { unit_id: 4, present: false, first_in: null }),
  ];
  const report = { units, points } as AttendanceReport;

  it('rolls up: the top, its own offices as one, branches, and what gathers several points', () => {
    expect(rollUp(report).map((row) => [row.unit_id, row.points])).toEqual([
      [1, 6],
      [-1, 2],
      [2, 4],
      [4, 2],
    ]);
    expect(rollUp(report)[1]).toMatchObject({ present: 1, ever: 2 });
  });
  it('groups points likewise', () => {
    expect(grouped(report, points).map((group) => [group.name, group.present, group.points.length])).toEqual([
      ['Trực thuộc Tỉnh', 1, 2],
      ['Lạc Dương', 1, 4],
    ]);
  });
});
