import type { TurnEntity } from '#lib/live/types.ts';

/** Seconds before the end from which a speaker is to come to it. */
export const SOON = 60;

export interface TurnClock {
  /** Seconds spoken so far. */
  spent: number;
  /** Seconds left; below nothing: run over. Undefined: no limit. */
  left: number | undefined;
  phase: 'runs' | 'soon' | 'over';
  paused: boolean;
}

/** A turn's time at a moment of the server's clock (ms), from its stamps. */
export function turnClock(turn: TurnEntity, now: number): TurnClock {
  const until = turn.paused_since ? Date.parse(turn.paused_since) : now;
  const spent = Math.max(0, (until - Date.parse(turn.began_at)) / 1000 - turn.paused_seconds);
  const left = turn.limit_seconds === null ? undefined : turn.limit_seconds - spent;
  const phase = left === undefined || left > SOON ? 'runs' : left > 0 ? 'soon' : 'over';
  return { spent, left, phase, paused: turn.paused_since !== null };
}
