import { ApiError } from './errors.ts';

/** Compares what would be sent; a row's key and a choice's second line are for the eye only. */
function content(value: unknown): string {
  return JSON.stringify(value, (name, inner) => (name === 'key' || name === 'detail' ? undefined : inner));
}

/** The parts in which two drafts differ. */
export function changed<Draft extends object>(a: Draft, b: Draft): (keyof Draft)[] {
  return (Object.keys(a) as (keyof Draft)[]).filter((part) => content(a[part]) !== content(b[part]));
}

export function same<Draft extends object>(a: Draft, b: Draft): boolean {
  return changed(a, b).length === 0;
}

export interface Collision<Part> {
  /** What the others changed since `base`. */
  theirs: Part[];
  /** Of these, what was changed here as well. */
  both: Part[];
}

export function collision<Draft extends object>(
  base: Draft,
  mine: Draft,
  theirs: Draft,
): Collision<keyof Draft> {
  const changedThere = changed(base, theirs);
  const changedHere = new Set(changed(base, mine));
  return { theirs: changedThere, both: changedThere.filter((part) => changedHere.has(part)) };
}

/** Their version with everything that was changed here laid over it. */
export function merged<Draft extends object>(base: Draft, mine: Draft, theirs: Draft): Draft {
  const next: Draft = structuredClone(theirs);
  for (const part of changed(base, mine)) next[part] = structuredClone(mine[part]);
  return next;
}

/** What somebody else has saved since the editor was filled. */
export interface Newer<State> {
  revision: number;
  /** Null: it is gone. */
  current: State;
  /** Who saved it, and when; may be empty. */
  who: string;
  at: string;
}

/** Read out of the refusal of an edit; undefined for any other refusal. */
export function newerState<State>(thrown: unknown): Newer<State> | undefined {
  if (!(thrown instanceof ApiError) || thrown.code !== 'edited-meanwhile') return undefined;
  const { revision, current } = thrown.details;
  return {
    revision: Number(revision),
    current: current as State,
    ...savedBy(thrown),
  };
}

/** Who saved what an edit was refused for, and when: as far as the server knows. */
export function savedBy({ details }: ApiError): { who: string; at: string } {
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return { who: text(details.changed_by), at: text(details.changed_at) };
}
