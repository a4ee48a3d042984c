import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AgendaItemEntity } from '#lib/live/types.ts';
import type { Meeting } from '#lib/api/types.ts';
import type { Box, Paper } from '#lib/papers/types.ts';
import { groupsOf, isPresentable } from './choices.ts';
import { stepOf } from './keys.ts';
import { Pointer, type Spot } from './pointer.ts';
import { deskView, nearestSpot, regionBetween, spotAt, upperHalf, wholePage } from './region.ts';
import { successors } from './successors.ts';
import { Turner } from './turner.ts';

/** A line on which answers come when the test lets them. */
function turning() {
  const sent: number[] = [];
  const waiting: ((done: boolean) => void)[] = [];
  const turner = new Turner((page) => {
    sent.push(page);
    return new Promise((resolve) => waiting.push(resolve));
  });
  const answer = async (done = true) => {
    waiting.shift()!(done);
    await Promise.resolve();
    await Promise.resolve();
  };
  return { sent, turner, answer };
}

describe("the presenter's own window", () => {
  const upright = Math.SQRT2;
  it('shows the whole of a page where width decides: on a phone held upright', () => {
    expect(deskView(upperHalf, upright, 374, 595)).toEqual(wholePage);
    expect(deskView(upperHalf, upright, 374, 440)).toEqual(wholePage);
  });
  it('shows what halls see where the whole would be small: held across, on a desk, a part chosen by hand', () => {
    expect(deskView(upperHalf, upright, 620, 317)).toEqual(upperHalf);
    expect(deskView(upperHalf, upright, 735, 349)).toEqual(upperHalf);
    const chosen: Box = [0.1, 0.2, 0.4, 0.2];
    expect(deskView(chosen, upright, 374, 595)).toEqual(chosen);
    expect(deskView(upperHalf, upright, 0, 0)).toEqual(upperHalf);
  });
});

describe('turning pages', () => {
  it('makes one turn of what is pressed while another is under way', async () => {
    const { sent, turner, answer } = turning();
    turner.seen(1);
    for (let press = 0; press < 5; press++) turner.by(1, 12);
    expect(sent).toEqual([2]);
    turner.seen(2);
    await answer();
    expect(sent).toEqual([2, 6]);
    await answer();
    expect(sent).toEqual([2, 6]);
  });

  it('goes on from the page asked for, though its event comes after the answer', async () => {
    const { sent, turner, answer } = turning();
    turner.seen(3);
    turner.by(1, 12);
    await answer();
    turner.by(1, 12);
    expect(sent).toEqual([4, 5]);
  });

  it('stays within the paper, and asks for nothing where there is nothing to turn', () => {
    const { sent, turner } = turning();
    turner.by(1, 12);
    turner.seen(12);
    turner.by(1, 12);
    turner.to(12, 12);
    expect(sent).toEqual([]);
    turner.to(99, 12);
    expect(sent).toEqual([]);
    turner.to(-4, 12);
    expect(sent).toEqual([1]);
  });

  it('forgets where it was heading when it was refused', async () => {
    const { sent, turner, answer } = turning();
    turner.seen(5);
    turner.by(1, 12);
    turner.by(1, 12);
    await answer(false);
    turner.by(-1, 12);
    expect(sent).toEqual([6, 4]);
  });
});

describe('pointer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('sends at once, then the newest fifteen times a second, and the end', () => {
    const sent: (Spot | null)[] = [];
    const pointer = new Pointer((spot) => sent.push(spot));
    for (let step = 0; step <= 100; step++) {
      pointer.move({ x: step / 100, y: 0.5 });
      vi.advanceTimersByTime(10);
    }
    expect(sent.length).toBeGreaterThan(13);
    expect(sent.length).toBeLessThan(18);
    pointer.lift();
    expect(sent.at(-1)).toBeNull();
    vi.advanceTimersByTime(1000);
    expect(sent.filter((spot) => spot === null)).toHaveLength(1);
  });

  it('says nothing of an end where nothing was pointed at', () => {
    const send = vi.fn();
    new Pointer(send).lift();
    expect(send).not.toHaveBeenCalled();
  });
});

