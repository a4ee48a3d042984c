import type { AgendaItemEntity } from '#lib/live/types.ts';
import { dayAt } from '#lib/meetings/agenda.ts';

/** Where an agenda item's clock stands. */
export interface ItemClock {
  spent: number;
  /** Negative when the item runs over. */
  left: number;
  /** Share of its time that is used, 0 … 1. */
  share: number;
}

/** The clock of an item at `now` (server time, ms); all in seconds. */
export function itemClock(item: AgendaItemEntity, now: number): ItemClock {
  const running = item.since ? Math.max(0, (now - Date.parse(item.since)) / 1000) : 0;
  const spent = item.spent_seconds + running;
  const budget = item.minutes * 60;
  return { spent, left: budget - spent, share: budget > 0 ? Math.min(1, spent / budget) : 1 };
}

/**
 * The item to go on to: the first still waiting after the current one, else the first waiting; of a meeting of several days
 * none of a later day than the one that is dealt with at `now` (server time, ms).
 */
export function nextItem(agenda: readonly AgendaItemEntity[], now: number): AgendaItemEntity | undefined {
  const today = dayAt(agenda, now);
  const current = agenda.findIndex(({ state }) => state === 'current');
  const isNext = ({ state, day }: AgendaItemEntity) => state === 'waiting' && day <= today;
  return agenda.slice(current + 1).find(isNext) ?? agenda.find(isNext);
}
