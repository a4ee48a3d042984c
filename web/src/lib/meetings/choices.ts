import type { Tree } from '#lib/api/types.ts';
import { unitsBelow } from '#lib/organisations/tree.ts';
import { fits } from '#lib/text/fold.ts';
import type { Choice } from './draft.ts';

const most = 50;

/** Search over the units one may plan for. */
export function unitFinder(tree: Tree, planned: readonly number[]): (query: string) => Choice[] {
  const all = unitsBelow(tree.units, planned).map(({ unit, within }) => ({
    id: unit.id,
    label: unit.name,
    detail: within,
  }));
  return (query) => all.filter(({ label }) => fits(label, query)).slice(0, most);
}

/** Search over bridge points; those of the meeting's own unit come first. */
export function pointFinder(tree: Tree, unit: () => number | null | undefined): (query: string) => Choice[] {
  const names = new Map(tree.units.map((each) => [each.id, each.name]));
  return (query) => {
    const own = unit();
    return tree.points
      .filter((point) => fits(`${point.name} ${names.get(point.unit_id) ?? ''}`, query))
      .sort((a, b) => Number(b.unit_id === own) - Number(a.unit_id === own))
      .slice(0, most)
      .map((point) => ({ id: point.id, label: point.name, detail: names.get(point.unit_id) }));
  };
}
