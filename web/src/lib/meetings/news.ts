import type { Meeting } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';
import { day, number, timeSpan, weekday } from '#lib/text/format.ts';

export type News = NonNullable<Meeting['news']>;
export type PlanChange = Meeting['unannounced'][number];

/** "07:30–11:00 thứ Sáu, 20/11/2026" */
function span(text: string): string {
  const [from = '', to = ''] = text.split('/');
  return m.news_span({ hours: timeSpan(from, to), weekday: weekday(from), day: day(from) });
}

const more = (names: string, count: number) =>
  count > names.split(', ').length ? m.news_and_more({ names, total: number(count) }) : names;

/** One change as a sentence: what it was, and what it is now. */
export function changeWords(change: PlanChange): string {
  const before = change.before || m.news_none();
  const after = change.after || m.news_none();
  switch (change.what) {
    case 'title':
      return m.news_title({ before, after });
    case 'time':
      return m.news_time({ before: span(change.before), after: span(change.after) });
    case 'days':
      return m.days_changed({ before, after });
    case 'place':
      return m.news_place({ before, after });
    case 'chair':
      return m.news_chair({ before, after });
    case 'points-added':
      return m.news_points_added({ names: more(change.after, change.count ?? 0) });
    case 'points-removed':
      return m.news_points_removed({ names: more(change.before, change.count ?? 0) });
  }
}

/** What has become of the meeting, as a heading. */
export function newsWords(kind: News['kind']): string {
  return {
    changed: m.news_changed,
    postponed: m.news_postponed,
    rescheduled: m.news_rescheduled,
    cancelled: m.news_cancelled,
  }[kind]();
}
