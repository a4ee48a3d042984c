import { m } from '#lib/paraglide/messages.js';
import type { Ballot, Outcome } from './calls.ts';

export const thresholdWord = (each: Ballot['threshold']): string =>
  ({
    majority: m.ballot_threshold_majority,
    'two-thirds': m.ballot_threshold_two_thirds,
    'three-quarters': m.ballot_threshold_three_quarters,
  })[each]();

export const baseWord = (each: Ballot['base']): string =>
  each === 'present' ? m.ballot_base_present() : m.ballot_base_summoned();

export const stateWord = (each: Ballot['state']): string =>
  ({
    created: m.ballot_state_created,
    open: m.ballot_state_open,
    closed: m.ballot_state_closed,
    published: m.ballot_state_published,
    void: m.ballot_state_void,
  })[each]();

/** "Bỏ phiếu kín, Trên máy của đại biểu" */
export const formWords = (each: Ballot): string =>
  [
    each.secret ? m.ballot_secret_form() : m.ballot_open_form(),
    ...(each.devices ? [m.ballot_by_devices()] : []),
    ...(each.hands ? [m.ballot_by_hands()] : []),
    ...(each.papers ? [m.ballot_by_papers()] : []),
  ]
    .map((word, place) => (place === 0 ? word : word.toLocaleLowerCase()))
    .join(', ');

/** What it has come to, in one line. */
export function verdict(outcome: Outcome): string {
  if (!outcome.quorum_met) return m.ballot_no_quorum({ present: outcome.present, quorum: outcome.quorum });
  if (outcome.passed === null)
    return m.ballot_elected_count({ count: outcome.elected, seats: outcome.seats });
  return outcome.passed ? m.ballot_passed() : m.ballot_not_passed();
}

/** What a ballot's marks stand for: "Tán thành", "Bà Hoa, Ông Nam". */
export const choiceWords = (options: string[], marks: string): string =>
  options.filter((_, place) => marks[place] === '1').join(', ') || m.ballot_codes_nobody();
