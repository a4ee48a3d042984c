import { fits } from '#lib/text/fold.ts';
import type { Checks, HallPerson, PointPeople, Standing } from './types.ts';

/** Entries that wait to be sent: rules apart from the sending. */

const states: Record<Checks['kind'], Standing> = {
  in: 'present',
  out: 'left',
  leave: 'leave',
  'leave-withdrawn': 'expected',
};

/** The list as it will be once everything that waits is stored. */
export function applied(
  people: readonly HallPerson[],
  waiting: readonly Checks[],
  now: string,
): HallPerson[] {
  if (waiting.length === 0) return [...people];
  const last = new Map<number, Checks>();
  for (const checks of waiting) for (const id of checks.delegate_ids) last.set(id, checks);
  return people.map((person) => {
    const checks = last.get(person.delegate_id);
    if (!checks) return person;
    const taken = checks.kind === 'out' && checks.how === 'by-hand';
    return {
      ...person,
      state: taken ? 'expected' : states[checks.kind],
      at: now,
      how: checks.how,
      reason: checks.reason ?? '',
      elsewhere: null,
    };
  });
}

/**
 * Adds to what waits. Taking back what has not been sent removes it; neighbours of one kind travel together, at most 500
 * people each. `sent`: so many at the front are on their way and stay as they are.
 */
export function queued(waiting: readonly Checks[], checks: Checks, sent = 0): Checks[] {
  const [fixed, open] = [waiting.slice(0, sent), waiting.slice(sent)];
  let { delegate_ids: ids } = checks;
  if (checks.kind === 'out' && checks.how === 'by-hand') {
    const fresh = new Set(
      open.filter(({ kind }) => kind === 'in').flatMap(({ delegate_ids }) => delegate_ids),
    );
    for (const [index, each] of open.entries())
      if (each.kind === 'in')
        open[index] = { ...each, delegate_ids: each.delegate_ids.filter((id) => !ids.includes(id)) };
    ids = ids.filter((id) => !fresh.has(id));
  }
  const kept = open.filter(({ delegate_ids }) => delegate_ids.length > 0);
  const last = kept.at(-1);
  const alike =
    last &&
    last.kind === checks.kind &&
    last.how === checks.how &&
    (last.reason ?? '') === (checks.reason ?? '');
  if (ids.length === 0) return [...fixed, ...kept];
  if (alike && last.delegate_ids.length + ids.length <= 500)
    return [
      ...fixed,
      ...kept.slice(0, -1),
      { ...last, delegate_ids: [...new Set([...last.delegate_ids, ...ids])] },
    ];
  const pieces: Checks[] = [];
  for (let from = 0; from < ids.length; from += 500)
    pieces.push({ ...checks, delegate_ids: ids.slice(from, from + 500) });
  return [...fixed, ...kept, ...pieces];
}

export type HallFilter = 'all' | 'left' | 'here' | 'away';

const belongs: Record<HallFilter, (state: Standing) => boolean> = {
  all: () => true,
  left: (state) => state === 'expected' || state === 'absent',
  here: (state) => state === 'present' || state === 'online',
  away: (state) => state === 'leave' || state === 'left',
};

export function filterPeople(people: readonly HallPerson[], filter: HallFilter, query: string): HallPerson[] {
  return people.filter(
    (person) =>
      belongs[filter](person.state) && fits(`${person.full_name} ${person.title} ${person.unit_name}`, query),
  );
}

/** How many of a list are here and how many it names; a substitute stands for whom he represents. */
export function tally(people: PointPeople['people']): { here: number; expected: number; left: number } {
  const listed = people.filter(({ substitutes }) => substitutes === null);
  return {
    here: people.filter(({ state }) => belongs.here(state)).length,
    expected: listed.length,
    left: listed.filter(({ state, substitute }) => belongs.left(state) && substitute === null).length,
  };
}
