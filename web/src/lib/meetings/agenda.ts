/** Times of an agenda, computed from the meeting's start and the items' minutes. */

export interface Timed {
  begins: Date;
  ends: Date;
}

/** When each item begins and ends if all keep to their minutes. Minutes that are not a number count as none. */
export function timetable(start: Date, items: readonly { minutes: number }[]): Timed[] {
  let at = start.getTime();
  return items.map(({ minutes }) => {
    const begins = new Date(at);
    at += Math.max(0, Number.isFinite(minutes) ? minutes : 0) * 60_000;
    return { begins, ends: new Date(at) };
  });
}

export function totalMinutes(items: readonly { minutes: number }[]): number {
  return items.reduce((sum, { minutes }) => sum + Math.max(0, Number.isFinite(minutes) ? minutes : 0), 0);
}

/** A copy of the list with one item moved; indices outside the list change nothing. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const next = [...list];
  if (from < 0 || from >= list.length || to < 0 || to >= list.length) return next;
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}
