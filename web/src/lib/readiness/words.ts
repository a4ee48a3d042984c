import { testWithin } from '#lib/meetings/next.ts';
import { m } from '#lib/paraglide/messages.js';
import { ahead, clock, day, moment, number } from '#lib/text/format.ts';
import type { PointState } from '#lib/ui/StateMark.svelte';
import type { BoardPoint, Fault, Readiness, ReadyState, Rehearsal } from './types.ts';

/** What is wrong, and what to do about it. */
export function faultWords(fault: Fault): string {
  const words: Record<Fault, () => string> = {
    'camera-none': m.fault_camera_none,
    'camera-denied': m.fault_camera_denied,
    'camera-muted': m.fault_camera_muted,
    'camera-dark': m.fault_camera_dark,
    'microphone-none': m.fault_microphone_none,
    'microphone-denied': m.fault_microphone_denied,
    'microphone-muted': m.fault_microphone_muted,
    'microphone-silent': m.fault_microphone_silent,
    'loop-unheard': m.fault_loop_unheard,
    'loop-unable': m.fault_loop_unable,
    'media-none': m.fault_media_none,
    'up-weak': m.fault_up_weak,
    'down-weak': m.fault_down_weak,
    loss: m.fault_loss,
    delay: m.fault_delay,
  };
  return words[fault]();
}

/** The same colours as everywhere: trouble is the orange of a weak line. */
export const markOf = (state: ReadyState): PointState => (state === 'trouble' ? 'weak' : state);

export function stateWords(state: ReadyState): string {
  return {
    ready: m.ready_state_ready,
    testing: m.ready_state_testing,
    trouble: m.ready_state_trouble,
    lost: m.ready_state_lost,
    absent: m.ready_state_absent,
  }[state]();
}

/** So long the machine of a hall says nothing before it counts as switched off (ms); it reports every minute. */
const SILENT = 3 * 60_000;

export const machineOn = (point: BoardPoint, now: number): boolean =>
  point.machine_at !== null && now - Date.parse(point.machine_at) < SILENT;

/** Why a hall is not ready, in the words of a list of calls. */
export function whyWords(point: BoardPoint, now: number): string {
  if (point.state === 'lost') return m.why_lost();
  if (point.verdict === 'failed' && point.state === 'trouble')
    return point.note ? m.why_said({ note: point.note }) : m.why_failed();
  if (point.passed === false) return m.why_test_failed();
  if (point.state === 'absent') {
    if (machineOn(point, now)) return m.why_machine_on();
    return point.machine_at ? m.why_machine_off({ when: moment(point.machine_at) }) : m.why_absent();
  }
  if (point.passed === null) return m.why_untested();
  return m.why_unsaid();
}

/** Halls to be called, those that need it most first. */
const URGENCY: Record<ReadyState, number> = { lost: 0, trouble: 1, absent: 2, testing: 3, ready: 4 };
export const toCall = (points: readonly BoardPoint[]): BoardPoint[] =>
  points.filter(({ state }) => state !== 'ready').sort((a, b) => URGENCY[a.state] - URGENCY[b.state]);

/** By then everything is to be in place, ms before the start. */
const IN_PLACE = 15 * 60_000;
/** The board is looked at from then on, ms before the start. */
export const BOARD_FROM = 60 * 60_000;

/** "Còn 52 phút đến giờ khai mạc" */
export function headline(board: Readiness, now: number): string {
  const left = Date.parse(board.starts_at) - now;
  if (board.state === 'running') return m.ready_head_running();
  if (board.state === 'ended') return m.ready_head_ended();
  if (left > 24 * 3600_000)
    return m.ready_head_day({ time: clock(board.starts_at), day: day(board.starts_at) });
  if (left > 0) return m.ready_head_left({ left: ahead(Math.max(1, Math.round(left / 60_000))) });
  return m.ready_head_late({ time: clock(board.starts_at) });
}

/** One sentence: how it stands, and what to do next. */
export function nextWords(board: Readiness, now: number): string {
  const { totals } = board;
  const start = Date.parse(board.starts_at);
  const left = start - now;
  const counts = m.ready_counts({ ready: number(totals.ready), points: number(totals.points) });
  switch (board.state) {
    case 'draft':
      return m.ready_next_draft();
    case 'postponed':
    case 'cancelled':
      return m.ready_next_off();
    case 'invited':
      return left > testWithin * 60_000 ? m.ready_next_days() : m.ready_next_open();
    case 'ended':
      return m.ready_next_ended();
    case 'running':
      return m.ready_next_running();
  }
  const others = totals.points - totals.ready;
  if (others === 0) return `${counts} ${m.ready_next_all()}`;
  const by = now < start - IN_PLACE ? m.ready_by({ time: clock(new Date(start - IN_PLACE)) }) : m.ready_now();
  if (totals.lost + totals.trouble > 0)
    return `${counts} ${m.ready_next_trouble({ count: number(totals.lost + totals.trouble), by })}`;
  if (totals.absent > 0) return `${counts} ${m.ready_next_call({ count: number(totals.absent), by })}`;
  return `${counts} ${m.ready_next_check({ count: number(totals.testing) })}`;
}

export function kindWords(kind: Rehearsal['kind']): string {
  return { trial: m.rehearsal_trial, full: m.rehearsal_full, check: m.rehearsal_check }[kind]();
}

export function outcomeWords(outcome: string): string {
  const words: Record<string, () => string> = {
    closed: m.rehearsal_closed,
    started: m.rehearsal_started,
    returned: m.rehearsal_returned,
    postponed: m.rehearsal_postponed,
    rescheduled: m.rehearsal_postponed,
    cancelled: m.rehearsal_cancelled,
  };
  return (words[outcome] ?? m.rehearsal_going_on)();
}
