/** Pages one below the other: where each begins, and which are in view. Pure; heights and places are in CSS pixels. */
export class Strip {
  readonly total: number;
  readonly #tops: Float64Array;
  readonly #heights: readonly number[];

  /** `gap`: above the first, between, and below the last. */
  constructor(heights: readonly number[], gap: number) {
    this.#heights = heights;
    this.#tops = new Float64Array(heights.length);
    let top = gap;
    heights.forEach((height, index) => {
      this.#tops[index] = top;
      top += height + gap;
    });
    this.total = top;
  }

  /** Of a page, from 1. */
  top(page: number): number {
    return this.#tops[this.#bounded(page) - 1] ?? 0;
  }

  height(page: number): number {
    return this.#heights[this.#bounded(page) - 1] ?? 0;
  }

  /** The page at a height: the last one that begins above it. */
  at(y: number): number {
    let [low, high] = [0, this.#tops.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#tops[middle]! <= y) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  /** The first and last page that show between two heights. */
  between(top: number, bottom: number): [first: number, last: number] {
    let first = this.at(top);
    if (this.top(first) + this.height(first) < top && first < this.#tops.length) first += 1;
    return [first, Math.max(this.at(bottom), first)];
  }

  /**
   * The page being read in a window: the first of which half is in view or which reaches well into it, so that a page
   * brought to the top is the page one is on, however many fit below. At the very end it is the last.
   */
  current(top: number, height: number): number {
    if (top > 0 && top + height >= this.total - 1) return this.#tops.length;
    const first = this.at(top);
    const [middle, bottom] = [0.5, 1].map((part) => this.y({ page: first, part })) as [number, number];
    return middle >= top || bottom >= top + height * 0.4 ? first : this.#bounded(first + 1);
  }

  /** A place as page and part of that page, which stays true when the pages change size. */
  place(y: number): { page: number; part: number } {
    const page = this.at(y);
    const height = this.height(page) || 1;
    return { page, part: (y - this.top(page)) / height };
  }

  /** The height of such a place. */
  y({ page, part }: { page: number; part: number }): number {
    return this.top(page) + part * this.height(page);
  }

  #bounded(page: number): number {
    return Math.min(Math.max(page, 1), this.#tops.length);
  }
}

/** How a page is made to fit: `easy` is as wide as reads well, at most the window. */
export type Fit = 'easy' | 'width' | 'page' | 'free';

export interface Space {
  width: number;
  height: number;
}

/** CSS pixels for a point (1/72 inch) at 100 %. */
export const pixelsAPoint = 96 / 72;
const easyWidth = 900;
export const smallest = 0.25;
export const largest = 5;

/** The zoom at which pages of this size (points) fit. `widest`: of all pages, so that none is cut. */
export function fitted(fit: Fit, space: Space, widest: number, tallest: number, free: number): number {
  if (fit === 'free') return clamped(free);
  const width = widest * pixelsAPoint;
  const byWidth = space.width / width;
  if (fit === 'width') return clamped(byWidth);
  if (fit === 'page') return clamped(Math.min(byWidth, space.height / (tallest * pixelsAPoint)));
  return clamped(Math.min(byWidth, Math.max(easyWidth / width, 1)));
}

export function clamped(zoom: number): number {
  return Math.min(Math.max(zoom, smallest), largest);
}

/** The next of the usual steps up or down. */
export function stepped(zoom: number, direction: 1 | -1): number {
  const steps = [0.25, 0.33, 0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 5];
  const next =
    direction > 0
      ? steps.find((step) => step > zoom * 1.02)
      : steps.filter((step) => step < zoom * 0.98).at(-1);
  return next ?? (direction > 0 ? largest : smallest);
}
