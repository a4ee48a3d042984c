import type { DevicePart, HallMeeting } from '#lib/api/types.ts';

/** A main machine that restarts is back sooner (ms): until then a spare stays out of its way. */
export const SPARE_AFTER = 30_000;

/** What a hall's device does while it is in no conference. */
export type Standby =
  | { name: 'nothing' }
  /** Not open yet. */
  | { name: 'waits'; meeting: HallMeeting }
  | { name: 'enters'; meeting: HallMeeting }
  /** Somebody left on purpose. */
  | { name: 'left'; meeting: HallMeeting }
  /** A spare: `main` is how the machine in its place is. */
  | { name: 'spare'; meeting: HallMeeting; main: 'in' | 'lost' | 'absent' };

/**
 * The first of what the server names that is on, else the next. `now`: server time in ms. `was`: the meeting that this very
 * machine was in before it was restarted.
 */
export function standby(
  part: DevicePart,
  meetings: readonly HallMeeting[],
  now: number,
  was: number | undefined,
  left: (meeting: number) => boolean,
): Standby {
  const live = meetings.filter(({ state }) => state === 'open' || state === 'running');
  const meeting = live.find(({ meeting_id }) => !left(meeting_id)) ?? live[0] ?? meetings[0];
  if (!meeting) return { name: 'nothing' };
  if (!live.includes(meeting)) return { name: 'waits', meeting };
  if (left(meeting.meeting_id)) return { name: 'left', meeting };
  if (part !== 'spare' || was === meeting.meeting_id) return { name: 'enters', meeting };
  if (meeting.presence === 'absent') return { name: 'spare', meeting, main: 'absent' };
  if (meeting.presence !== 'lost') return { name: 'spare', meeting, main: 'in' };
  const lostFor = now - Date.parse(meeting.since ?? '');
  return lostFor > SPARE_AFTER ? { name: 'enters', meeting } : { name: 'spare', meeting, main: 'lost' };
}
