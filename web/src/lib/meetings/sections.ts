import type { MeetingSummary } from '#lib/api/types.ts';
import { fits } from '#lib/text/fold.ts';
import { kindWord } from './words.ts';

export interface Sections {
  running: MeetingSummary[];
  coming: MeetingSummary[];
  drafts: MeetingSummary[];
  past: MeetingSummary[];
}

/** The list as it is read: what runs now, what comes (soonest first), drafts, what is over (latest first). */
export function sections(meetings: readonly MeetingSummary[], query = '', now = Date.now()): Sections {
  const wanted = meetings.filter((each) =>
    fits(`${kindWord(each.kind)} ${each.title} ${each.unit_name}`, query),
  );
  const soonest = (a: MeetingSummary, b: MeetingSummary) => a.starts_at.localeCompare(b.starts_at);
  const inState = (...states: string[]) => wanted.filter(({ state }) => states.includes(state)).sort(soonest);
  return {
    running: inState('running'),
    coming: [
      ...inState('open', 'invited', 'postponed'),
      ...inState('cancelled').filter(({ ends_at }) => Date.parse(ends_at) >= now),
    ].sort(soonest),
    drafts: inState('draft'),
    past: [...inState('ended'), ...inState('cancelled').filter(({ ends_at }) => Date.parse(ends_at) < now)]
      .sort(soonest)
      .reverse(),
  };
}
