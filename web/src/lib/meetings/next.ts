import type { Meeting } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';
import { ahead, clock, day, minutes, number } from '#lib/text/format.ts';
import { kindInside } from './words.ts';

/** From so many minutes before the start on, halls are let in to try picture and sound. */
export const testWithin = 120;

/** One sentence: where the meeting stands, and what comes next. */
export function whatNext(meeting: Meeting, now = Date.now()): string {
  const kind = kindInside(meeting.kind);
  const count = number(meeting.points.length);
  const toStart = Math.round((Date.parse(meeting.starts_at) - now) / 60_000);
  switch (meeting.state) {
    case 'draft':
      return meeting.my.organise ? m.next_draft({ count }) : m.next_draft_other();
    case 'invited':
      if (toStart > testWithin) return m.next_invited_days({ left: ahead(toStart) });
      if (toStart > 0) return m.next_invited_soon({ left: ahead(toStart) });
      return m.next_invited_late({ time: clock(meeting.starts_at) });
    case 'postponed':
      return m.next_postponed({ day: day(meeting.starts_at) });
    case 'cancelled':
      return m.next_cancelled({ time: clock(meeting.starts_at), day: day(meeting.starts_at) });
    case 'open':
      return toStart > 0 ? m.next_open({ left: ahead(toStart) }) : m.next_open_late({ kind });
    case 'running':
      return m.next_running({ time: clock(meeting.started_at ?? meeting.starts_at) });
    case 'ended': {
      const from = meeting.started_at ?? meeting.starts_at;
      const to = meeting.ended_at ?? meeting.ends_at;
      const lasted = minutes(Math.max(1, Math.round((Date.parse(to) - Date.parse(from)) / 60_000)));
      return m.next_ended({ day: day(to), time: clock(to), lasted });
    }
  }
}
