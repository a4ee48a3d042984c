import { describe, expect, it } from 'vitest';
import type { Unit } from '#lib/api/types.ts';
import { branches, found, type PlacedTree, ticked, toggled, unitsBelow } from './tree.ts';

const unit = (id: number, parent_id: number | null, name: string, position = id): Unit => ({
  id,
  revision: 1,
  parent_id,
  name,
  short_name: name,
  level: 'commune',
  body: 'state',
  position,
  path: '',
  code: null,
  former_code: null,
  valid_from: null,
  valid_until: null,
  successor_id: null,
});
const point = (id: number, unit_id: number, name: string) => ({
  id,
  unit_id,
  name,
  short_name: name,
  position: id,
  seats: null,
});

const tree: PlacedTree = {
  units: [
    unit(1, null, 'Tỉnh ủy Lâm Đồng'),
    unit(3, 1, 'Huyện Đạ Tẻh', 2),
    unit(2, 1, 'Huyện Lạc Dương', 1),
    unit(4, 2, 'Xã Đưng K’Nớ'),
    unit(5, 1, 'Không có điểm cầu', 3),
  ],
  points: [
    point(10, 1, 'Hội trường'),
    point(20, 2, 'Lạc Dương'),
    point(30, 3, 'Đạ Tẻh'),
    point(40, 4, 'Đưng K’Nớ'),
  ],
};
const [root] = branches(tree);
if (!root) throw new Error('no root');
const [lacDuong, daTeh] = root.children;
if (!lacDuong || !daTeh) throw new Error('no districts');

describe('branches', () => {
  it('orders units by position and leaves out those without points', () => {
    expect(root.children.map((child) => child.unit.id)).toEqual([2, 3]);
    expect(root.all).toEqual([10, 20, 40, 30]);
  });
  it('makes a root of a unit whose parent may not be seen', () => {
    expect(branches({ units: [unit(4, 2, 'Xã')], points: [point(40, 4, 'Xã')] })).toHaveLength(1);
  });
});

describe('ticking', () => {
  it('is none, some, all', () => {
    expect(ticked(lacDuong, new Set())).toBe('none');
    expect(ticked(lacDuong, new Set([40]))).toBe('some');
    expect(ticked(lacDuong, new Set([20, 40, 30]))).toBe('all');
  });
  it('fills a part-ticked branch, then empties it, leaving others alone', () => {
    const full = toggled(lacDuong, new Set([40, 30]));
    expect([...full].sort()).toEqual([20, 30, 40]);
    expect([...toggled(lacDuong, full)]).toEqual([30]);
  });
  it('never drops the fixed point', () => {
    expect([...toggled(root, new Set(root.all), 10)]).toEqual([10]);
  });
});

describe('found', () => {
  it('needs no diacritics and keeps the way down to what fits', () => {
    const [only] = found([root], 'dung kno');
    expect(only?.all).toEqual([40]);
    expect(only?.children.map((child) => child.unit.id)).toEqual([2]);
  });
  it('keeps a whole branch whose name fits', () => {
    expect(found([root], 'huyen lac duong')[0]?.all).toEqual([20, 40]);
  });
  it('is the whole tree for an empty query and nothing for a strange one', () => {
    expect(found([root], ' ')).toEqual([root]);
    expect(found([root], 'xyz')).toEqual([]);
  });
});

describe('unitsBelow', () => {
  it('gives the branch of a role with the names above, highest first', () => {
    expect(unitsBelow(tree.units, [2])).toEqual([
      { unit: tree.units[2], within: 'Tỉnh ủy Lâm Đồng' },
      { unit: tree.units[3], within: 'Tỉnh ủy Lâm Đồng, Huyện Lạc Dương' },
    ]);
  });
});
