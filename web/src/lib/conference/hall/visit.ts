const KEY = 'nhipcau.hall';
/** A conference lasts a day at most; an older visit is not taken up again by itself. */
const LIFE = 14 * 3_600_000;

interface Visit {
  meeting: number;
  point: number;
  at: number;
}

/** Notes that this machine is inside as that hall, so that it goes back in by itself after a reload or a power cut. */
export function noteVisit(
  meeting: number,
  point: number,
  storage: Pick<Storage, 'setItem'> = localStorage,
): void {
  try {
    storage.setItem(KEY, JSON.stringify({ meeting, point, at: Date.now() } satisfies Visit));
  } catch {
    // Without storage a reload asks for the button again.
  }
}

/** The hall this machine was in and has not left. */
export function lastVisit(
  storage: Pick<Storage, 'getItem'> = localStorage,
  now = Date.now(),
): Visit | undefined {
  try {
    const visit = JSON.parse(storage.getItem(KEY) ?? 'null') as Visit | null;
    return visit && now - visit.at < LIFE ? visit : undefined;
  } catch {
    return undefined;
  }
}

/** The technician left on purpose. */
export function endVisit(storage: Pick<Storage, 'removeItem'> = localStorage): void {
  try {
    storage.removeItem(KEY);
  } catch {
    // Nothing was kept then either.
  }
}
