import { describe, expect, it } from 'vitest';
import { pack } from './packing.ts';

const lengths = (least: number[], room: number, gap = 0) =>
  pack(least, room, gap).map(({ from, to }) => to - from);

describe('pack', () => {
  it('keeps a short span in one line that fills the room', () => {
    expect(pack([10, 20], 102, 2)).toEqual([{ from: 0, to: 2, widths: [45, 55] }]);
    expect(pack([], 100, 2)).toEqual([]);
  });

  it('sets equal names in columns, the last line shorter', () => {
    const lines = pack([30, 30, 30, 30, 30], 104, 2);
    expect(lines).toEqual([
      { from: 0, to: 3, widths: [100 / 3, 100 / 3, 100 / 3] },
      { from: 3, to: 5, widths: [100 / 3, 100 / 3] },
    ]);
  });

  it('gives up columns rather than take another line', () => {
    // In columns of three, 60 + 60 + 10 would not fit; line by line both do.
    expect(lengths([60, 10, 10, 10, 60, 10], 100)).toEqual([3, 3]);
    for (const { widths } of pack([60, 10, 10, 10, 60, 10], 100, 0))
      expect(widths.reduce((all, width) => all + width)).toBeCloseTo(100);
  });

  it('makes lines alike rather than the last one short', () => {
    expect(lengths([40, 20, 20, 20, 40, 10], 100)).toEqual([3, 3]);
  });

  it('never makes a cell narrower than its name', () => {
    const least = Array.from({ length: 21 }, (_, at) => 40 + ((at * 37) % 60));
    for (const room of [200, 400, 640, 900])
      for (const { from, widths } of pack(least, room, 3))
        for (const [at, width] of widths.entries())
          expect(width).toBeGreaterThanOrEqual((least[from + at] ?? Infinity) - 1e-9);
  });

  it('gives a name wider than the room a line to itself', () => {
    expect(lengths([300, 20], 100)).toEqual([1, 1]);
    expect(pack([300, 20], 100, 0)[0]?.widths).toEqual([100]);
  });
});
