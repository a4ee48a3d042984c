import type { Paper } from './types.ts';

/** The papers of one agenda item; `item` null: of the whole meeting. */
export interface Shelf {
  item: number | null;
  papers: Paper[];
}

/** All shelves in the agenda's order, the whole meeting's first. Papers of an item that is gone stand with those. */
export function shelves(papers: readonly Paper[], items: readonly { id: number }[]): Shelf[] {
  const known = new Set<number | null>(items.map(({ id }) => id));
  const own = (item: number | null) =>
    papers
      .filter(({ item_id }) => (known.has(item_id) ? item_id === item : item === null))
      .sort((a, b) => a.position - b.position || a.id - b.id);
  return [null, ...items.map(({ id }) => id)].map((item) => ({ item, papers: own(item) }));
}

/**
 * The papers after one is put before place `to` of an item's shelf, each with its new item and position; places are those
 * before the move.
 */
export function placed(
  papers: readonly Paper[],
  items: readonly { id: number }[],
  moved: number,
  item: number | null,
  to: number,
): Paper[] {
  const paper = papers.find(({ id }) => id === moved);
  if (!paper) return [...papers];
  return shelves(papers, items).flatMap((shelf) => {
    const from = shelf.papers.findIndex(({ id }) => id === moved);
    const rest = shelf.papers.filter(({ id }) => id !== moved);
    if (shelf.item === item) rest.splice(from >= 0 && from < to ? to - 1 : to, 0, paper);
    return rest.map((each, position) =>
      each.id === moved ? { ...each, item_id: shelf.item, position } : { ...each, position },
    );
  });
}

/**
 * A shelf's papers with those that were sent together standing in the order in which they were chosen: small files arrive
 * before big ones. Others keep their places; undefined: nothing is out of order.
 */
export function asChosen(shelf: readonly number[], chosen: readonly number[]): number[] | undefined {
  const there = new Set(shelf);
  const sent = chosen.filter((id) => there.has(id));
  const among = new Set(sent);
  const order = shelf.map((id) => (among.has(id) ? sent.shift()! : id));
  return order.some((id, place) => id !== shelf[place]) ? order : undefined;
}
