import type { BoardPoint } from '#lib/readiness/types.ts';

/** Looked at and found good or not, since it was last mended. */
export const isDone = (point: BoardPoint): boolean =>
  point.verdict === 'passed' || (point.verdict === 'failed' && point.state === 'trouble');

const isIn = (point: BoardPoint) => point.presence === 'testing' || point.presence === 'ready';

/** Who is next after `from`, around the list: of those in the room, the first that nobody has looked at. */
export function nextOf(points: readonly BoardPoint[], from: number | undefined): number | undefined {
  const at = points.findIndex(({ point_id }) => point_id === from);
  const ring = [...points.slice(at + 1), ...points.slice(0, Math.max(0, at + 1))];
  return ring.find((point) => isIn(point) && !isDone(point) && point.point_id !== from)?.point_id;
}
