import { fetchHead, fetchPicture, fetchTexts } from '#lib/papers/calls.ts';
import type { Database, SavedVersion } from './database.ts';
import type { Wish } from './planner.ts';
import { mark, putPicture, putTexts, savedPages } from './saved.ts';

/** There is no more room on this device. */
export class DeviceFull extends Error {
  override name = 'DeviceFull';
}

/** The version was taken off the device while it was being saved. */
export class Dropped extends Error {
  override name = 'Dropped';
}

const textsAtOnce = 20;
const picturesAtOnce = 3;

/**
 * Saves a version: its head, its words, its pictures; what is there already is not asked for again. `progress` hears after
 * each page. Rejects with DeviceFull, Dropped, or what the server said.
 */
export async function saveVersion(
  db: Database,
  wish: Wish & { pinned?: boolean },
  progress: (saved: SavedVersion) => void,
  signal: AbortSignal,
): Promise<SavedVersion> {
  try {
    return await save(db, wish, progress, signal);
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'QuotaExceededError') throw new DeviceFull();
    throw thrown;
  }
}

async function save(
  db: Database,
  wish: Wish & { pinned?: boolean },
  progress: (saved: SavedVersion) => void,
  signal: AbortSignal,
): Promise<SavedVersion> {
  const id = wish.version_id;
  const head = await fetchHead(id, signal);
  const before = await db.get('versions', id);
  const pages = await savedPages(db, id);
  let record: SavedVersion = {
    version_id: id,
    paper_id: wish.paper_id,
    meeting_id: wish.meeting_id,
    head,
    pinned: wish.pinned ?? before?.pinned ?? false,
    text_saved: before?.text_saved ?? false,
    pictures_saved: pages.size,
    bytes: before?.bytes ?? 0,
    complete_at: before?.complete_at ?? 0,
  };
  await db.put('versions', record);
  progress(record);
  const count = head.pages.length;

  if (!record.text_saved) {
    for (let first = 1; first <= count; first += textsAtOnce)
      await putTexts(db, id, await fetchTexts(id, first, Math.min(first + textsAtOnce - 1, count), signal));
    record = present(await mark(db, id, { text_saved: true }));
  }

  const missing = Array.from({ length: count }, (_, index) => index + 1).filter((page) => !pages.has(page));
  const fetchNext = async () => {
    for (let page = missing.shift(); page !== undefined; page = missing.shift()) {
      record = present(await putPicture(db, id, page, await fetchPicture(id, page, signal)));
      progress(record);
    }
  };
  try {
    await Promise.all(Array.from({ length: picturesAtOnce }, fetchNext));
  } catch (thrown) {
    missing.length = 0; // the others stop after the page they are at
    throw thrown;
  }
  record = present(await mark(db, id, { complete_at: Date.now() }));
  progress(record);
  return record;
}

function present(record: SavedVersion | undefined): SavedVersion {
  if (!record) throw new Dropped();
  return record;
}