describe('regions', () => {
  const frame = { left: 100, top: 50, width: 200, height: 400 };
  const lower: Box = [0.2, 0.5, 0.5, 0.5];

  it('finds the spot of the page under the hand, also in an enlarged part', () => {
    expect(spotAt(frame, wholePage, 200, 250)).toEqual({ x: 0.5, y: 0.5 });
    expect(spotAt(frame, lower, 200, 450)).toEqual({ x: 0.45, y: 1 });
    expect(spotAt(frame, wholePage, 99, 250)).toBeUndefined();
    expect(nearestSpot(frame, lower, 1000, 0)).toEqual({ x: 0.7, y: 0.5 });
  });

  it('takes a frame drawn in any direction, and no slip of the finger', () => {
    expect(regionBetween({ x: 0.9, y: 0.7 }, { x: 0.4, y: 0.2 })).toEqual([0.4, 0.2, 0.5, 0.5]);
    expect(regionBetween({ x: 0.4, y: 0.2 }, { x: 0.42, y: 0.9 })).toBeUndefined();
    const [x, y, width, height] = regionBetween({ x: 0.33333, y: 0.66666 }, { x: 1, y: 1 })!;
    expect(x + width).toBeLessThanOrEqual(1);
    expect(y + height).toBeLessThanOrEqual(1);
  });
});

describe('keys', () => {
  const step = (key: string, more: object = {}) => stepOf({ key, target: null, ...more } as KeyboardEvent);

  it('turns by arrows and clickers, not by typing', () => {
    expect(['ArrowRight', 'PageDown', 'ArrowLeft', 'PageUp'].map((key) => step(key))).toEqual([1, 1, -1, -1]);
    expect(step('Home')).toBe('first');
    expect(step('a')).toBeUndefined();
    expect(step('ArrowRight', { altKey: true })).toBeUndefined();
    expect(step('PageDown', { target: { closest: () => ({}) } })).toBeUndefined();
  });
});

describe('choosing', () => {
  const item = (id: number, state: AgendaItemEntity['state'] = 'waiting') =>
    ({ id, position: id, title: `Nội dung ${id}`, state }) as AgendaItemEntity;
  const paper = (id: number, item_id: number | null, change: Partial<Paper> = {}) =>
    ({
      id,
      item_id,
      title: `Báo cáo ${id}`,
      number: '',
      state: 'ready',
      version: { id: id * 10 },
      my: { read: true, download: false, manage: false },
      ...change,
    }) as Paper;
  const agenda = [item(1, 'done'), item(2, 'current'), item(3)];
  const papers = [
    paper(1, null),
    paper(2, 1),
    paper(3, 2, { number: '12-BC/TU', title: 'Tờ trình' }),
    paper(4, 1, { state: 'recalled' }),
    paper(5, 99),
  ];
  const shape = (query = '') =>
    groupsOf(papers, agenda, query).map(({ number, papers }) => [number, papers.map(({ id }) => id)]);

  it('puts the item in hand first and the meeting’s own papers last, without what was recalled', () => {
    expect(shape()).toEqual([
      [2, [3]],
      [1, [2]],
      [0, [1, 5]],
    ]);
  });

  it('leaves out what the live channel says was recalled, before the library is asked for anew', () => {
    const ids = groupsOf(papers, agenda, '', [3, 5]).flatMap(({ papers }) => papers.map(({ id }) => id));
    expect(ids).toEqual([2, 1]);
  });

  it('finds by name without diacritics, and by number', () => {
    expect(shape('to trinh')).toEqual([[2, [3]]]);
    expect(shape('12-bc')).toEqual([[2, [3]]]);
    expect(shape('nghị quyết')).toEqual([]);
  });

  it('offers what has pages and may be read', () => {
    expect(isPresentable(paper(1, null))).toBe(true);
    expect(isPresentable(paper(1, null, { version: null }))).toBe(false);
    expect(isPresentable(paper(1, null, { my: { read: false, download: false, manage: false } }))).toBe(
      false,
    );
  });

  it('hands over to whoever has a part in the meeting, each named once', () => {
    const meeting = {
      chair_id: 7,
      chair_name: 'Thành',
      secretary_id: null,
      secretary_name: '',
      agenda: [
        { presenter_id: 7, presenter_name: 'Thành' },
        { presenter_id: 8, presenter_name: 'Hà' },
        { presenter_id: null, presenter_name: '' },
        { presenter_id: 9, presenter_name: 'Dũng' },
      ],
    } as Meeting;
    expect(successors(meeting, 8).map(({ id }) => id)).toEqual([7, 9]);
  });
});
