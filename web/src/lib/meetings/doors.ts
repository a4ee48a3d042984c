import type { MeetingRights, MeetingState } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';
import { paths } from '#lib/paths.ts';

/** A way into a conference. */
export interface Door {
  label: string;
  href: string;
}

interface Enterable {
  id: number;
  state: MeetingState;
  my: MeetingRights;
}

/**
 * The ways into a meeting for this person, the most fitting first: the console for who conducts or operates, the hall for
 * its technician (only where exactly one is theirs: with several, the meeting's page lists them), the papers and the page on
 * screen for everybody who sits in it, from the invitation on, then watching.
 */
export function doors(meeting: Enterable): Door[] {
  if (meeting.state === 'draft') return [];
  const { attend, conduct, operate, organise, points, delegate_id: delegate } = meeting.my;
  // Who learns of the meeting by a role above one of its halls has no seat in it.
  if (!attend) return [];
  const seat: Door[] = [];
  if (conduct || delegate !== null || !(operate || organise || points.length > 0))
    seat.push({ label: m.door_papers(), href: paths.delegate(meeting.id) });
  if (meeting.state !== 'open' && meeting.state !== 'running') return seat;
  const found: Door[] = [];
  const [point] = points;
  const ownHall = points.length === 1 && point !== undefined;
  if (conduct || operate) found.push({ label: m.door_console(), href: paths.console(meeting.id) });
  if (ownHall) found.push({ label: m.door_hall(), href: paths.hall(meeting.id, point) });
  else if (points.length > 1 && !operate)
    found.push({ label: m.door_choose_hall(), href: paths.meeting(meeting.id) });
  found.push(...seat);
  if (meeting.state === 'running') found.push({ label: m.door_watch(), href: paths.watch(meeting.id) });
  return found;
}
