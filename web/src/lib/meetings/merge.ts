import { collision, type Collision, merged, same } from '#lib/api/merge.ts';
import type { AgendaRow, Draft } from './draft.ts';

type Rows = ReadonlyMap<number, AgendaRow>;
const rowsOf = (draft: Draft): Rows =>
  new Map(draft.agenda.flatMap((row) => (row.id === null ? [] : [[row.id, row] as const])));

/** Their agenda items of which the same part was changed here, or which were taken out here. */
export function agendaClashes(base: Draft, mine: Draft, theirs: Draft): AgendaRow[] {
  const [before, here] = [rowsOf(base), rowsOf(mine)];
  return theirs.agenda.filter((row) => {
    const was = row.id === null ? undefined : before.get(row.id);
    if (!was || same(was, row)) return false;
    const own = here.get(was.id!);
    return !own || collision(was, own, row).both.some((part) => !same({ is: own[part] }, { is: row[part] }));
  });
}

/** One agenda item that both changed: by its name as it was, and what stands in each part with them and here. */
export interface ItemClash {
  title: string;
  /** It was taken out here. */
  removed: boolean;
  parts: { part: 'title' | 'minutes' | 'presenter'; theirs: string; mine: string }[];
}

export function itemClashes(base: Draft, mine: Draft, theirs: Draft): ItemClash[] {
  const [before, here] = [rowsOf(base), rowsOf(mine)];
  return agendaClashes(base, mine, theirs).map((row) => {
    const was = before.get(row.id!)!;
    const own = here.get(row.id!);
    const parts = (['title', 'minutes', 'presenter'] as const)
      .filter((part) => {
        const [first, there, now] = [was, row, own].map((each) => each && textOf(each, part));
        return there !== first && now !== there && (!own || now !== first);
      })
      .map((part) => ({ part, theirs: textOf(row, part), mine: own ? textOf(own, part) : '' }));
    return { title: was.title, removed: !own, parts };
  });
}

function textOf(row: AgendaRow, part: ItemClash['parts'][number]['part']): string {
  if (part === 'minutes') return String(row.minutes);
  return part === 'title' ? row.title : (row.presenter?.label ?? '');
}

/** Ids of points that both changed, each otherwise: in and out, and who speaks there. */
export function pointClashes(base: Draft, mine: Draft, theirs: Draft): number[] {
  return [...new Set(Object.keys({ ...base.points, ...mine.points, ...theirs.points }).map(Number))].filter(
    (id) =>
      base.points[id] !== mine.points[id] &&
      base.points[id] !== theirs.points[id] &&
      mine.points[id] !== theirs.points[id],
  );
}

/** As `collision`, but agenda and points collide row by row only: what the others added is in nobody's way. */
export function draftCollision(base: Draft, mine: Draft, theirs: Draft): Collision<keyof Draft> {
  const found = collision(base, mine, theirs);
  const inTheWay = (part: keyof Draft) =>
    part === 'agenda'
      ? agendaClashes(base, mine, theirs).length > 0
      : part === 'points'
        ? pointClashes(base, mine, theirs).length > 0
        : true;
  return { ...found, both: found.both.filter(inTheWay) };
}

/** Their meeting with what was changed here laid over it, agenda and points row by row, in the order chosen here. */
export function mergedDraft(base: Draft, mine: Draft, theirs: Draft): Draft {
  const next = merged(base, mine, theirs);
  const both = collision(base, mine, theirs).both;
  if (both.includes('agenda')) next.agenda = mergedAgenda(base, mine, theirs);
  if (both.includes('points')) next.points = mergedPoints(base, mine, theirs);
  return next;
}

function mergedAgenda(base: Draft, mine: Draft, theirs: Draft): AgendaRow[] {
  const [before, there] = [rowsOf(base), rowsOf(theirs)];
  const next = mine.agenda.flatMap((row): AgendaRow[] => {
    const was = row.id === null ? undefined : before.get(row.id);
    if (!was) return [structuredClone(row)];
    const their = there.get(was.id!);
    if (their) return [merged(was, row, their)];
    // They took it out: what was changed in it here stays, as an item of its own.
    return same(was, row) ? [] : [{ ...structuredClone(row), id: null }];
  });
  // What they added, behind the item that it follows with them.
  theirs.agenda.forEach((row, index) => {
    if (row.id === null || before.has(row.id)) return;
    let place = -1;
    for (const { id } of theirs.agenda.slice(0, index)) {
      const at = id === null ? -1 : next.findIndex((each) => each.id === id);
      if (at >= 0) place = at;
    }
    next.splice(place + 1, 0, structuredClone(row));
  });
  return next;
}

function mergedPoints(base: Draft, mine: Draft, theirs: Draft): Record<number, string> {
  const next = { ...theirs.points };
  for (const id of Object.keys({ ...base.points, ...mine.points }).map(Number)) {
    if (base.points[id] === mine.points[id]) continue;
    if (id in mine.points) next[id] = mine.points[id]!;
    else delete next[id];
  }
  return next;
}
