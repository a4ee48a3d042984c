import { describe, expect, it } from 'vitest';
import type { AttendancePoint, AttendanceReport } from '#lib/api/types.ts';
import { counts, filtered, gapSeconds, grouped, rollUp, standing } from './standing.ts';

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

it('leaves out of the roll-up what only repeats a point', () => {
  const unit = (unit_id: number, depth: number, points: number) => ({
    unit_id,
    parent_id: null,
    name: '',
    depth,
    points,
    present: 0,
    ever: 0,
  });
  const units = [unit(1, 0, 5), unit(2, 1, 1), unit(3, 2, 1), unit(4, 2, 3), unit(5, 1, 0)];
  expect(rollUp({ units } as AttendanceReport).map((row) => row.unit_id)).toEqual([1, 2, 4]);
});

it('groups points under their district, the top first', () => {
  const unit = (unit_id: number, parent_id: number | null, name: string, depth: number) => ({
    unit_id,
    parent_id,
    name,
    depth,
    points: 1,
    present: 0,
    ever: 0,
  });
  const report = {
    units: [
      unit(1, null, 'Tỉnh', 0),
      unit(2, 1, 'Lạc Dương', 1),
      unit(3, 2, 'Đạ Sar', 2),
      unit(4, 1, 'Di Linh', 1),
    ],
  } as AttendanceReport;
  const points = [
    point('Đạ Sar', { unit_id: 3 }),
    point('Hội trường', { unit_id: 1 }),
    point('Lạc Dương', { unit_id: 2, present: false }),
  ];
  expect(grouped(report, points).map((group) => [group.name, group.present, group.points.length])).toEqual([
    ['Tỉnh', 1, 1],
    ['Lạc Dương', 1, 2],
  ]);
});
