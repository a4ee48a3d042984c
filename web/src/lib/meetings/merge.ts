import type { Draft } from './draft.ts';

export type Part = keyof Draft;

const parts: Part[] = [
  'kind',
  'title',
  'description',
  'unit',
  'date',
  'start',
  'endDate',
  'end',
  'mainPoint',
  'chair',
  'secretary',
  'agenda',
  'points',
];

/** Compares what would be sent; a row's key and a choice's second line are for the eye only. */
function content(value: unknown): string {
  return JSON.stringify(value, (name, inner) => (name === 'key' || name === 'detail' ? undefined : inner));
}

export function same(a: Draft, b: Draft): boolean {
  return changed(a, b).length === 0;
}

/** The parts in which two drafts differ. */
export function changed(a: Draft, b: Draft): Part[] {
  return parts.filter((part) => content(a[part]) !== content(b[part]));
}

export interface Collision {
  /** What the others changed since `base`. */
  theirs: Part[];
  /** Of these, what was changed here as well. */
  both: Part[];
}

export function collision(base: Draft, mine: Draft, theirs: Draft): Collision {
  const changedThere = changed(base, theirs);
  const changedHere = new Set(changed(base, mine));
  return { theirs: changedThere, both: changedThere.filter((part) => changedHere.has(part)) };
}

/** Their version with everything that was changed here laid over it. */
export function merged(base: Draft, mine: Draft, theirs: Draft): Draft {
  const next: Draft = structuredClone(theirs);
  for (const part of changed(base, mine)) Object.assign(next, { [part]: structuredClone(mine[part]) });
  return next;
}
