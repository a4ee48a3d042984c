import type { AgendaItemEntity } from '#lib/live/types.ts';

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

/** The item to go on to: the first still waiting after the current one, else the first waiting. */
export function nextItem(agenda: readonly AgendaItemEntity[]): AgendaItemEntity | undefined {
  const current = agenda.findIndex(({ state }) => state === 'current');
  return (
    agenda.slice(current + 1).find(({ state }) => state === 'waiting') ??
    agenda.find(({ state }) => state === 'waiting')
  );
}
