import { getStroke } from 'perfect-freehand';
import type { InkBody } from '#lib/papers/annotations.ts';

/** Strokes are drawn in a coordinate system this wide; its height follows the page's shape. */
export const canvas = 1000;

const drawn = new WeakMap<InkBody, { ratio: number; path: string }>();

/** The outline of a stroke as an SVG path in `canvas` units. `ratio`: height by width of the page. */
export function strokePath(body: InkBody, ratio: number, complete = true): string {
  const known = complete ? drawn.get(body) : undefined;
  if (known?.ratio === ratio) return known.path;
  const points = body.points.map(([x, y, pressure]) => [x * canvas, y * ratio * canvas, pressure]);
  const outline = getStroke(points, {
    size: body.size * canvas,
    thinning: 0.55,
    smoothing: 0.5,
    streamline: 0.4,
    simulatePressure: body.points.every(([, , pressure]) => pressure === 0.5),
    last: complete,
  });
  const path = outlined(outline as [number, number][]);
  if (complete) drawn.set(body, { ratio, path });
  return path;
}

/** A closed path through the middles of neighbouring points, which keeps it round. */
function outlined(points: [number, number][]): string {
  const [first] = points;
  if (!first || points.length < 3) return '';
  const n = (value: number) => value.toFixed(1);
  let path = `M${n(first[0])} ${n(first[1])}Q`;
  points.forEach(([x, y], index) => {
    const [nextX, nextY] = points[(index + 1) % points.length]!;
    path += `${n(x)} ${n(y)} ${n((x + nextX) / 2)} ${n((y + nextY) / 2)} `;
  });
  return `${path}Z`;
}

/** Whether an eraser of `radius` (part of the width) at a place meets a stroke. */
export function touches(body: InkBody, x: number, y: number, ratio: number, radius: number): boolean {
  const reach = radius + body.size / 2;
  return body.points.some(([px, py], index) => {
    const [qx, qy] = body.points[index + 1] ?? [px, py];
    return distance(x, y * ratio, px, py * ratio, qx, qy * ratio) <= reach;
  });
}

function distance(x: number, y: number, ax: number, ay: number, bx: number, by: number): number {
  const [dx, dy] = [bx - ax, by - ay];
  const along = dx || dy ? ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy) : 0;
  const part = Math.min(Math.max(along, 0), 1);
  return Math.hypot(x - ax - part * dx, y - ay - part * dy);
}
