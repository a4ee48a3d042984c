import type { Change, Snapshot } from './types.ts';

/** Where entities are kept: one map for each collection, made on first use by `of`. */
export interface Store {
  of(collection: string): Map<string, unknown>;
  names(): Iterable<string>;
}

/** Applies one change of an event: the three lines that serve every collection. */
export function applyChange(store: Store, change: Change): void {
  const entities = store.of(change.collection);
  if (change.value === null) entities.delete(change.key);
  else entities.set(change.key, change.value);
}

/**
 * Makes the store equal to the snapshot, touching only what differs: after a short cut almost
 * nothing does, and a wall of 161 points must not be drawn anew for it.
 */
export function applySnapshot(store: Store, snapshot: Pick<Snapshot, 'collections'>): void {
  for (const name of new Set([...store.names(), ...Object.keys(snapshot.collections)])) {
    const entities = store.of(name);
    const wanted = snapshot.collections[name] ?? {};
    for (const key of [...entities.keys()]) if (!(key in wanted)) entities.delete(key);
    for (const [key, value] of Object.entries(wanted)) {
      if (JSON.stringify(entities.get(key)) !== JSON.stringify(value)) entities.set(key, value);
    }
  }
}
