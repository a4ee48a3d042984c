import { numberOf } from '#lib/meetings/agenda.ts';
import { fits } from '#lib/text/fold.ts';
import type { AgendaItemEntity } from '#lib/live/types.ts';
import type { Paper } from '#lib/papers/types.ts';

/** Papers of one agenda item, or (item undefined) of the whole meeting. */
export interface Group {
  item: Pick<AgendaItemEntity, 'id' | 'title' | 'state'> | undefined;
  /** Of the item in the agenda, from 1. */
  number: number;
  papers: Paper[];
}

/**
 * What there is to present: the current item's papers first, then the rest in the agenda's order, the meeting's own last.
 * `recalled`: known from the live channel before the library has been asked for anew.
 */
export function groupsOf(
  papers: readonly Paper[],
  agenda: readonly AgendaItemEntity[],
  query: string,
  recalled: readonly number[] = [],
): Group[] {
  const found = papers.filter(
    ({ id, title, number, state }) =>
      state !== 'recalled' && !recalled.includes(id) && fits(`${title} ${number}`, query),
  );
  const groups = agenda.map((item): Group => ({
    item,
    number: numberOf(agenda, item),
    papers: of(found, item.id),
  }));
  const known = new Set(agenda.map(({ id }) => id));
  const general = found.filter(({ item_id }) => item_id === null || !known.has(item_id));
  const current = groups.filter(({ item }) => item?.state === 'current');
  const others = groups.filter(({ item }) => item?.state !== 'current');
  return [...current, ...others, { item: undefined, number: 0, papers: general }].filter(
    (group) => group.papers.length > 0,
  );
}

/** Whether this paper's pages are there for who presents. */
export const isPresentable = (paper: Paper): boolean => paper.my.read && paper.version !== null;

function of(papers: readonly Paper[], item: number): Paper[] {
  return papers.filter(({ item_id }) => item_id === item);
}
