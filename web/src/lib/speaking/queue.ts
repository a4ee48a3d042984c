import type { LiveRoom } from '#lib/live/room.svelte.ts';
import type { PointEntity, RequestEntity, TurnEntity } from '#lib/live/types.ts';

/** Who waits, the next to be called first. */
export function waiting(room: LiveRoom): RequestEntity[] {
  const order = room.queue?.order ?? [];
  const place = new Map(order.map((id, at) => [id, at]));
  return [...room.requests.values()]
    .filter(({ id }) => place.has(id))
    .sort((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0));
}

/** A request's place, 1 for the next; undefined when it waits no more. */
export function placeOf(room: LiveRoom, id: number): number | undefined {
  const at = room.queue?.order.indexOf(id) ?? -1;
  return at < 0 ? undefined : at + 1;
}

/** Who speaks at a point, by the clock. */
export const turnOf = (room: LiveRoom, point: number | undefined): TurnEntity | undefined =>
  room.turns.find(({ point_id }) => point_id === point);

/** A hall that hears when it is called. */
export const isHere = (point: PointEntity | undefined): boolean =>
  point?.presence === 'ready' || point?.presence === 'testing';

/** The order of ids after one of them moved by so many places. */
export function movedBefore(order: readonly number[], id: number, by: -1 | 1): number | null | undefined {
  const at = order.indexOf(id);
  if (at < 0 || (by < 0 && at === 0) || (by > 0 && at === order.length - 1)) return undefined;
  return by < 0 ? (order[at - 1] ?? null) : (order[at + 2] ?? null);
}
