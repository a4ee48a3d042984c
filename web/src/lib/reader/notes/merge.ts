import type { Annotation, RemoteAnnotation } from '#lib/papers/annotations.ts';

/** One change as it is told to the server: `base` is the revision it was made from. */
export interface Change {
  id: string;
  base: number;
  paper_id: number;
  version_id: number;
  page: number;
  kind: Annotation['kind'];
  body: Annotation['body'];
  written_at: string;
}

export interface SyncAnswer {
  /** The `since` of the next exchange. */
  seq: number;
  /** There is more: ask again at once. */
  more: boolean;
  /** Which notes this sign-in reaches; another one: begin again from 0. */
  scope: string;
  /** What came after `since`, and the notes that were sent, as they are now. */
  changes: RemoteAnnotation[];
  /** Another device had written first: this device's text is a second note. */
  kept: { id: string; kept_as: string }[];
  refused: { id: string; code: string; vi: string; en: string }[];
}

/** What was sent: the change, and how often the note had been edited by then. */
export interface Sent {
  change: Change;
  edits: number;
}

export interface Merged {
  put: Annotation[];
  remove: string[];
}

/** Changes a request. */
export const most = 500;

/** What the server has not heard of yet, oldest first. */
export function outgoing(notes: Iterable<Annotation>, limit = most): Sent[] {
  return [...notes]
    .filter((note) => note.edits > 0 && !note.refused)
    .sort((a, b) => a.written_at.localeCompare(b.written_at))
    .slice(0, limit)
    .map((note) => ({
      edits: note.edits,
      change: {
        id: note.id,
        base: note.revision,
        paper_id: note.paper_id,
        version_id: note.version_id,
        page: note.page,
        kind: note.kind,
        body: note.body,
        written_at: note.written_at,
      },
    }));
}

/**
 * What an answer changes here. Nothing written on this device is lost: what was edited while the request was under way stays,
 * and is sent again from a base that lets the server see whether another device wrote meanwhile.
 */
export function merge(local: ReadonlyMap<string, Annotation>, sent: Sent[], answer: SyncAnswer): Merged {
  const merged: Merged = { put: [], remove: [] };
  const asked = new Map(sent.map((one) => [one.change.id, one]));
  for (const remote of answer.changes) {
    const here = local.get(remote.id);
    const mine = asked.get(remote.id);
    if (here && here.edits > 0 && here.edits !== mine?.edits) {
      if (mine && same(mine.change.body, remote.body))
        merged.put.push({ ...here, revision: remote.revision, edits: here.edits - mine.edits });
      continue;
    }
    if (remote.body === null) {
      if (here) merged.remove.push(remote.id);
    } else merged.put.push(settled(remote));
  }
  for (const { id, vi, en } of answer.refused) {
    const here = local.get(id);
    if (!here) continue;
    if (here.body === null) merged.remove.push(id);
    else if (here.edits === asked.get(id)?.edits) merged.put.push({ ...here, refused: { vi, en } });
  }
  return merged;
}

function settled({ id, paper_id, version_id, page, kind, body, written_at, revision }: RemoteAnnotation) {
  return { id, paper_id, version_id, page, kind, body, written_at, revision, edits: 0 } as Annotation;
}

/** Equal as JSON, whatever the order of the keys (a database may change it). */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => same(left[key], right[key]));
}
