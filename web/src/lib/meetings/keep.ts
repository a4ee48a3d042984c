import { ownKey } from '#lib/belongings.ts';
import { completed, type Draft } from './draft.ts';

/** What was typed and not yet saved, kept in this browser so that a reload or a power cut loses nothing. */
export interface Kept {
  /** The meeting's version that the typing began from; 0 for a new meeting. */
  version: number;
  at: string;
  base: Draft;
  draft: Draft;
}

const format = 2;
const keyOf = (meeting: number | 'new') => ownKey(`meeting-draft.${format}.${meeting}`);

export function keep(meeting: number | 'new', kept: Kept, storage: Storage = localStorage): void {
  try {
    storage.setItem(keyOf(meeting), JSON.stringify(kept));
  } catch {
    // Full or forbidden: the guard against leaving still stands.
  }
}

/** What was kept, or null; what cannot be read is thrown away. */
export function kept(meeting: number | 'new', storage: Storage = localStorage): Kept | null {
  try {
    const text = storage.getItem(keyOf(meeting));
    if (!text) return null;
    const found = JSON.parse(text) as Partial<Kept>;
    if (typeof found.version === 'number' && found.at && found.draft && found.base)
      return { ...(found as Kept), base: completed(found.base), draft: completed(found.draft) };
  } catch {
    // Falls through to throwing it away.
  }
  drop(meeting, storage);
  return null;
}

export function drop(meeting: number | 'new', storage: Storage = localStorage): void {
  try {
    storage.removeItem(keyOf(meeting));
  } catch {
    // Nothing was kept there either.
  }
}
