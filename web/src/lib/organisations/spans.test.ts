import { describe, expect, it } from 'vitest';
import { spans, summed } from './spans.ts';

const unit = (unit_id: number, parent_id: number | null, name: string, depth: number) => ({
  unit_id,
  parent_id,
  name,
  depth,
});
const units = [
  unit(1, null, 'Tỉnh', 0),
  unit(5, 1, 'Công an tỉnh', 1),
  unit(2, 1, 'Lạc Dương', 1),
  unit(3, 2, 'Đạ Sar', 2),
];
const at = (id: number, unit_id: number | null) => ({ id, unit_id });

describe('spans', () => {
  const seen = (points: { id: number; unit_id: number | null }[], all = points) =>
    spans(units, points, all).map(({ name, points: own }) => [name, own.map(({ id }) => id)]);
  it('puts the top and its offices first, then branches; points without a unit last', () => {
    expect(seen([at(1, null), at(2, 3), at(3, 5), at(4, 2), at(5, 1)])).toEqual([
      ['Trực thuộc Tỉnh', [3, 5]],
      ['Lạc Dương', [2, 4]],
      ['', [1]],
    ]);
  });
  it('knows offices by all points, not by those that are shown', () => {
    const all = [at(1, 5), at(2, 5)];
    expect(seen(all.slice(0, 1), all)).toEqual([['Công an tỉnh', [1]]]);
  });
});

it('sums figures', () => {
  const list = [
    { a: 1, b: 2 },
    { a: 3, b: 4 },
  ];
  expect(summed(list, ['a', 'b'])).toEqual({ a: 4, b: 6 });
});
