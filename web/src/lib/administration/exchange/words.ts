import { m } from '#lib/paraglide/messages.js';
import { number } from '#lib/text/format.ts';
import type { Batch, BatchState, Kind, Verdict } from './calls.ts';

const kinds: Record<Kind, () => string> = {
  units: m.exchange_units,
  points: m.exchange_points,
  people: m.exchange_people,
};
export const kindNames = Object.keys(kinds) as Kind[];
export const kindWord = (kind: Kind): string => kinds[kind]();

const states: Record<BatchState, () => string> = {
  reading: m.exchange_state_reading,
  ready: m.exchange_state_ready,
  faulty: m.exchange_state_faulty,
  refused: m.exchange_state_refused,
  applying: m.exchange_state_applying,
  applied: m.exchange_state_applied,
  undoing: m.exchange_state_undoing,
  undone: m.exchange_state_undone,
};
export const stateWord = (state: BatchState): string => states[state]();

const verdicts: Record<Verdict, () => string> = {
  added: m.exchange_verdict_added,
  changed: m.exchange_verdict_changed,
  closed: m.exchange_verdict_closed,
  unchanged: m.exchange_verdict_unchanged,
  bad: m.exchange_verdict_bad,
};
export const verdictWord = (verdict: Verdict): string => verdicts[verdict]();

const counted: Record<Verdict, (of: { count: string }) => string> = {
  bad: m.exchange_bad,
  added: m.exchange_added,
  changed: m.exchange_changed,
  closed: m.exchange_closed,
  unchanged: m.exchange_unchanged,
};

/** What a batch has rows of, in the order in which one looks at them: what has to be put right comes first. */
export function filters(batch: Batch): { value: Verdict | 'all'; label: string }[] {
  const some = (Object.keys(counted) as Verdict[]).filter((verdict) => batch[verdict] > 0);
  return [
    { value: 'all', label: m.exchange_all({ count: number(batch.rows) }) },
    ...some.map((verdict) => ({
      value: verdict,
      label: counted[verdict]({ count: number(batch[verdict]) }),
    })),
  ];
}

/** "12 thêm, 3 sửa" as one line of a list. */
export function summary(batch: Batch): string {
  return filters(batch)
    .slice(1)
    .map(({ label }) => label)
    .join(' · ');
}

/** Something goes on at the server. */
export const isBusy = (state: BatchState): boolean => ['reading', 'applying', 'undoing'].includes(state);
