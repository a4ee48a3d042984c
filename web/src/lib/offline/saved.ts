import type { TextLine, VersionHead } from '#lib/papers/types.ts';
import { pagesOf, type Database, type SavedVersion } from './database.ts';

/** Reads and writes of saved papers; each takes the store, or undefined where the browser has none. */
type Store = Database | undefined;

export async function readHead(db: Store, version: number): Promise<VersionHead | undefined> {
  return (await db?.get('versions', version))?.head;
}

export async function readTexts(
  db: Store,
  version: number,
  first: number,
  last: number,
): Promise<Map<number, TextLine[]>> {
  const found = new Map<number, TextLine[]>();
  if (!db) return found;
  const range = IDBKeyRange.bound([version, first], [version, last]);
  const tx = db.transaction('texts');
  const [keys, values] = await Promise.all([tx.store.getAllKeys(range), tx.store.getAll(range)]);
  keys.forEach(([, page], index) => found.set(page, values[index] ?? []));
  return found;
}

export async function readPicture(
  db: Store,
  version: number,
  page: number,
): Promise<ArrayBuffer | undefined> {
  return db?.get('pictures', [version, page]);
}

/** The pages of a version whose pictures are here. */
export async function savedPages(db: Database, version: number): Promise<Set<number>> {
  const keys = await db.getAllKeys('pictures', pagesOf(version));
  return new Set(keys.map(([, page]) => page));
}

/** Puts a page's picture in, once; undefined if the version was dropped meanwhile. */
export async function putPicture(
  db: Database,
  version: number,
  page: number,
  picture: ArrayBuffer,
): Promise<SavedVersion | undefined> {
  const tx = db.transaction(['versions', 'pictures'], 'readwrite');
  const saved = await tx.objectStore('versions').get(version);
  const pictures = tx.objectStore('pictures');
  // Another window of this browser may have saved it just now.
  if (saved && (await pictures.getKey([version, page])) === undefined) {
    saved.pictures_saved += 1;
    saved.bytes += picture.byteLength;
    await pictures.put(picture, [version, page]);
    await tx.objectStore('versions').put(saved);
  }
  await tx.done;
  return saved;
}

export async function putTexts(db: Database, version: number, texts: Map<number, TextLine[]>): Promise<void> {
  const tx = db.transaction(['versions', 'texts'], 'readwrite');
  if (await tx.objectStore('versions').get(version))
    for (const [page, lines] of texts) await tx.objectStore('texts').put(lines, [version, page]);
  await tx.done;
}

/** Changes the record of a version, if it is still there. */
export async function mark(
  db: Database,
  version: number,
  change: Partial<SavedVersion>,
): Promise<SavedVersion | undefined> {
  const tx = db.transaction('versions', 'readwrite');
  const saved = await tx.store.get(version);
  if (saved) await tx.store.put(Object.assign(saved, change));
  await tx.done;
  return saved;
}

/** Takes a version off this device: its head, text and pictures, in one step. */
export async function dropVersion(db: Database, version: number): Promise<void> {
  const tx = db.transaction(['versions', 'texts', 'pictures'], 'readwrite');
  await Promise.all([
    tx.objectStore('versions').delete(version),
    tx.objectStore('texts').delete(pagesOf(version)),
    tx.objectStore('pictures').delete(pagesOf(version)),
    tx.done,
  ]);
}

/**
 * A paper that may no longer be read: all its versions go, the place in it, and what was marked in it. A note or stroke
 * that the server does not have yet stays until it has; a highlight quotes the paper and goes.
 */
export async function dropPaper(db: Database, paper: number): Promise<void> {
  const versions = await db.getAllKeysFromIndex('versions', 'paper', paper);
  for (const version of versions) await dropVersion(db, version);
  const tx = db.transaction(['places', 'notes'], 'readwrite');
  await tx.objectStore('places').delete(paper);
  for (const note of await tx.objectStore('notes').index('paper').getAll(paper))
    if (note.edits === 0 || note.kind === 'highlight') await tx.objectStore('notes').delete(note.id);
  await tx.done;
}
