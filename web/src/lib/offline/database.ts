import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { Annotation } from '#lib/papers/annotations.ts';
import type { TextLine, VersionHead } from '#lib/papers/types.ts';

/** A version whose pages lie, or will lie, on this device. */
export interface SavedVersion {
  version_id: number;
  paper_id: number;
  meeting_id: number;
  head: VersionHead;
  /** Asked for by hand: it stays when the meeting is over. */
  pinned: boolean;
  text_saved: boolean;
  pictures_saved: number;
  bytes: number;
  /** ms since 1970; 0 while pages are missing. */
  complete_at: number;
}

export interface KeptAnswer {
  key: string;
  meeting_id: number | null;
  value: unknown;
  at: number;
}

export interface KeptPlace {
  paper_id: number;
  version_id: number;
  page: number;
  at: number;
}

/** What was read while nobody could be told. */
export interface ReceiptEntry {
  version_id: number;
  delivered?: boolean;
  pages?: number[];
  last_page?: number;
  seconds?: number;
  at: string;
}

export interface Schema extends DBSchema {
  facts: { key: string; value: unknown };
  answers: { key: string; value: KeptAnswer; indexes: { meeting: number } };
  versions: { key: number; value: SavedVersion; indexes: { paper: number; meeting: number } };
  texts: { key: [version: number, page: number]; value: TextLine[] };
  pictures: { key: [version: number, page: number]; value: ArrayBuffer };
  places: { key: number; value: KeptPlace };
  notes: { key: string; value: Annotation; indexes: { paper: number } };
  receipts: { key: number; value: ReceiptEntry };
}

export type Database = IDBPDatabase<Schema>;
export const everything = [
  'facts',
  'answers',
  'versions',
  'texts',
  'pictures',
  'places',
  'notes',
  'receipts',
] as const;

const name = 'nhipcau';

/**
 * Opens the store of this browser. Rejects where the browser keeps nothing: some say so in the answer (private windows),
 * others throw at the question (storage closed by a setting).
 */
export async function openDatabase(): Promise<Database> {
  return await openDB<Schema>(name, 1, {
    upgrade(db) {
      db.createObjectStore('facts');
      db.createObjectStore('answers', { keyPath: 'key' }).createIndex('meeting', 'meeting_id');
      const versions = db.createObjectStore('versions', { keyPath: 'version_id' });
      versions.createIndex('paper', 'paper_id');
      versions.createIndex('meeting', 'meeting_id');
      db.createObjectStore('texts');
      db.createObjectStore('pictures');
      db.createObjectStore('places', { keyPath: 'paper_id' });
      db.createObjectStore('notes', { keyPath: 'id' }).createIndex('paper', 'paper_id');
      db.createObjectStore('receipts', { autoIncrement: true });
    },
    // A newer app in another window wants to rebuild the store: do not stand in its way.
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
  });
}

/** All pages of one version, as a key range. */
export function pagesOf(version: number): IDBKeyRange {
  return IDBKeyRange.bound([version, 0], [version, Number.MAX_SAFE_INTEGER]);
}

export async function clearDatabase(db: Database): Promise<void> {
  const tx = db.transaction(everything, 'readwrite');
  await Promise.all([...everything.map((store) => tx.objectStore(store).clear()), tx.done]);
}

export function removeDatabase(): Promise<void> {
  return deleteDB(name);
}
