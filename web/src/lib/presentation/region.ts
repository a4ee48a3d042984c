import type { Box } from '#lib/papers/types.ts';
import type { Spot } from './pointer.ts';

/** Where a page, or a part of it, stands in the window; CSS pixels. */
export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}

export const wholePage: Box = [0, 0, 1, 1];
export const upperHalf: Box = [0, 0, 1, 0.52];
/** The halves share a little, so that no line is cut in both. */
export const lowerHalf: Box = [0, 0.48, 1, 0.52];

/**
 * What screens of a room show of a page whose height is `ratio` times its width: an upright one begins with its upper
 * half, twice as large, until the presenter shows another part or, in words, the whole.
 */
export function roomRegion(region: Box | null, ratio: number): Box | null {
  return region ?? (ratio > 1 ? upperHalf : null);
}

/**
 * What a presenter's own window of `width` by `height` shows while halls see `region`: the whole page where it stands
 * there nearly as large, as on a phone held upright, whose width alone decides.
 */
export function deskView(region: Box, ratio: number, width: number, height: number): Box {
  const scale = ([, , across, down]: Box) => Math.min(width / across, height / (down * ratio));
  return width > 0 && scale(wholePage) >= 0.8 * scale(region) ? wholePage : region;
}

export const isWithin = ({ x, y }: Spot, [left, top, width, height]: Box): boolean =>
  x >= left && x <= left + width && y >= top && y <= top + height;

/** So small a part (of the page) was a slip of the finger. */
const least = 0.06;

/** The spot of the page under a point of the window, while `frame` shows `region`. Undefined outside. */
export function spotAt(frame: Frame, region: Box, x: number, y: number): Spot | undefined {
  const [across, down] = [(x - frame.left) / frame.width, (y - frame.top) / frame.height];
  if (!(across >= 0 && across <= 1 && down >= 0 && down <= 1)) return undefined;
  return { x: region[0] + across * region[2], y: region[1] + down * region[3] };
}

/** The same, held at the frame's edge. */
export function nearestSpot(frame: Frame, region: Box, x: number, y: number): Spot {
  const within = (value: number, from: number, size: number) => Math.min(Math.max(value, from), from + size);
  return spotAt(
    frame,
    region,
    within(x, frame.left, frame.width),
    within(y, frame.top, frame.height),
  ) as Spot;
}

/** The part of the page between two spots; undefined where it is too small to be meant. */
export function regionBetween(a: Spot, b: Spot): Box | undefined {
  const [width, height] = [Math.abs(a.x - b.x), Math.abs(a.y - b.y)];
  if (width < least || height < least) return undefined;
  const round = (value: number) => Math.round(value * 10_000) / 10_000;
  const [x, y] = [round(Math.min(a.x, b.x)), round(Math.min(a.y, b.y))];
  return [x, y, Math.min(round(width), 1 - x), Math.min(round(height), 1 - y)];
}

export function sameRegion(a: Box | null, b: Box | null): boolean {
  return a === b || (a !== null && b !== null && a.every((part, index) => part === b[index]));
}
