import { pointsCount } from '#lib/meetings/words.ts';
import { m } from '#lib/paraglide/messages.js';
import { clock, number } from '#lib/text/format.ts';
import type { PointState } from '#lib/ui/StateMark.svelte';
import type { Count, HallPerson, Standing, Turnout } from './types.ts';

export function standingWord(state: Standing): string {
  const words: Record<Standing, () => string> = {
    expected: m.turnout_state_expected,
    present: m.turnout_state_present,
    online: m.turnout_state_online,
    leave: m.turnout_state_leave,
    absent: m.turnout_state_absent,
    left: m.turnout_state_left,
  };
  return words[state]();
}

/** The mark of each state; the word always stands beside it. */
export const standingMarks: Record<Standing, PointState> = {
  expected: 'absent',
  present: 'ready',
  online: 'testing',
  leave: 'hand',
  absent: 'absent',
  left: 'lost',
};

export const here = (count: Count): number => count.present + count.online;

/** Listed, and nobody knows yet. */
export const yetToCome = (count: Count): number =>
  Math.max(0, count.expected - here(count) - count.leave - count.absent - count.left);

/** Part of the list that is here, 0 … 1; undefined without a list. */
export const turnoutPart = (count: Count): number | undefined =>
  count.expected > 0 ? Math.min(1, here(count) / count.expected) : undefined;

/** One sentence: how it stands, and what is missing. */
export function turnoutWords({ totals, points }: Turnout): string {
  const halls = points.filter(({ point_id }) => point_id !== null);
  const open = halls.filter(({ signed_off }) => !signed_off).length;
  const expected = number(totals.expected);
  if (totals.expected === 0 && totals.counted === 0) return m.turnout_next_none();
  if (here(totals) === 0 && totals.counted === 0) return m.turnout_next_before({ expected });
  const figures = { here: number(here(totals)), expected };
  return open > 0
    ? m.turnout_next_open({ ...figures, points: pointsCount(open) })
    : m.turnout_next_signed(figures);
}

/** What is known of a person besides name and state: when, how, why, in whose stead. */
export function personDetails(person: HallPerson): string {
  const hows: Record<string, () => string> = {
    qr: m.turnout_how_qr,
    list: m.turnout_how_list,
    group: m.turnout_how_group,
    online: m.turnout_how_online,
    'by-hand': m.turnout_how_by_hand,
  };
  const came = person.state === 'present' || person.state === 'online' || person.state === 'left';
  return [
    came && person.at ? clock(person.at) : '',
    came ? (hows[person.how]?.() ?? '') : '',
    person.elsewhere ? m.turnout_elsewhere({ point: person.elsewhere }) : '',
    person.state === 'leave' ? person.reason : '',
    person.substitute ? m.turnout_substitute_is({ name: person.substitute.full_name }) : '',
    person.substitutes ? m.turnout_substitutes_for({ name: person.substitutes.full_name }) : '',
  ]
    .filter(Boolean)
    .join(', ');
}
