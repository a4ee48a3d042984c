import { describe, expect, it } from 'vitest';
import { fitted, stepped, Strip } from './strip.ts';

describe('Strip', () => {
  const strip = new Strip([100, 200, 50, 100], 10);

  it('knows where each page begins', () => {
    expect([1, 2, 3, 4].map((page) => strip.top(page))).toEqual([10, 120, 330, 390]);
    expect(strip.total).toBe(500);
  });
  it('finds the page at a height, and the ends beyond', () => {
    expect([-50, 0, 10, 119, 120, 329, 330, 9999].map((y) => strip.at(y))).toEqual([1, 1, 1, 1, 2, 2, 3, 4]);
  });
  it('gives the pages in view, none that only a gap touches', () => {
    expect(strip.between(0, 60)).toEqual([1, 1]);
    expect(strip.between(112, 200)).toEqual([2, 2]);
    expect(strip.between(300, 395)).toEqual([2, 4]);
    expect(strip.between(495, 600)).toEqual([4, 4]);
  });
  it('is on the page that was brought to the top, however many fit below', () => {
    const slides = new Strip(Array<number>(20).fill(210), 12);
    for (let page = 1; page < 17; page++) expect(slides.current(slides.top(page) - 6, 730)).toBe(page);
    expect(slides.current(0, 730)).toBe(1);
    expect(slides.current(slides.top(3) + 120, 730)).toBe(4); // its larger part has gone
    expect(slides.current(slides.total - 730, 730)).toBe(20);
  });
  it('stays on a page taller than the window until little of it is left', () => {
    const sheets = new Strip([1400, 1400, 1400], 12);
    expect([700, 1100, 1200].map((y) => sheets.current(y, 700))).toEqual([1, 1, 2]);
    expect(new Strip([], 12).current(0, 700)).toBe(1);
  });
  it('keeps a place when pages change size', () => {
    const place = strip.place(220);
    const larger = new Strip([200, 400, 100, 200], 10);
    expect(place).toEqual({ page: 2, part: 0.5 });
    expect(larger.y(place)).toBe(larger.top(2) + 200);
  });
  it('mounts few of very many', () => {
    const long = new Strip(Array<number>(2000).fill(1200), 16);
    for (let y = 0; y < long.total; y += 77_777) {
      const [first, last] = long.between(y - 800, y + 1600);
      expect(last - first).toBeLessThan(4);
      expect(long.top(first)).toBeLessThanOrEqual(y + 1600);
    }
  });
  it('bears an empty paper', () => {
    expect(new Strip([], 10).total).toBe(10);
    expect(new Strip([], 10).top(1)).toBe(0);
  });
});

describe('fitted', () => {
  const a4 = [595, 842] as const;
  it('fills a phone, and stays readable on a wide screen', () => {
    expect(fitted('easy', { width: 366, height: 600 }, ...a4, 1) * a4[0] * (96 / 72)).toBeCloseTo(366);
    expect(fitted('easy', { width: 1800, height: 900 }, ...a4, 1) * a4[0] * (96 / 72)).toBeCloseTo(900);
  });
  it('shows a whole page', () => {
    const zoom = fitted('page', { width: 1800, height: 900 }, ...a4, 1);
    expect(zoom * a4[1] * (96 / 72)).toBeCloseTo(900);
  });
  it('keeps a chosen zoom within bounds', () => {
    expect(fitted('free', { width: 10, height: 10 }, ...a4, 99)).toBe(5);
  });
});

describe('stepped', () => {
  it('goes up and down by the usual steps and comes to an end', () => {
    expect([stepped(1, 1), stepped(1, -1), stepped(1.13, 1), stepped(5, 1), stepped(0.25, -1)]).toEqual([
      1.1, 0.9, 1.25, 5, 0.25,
    ]);
  });
});
