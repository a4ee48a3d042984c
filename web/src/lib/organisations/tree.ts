import type { Point, Unit } from '#lib/api/types.ts';
import { grouped, sorted } from '#lib/lists.ts';
import { fits } from '#lib/text/fold.ts';

/** Of a point, what its place in the tree takes: the tree of a meeting knows no more. */
export type PlacedPoint = Pick<Point, 'id' | 'unit_id' | 'name' | 'short_name' | 'position' | 'seats'>;
export interface PlacedTree {
  units: Unit[];
  points: PlacedPoint[];
}

/** A unit with what hangs below it. `all` are the ids of the points of this whole branch, in order. */
export interface Branch {
  unit: Unit;
  depth: number;
  points: PlacedPoint[];
  children: Branch[];
  all: number[];
}

export type Ticked = 'all' | 'some' | 'none';

/** The order that their makers gave. */
export const inOrder = (a: { position: number; name: string }, b: { position: number; name: string }) =>
  a.position - b.position || a.name.localeCompare(b.name, 'vi');

/** The units directly below each, in order; under null the topmost that one sees. */
export function unitsByParent(units: readonly Unit[]): Map<number | null, Unit[]> {
  const known = new Set(units.map((unit) => unit.id));
  return grouped(sorted(units, inOrder), (unit) =>
    unit.parent_id !== null && known.has(unit.parent_id) ? unit.parent_id : null,
  );
}

/** The branches of a tree, in the order their makers gave; units without any point below them are left out. */
export function branches(tree: PlacedTree): Branch[] {
  const points = grouped(tree.points, (point) => point.unit_id);
  const units = unitsByParent(tree.units);
  const grow = (unit: Unit, depth: number): Branch => {
    const own = sorted(points.get(unit.id) ?? [], inOrder);
    const children = below(unit.id, depth + 1);
    const all = [...own.map((point) => point.id), ...children.flatMap((child) => child.all)];
    return { unit, depth, points: own, children, all };
  };
  const below = (parent: number | null, depth: number): Branch[] =>
    (units.get(parent) ?? []).map((unit) => grow(unit, depth)).filter((branch) => branch.all.length > 0);
  return below(null, 0);
}

export function ticked(branch: Branch, chosen: ReadonlySet<number>): Ticked {
  const count = branch.all.filter((id) => chosen.has(id)).length;
  return count === 0 ? 'none' : count === branch.all.length ? 'all' : 'some';
}

/** The choice after pressing a branch's box: a part-ticked or empty branch becomes full, a full one empty. `fixed` stays in. */
export function toggled(branch: Branch, chosen: ReadonlySet<number>, fixed?: number | null): Set<number> {
  const next = new Set(chosen);
  const fill = ticked(branch, chosen) !== 'all';
  for (const id of branch.all) {
    if (fill || id === fixed) next.add(id);
    else next.delete(id);
  }
  return next;
}

/**
 * The tree with only what fits the query: points that fit, and whole branches whose name fits. `all` shrinks with it, so
 * that ticking a found branch ticks what is seen.
 */
export function found(tree: Branch[], query: string): Branch[] {
  if (!query.trim()) return tree;
  const prune = (branch: Branch): Branch[] => {
    if (fits(branch.unit.name, query)) return [branch];
    const points = branch.points.filter((point) => fits(point.name, query));
    const children = branch.children.flatMap(prune);
    const all = [...points.map((point) => point.id), ...children.flatMap((child) => child.all)];
    return all.length > 0 ? [{ ...branch, points, children, all }] : [];
  };
  return tree.flatMap(prune);
}

/** From the top down, the unit itself last; as far up as `byId` knows. */
export function lineage(unit: Unit, byId: ReadonlyMap<number, Unit>): Unit[] {
  const parent = unit.parent_id === null ? undefined : byId.get(unit.parent_id);
  return parent ? [...lineage(parent, byId), unit] : [unit];
}

/** The units at and below `roots`, each with its ancestors' names: what one may plan a meeting for. */
export function unitsBelow(
  units: readonly Unit[],
  roots: readonly number[],
): { unit: Unit; within: string }[] {
  const byId = new Map(units.map((unit) => [unit.id, unit]));
  return units
    .map((unit) => ({ unit, line: lineage(unit, byId) }))
    .filter(({ line }) => line.some((unit) => roots.includes(unit.id)))
    .sort((a, b) => a.line.length - b.line.length || inOrder(a.unit, b.unit))
    .map(({ unit, line }) => ({
      unit,
      within: line
        .slice(0, -1)
        .map((above) => above.name)
        .join(', '),
    }));
}
