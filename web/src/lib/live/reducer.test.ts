import { describe, expect, it } from 'vitest';
import { applyChange, applySnapshot, type Store } from './reducer.ts';

class Memory implements Store {
  readonly kept = new Map<string, Map<string, unknown>>();
  writes = 0;

  of(name: string): Map<string, unknown> {
    let entities = this.kept.get(name);
    if (!entities) {
      const count = () => (this.writes += 1);
      entities = new (class extends Map<string, unknown> {
        override set(key: string, value: unknown) {
          count();
          return super.set(key, value);
        }
      })();
      this.kept.set(name, entities);
    }
    return entities;
  }

  names() {
    return this.kept.keys();
  }
}

const hall = (id: number, floor = false) => ({ id, name: `Điểm cầu ${id}`, floor });

describe('reducer', () => {
  it('puts, replaces and removes whole entities', () => {
    const store = new Memory();
    applyChange(store, { collection: 'points', key: '17', value: hall(17) });
    applyChange(store, { collection: 'points', key: '17', value: hall(17, true) });
    applyChange(store, { collection: 'points', key: '18', value: hall(18) });
    applyChange(store, { collection: 'points', key: '18', value: null });
    expect(Object.fromEntries(store.of('points'))).toEqual({ 17: hall(17, true) });
  });

  it('keeps collections it has never heard of, for features that come later', () => {
    const store = new Memory();
    applyChange(store, { collection: 'votes', key: '1', value: { id: 1 } });
    expect(store.of('votes').get('1')).toEqual({ id: 1 });
  });

  it('makes the store equal to a snapshot, forgetting what the snapshot does not have', () => {
    const store = new Memory();
    applyChange(store, { collection: 'points', key: '1', value: hall(1) });
    applyChange(store, { collection: 'old', key: 'x', value: {} });
    applySnapshot(store, { collections: { points: { 2: hall(2) }, stage: { '': { layout: 'stage' } } } });
    expect([...store.of('points').keys()]).toEqual(['2']);
    expect(store.of('old').size).toBe(0);
    expect(store.of('stage').get('')).toEqual({ layout: 'stage' });
  });

  it('touches only what differs from the snapshot', () => {
    const store = new Memory();
    for (let id = 0; id < 161; id++)
      applyChange(store, { collection: 'points', key: String(id), value: hall(id) });
    const before = store.of('points').get('5');
    store.writes = 0;
    const points = Object.fromEntries(Array.from({ length: 161 }, (_, id) => [id, hall(id, id === 7)]));
    applySnapshot(store, { collections: { points } });
    expect(store.writes).toBe(1);
    expect(store.of('points').get('5')).toBe(before);
    expect(store.of('points').get('7')).toEqual(hall(7, true));
  });
});
