import type { PointEntity, UnitEntity } from '#lib/live/types.ts';

/** One span of the bridge: a branch of the tree and its points. */
export interface Span {
  id: number;
  name: string;
  /** The level of its points' units, for a row that is no branch. */
  top?: string;
  points: number[];
}

type Units = ReadonlyMap<string, UnitEntity>;

/** The units above a unit, itself first, up to the top. A broken or circular parent ends the path. */
export function pathOf(unit: number, units: Units): UnitEntity[] {
  const path: UnitEntity[] = [];
  for (let at = units.get(String(unit)); at && !path.includes(at);) {
    path.push(at);
    at = at.parent_id === null ? undefined : units.get(String(at.parent_id));
  }
  return path;
}

/**
 * Points by branch, in the tree's order. The rows are the branches below the lowest unit that holds all
 * points; its own points and branches of a single point come first, by level. Within a row the branch's own
 * point leads.
 */
export function spansOf(points: Iterable<PointEntity>, units: Units): Span[] {
  const placed = [...points].map((point) => ({ point, path: pathOf(point.unit_id, units).reverse() }));
  const depth = commonDepth(placed.map(({ path }) => path));
  const top = placed[0]?.path[depth - 1];
  const branches = new Map<number, { unit: UnitEntity; members: typeof placed }>();
  const first: typeof placed = [];
  for (const entry of placed) {
    const branch = entry.path[depth];
    if (!branch) {
      first.push(entry);
      continue;
    }
    const known = branches.get(branch.id) ?? { unit: branch, members: [] };
    known.members.push(entry);
    branches.set(branch.id, known);
  }
  const rows: Span[] = [];
  for (const { unit, members } of [...branches.values()].sort((a, b) => inOrder(a.unit, b.unit))) {
    if (members.length === 1) first.push(...members);
    else rows.push({ id: unit.id, name: unit.short_name, points: sorted(members, depth) });
  }
  return [...byLevel(first, top, depth), ...rows];
}

/** Points without a branch of their own, a row for each level, the top's first: a district is no "province". */
function byLevel(members: Placed[], top: UnitEntity | undefined, depth: number): Span[] {
  const levels = new Map<string, Placed[]>();
  for (const entry of members) {
    const level = entry.path.at(-1)?.level ?? '';
    levels.set(level, [...(levels.get(level) ?? []), entry]);
  }
  return [...levels]
    .sort(([a], [b]) => Number(b === top?.level) - Number(a === top?.level))
    .map(([level, entries], index) => ({
      id: index === 0 ? (top?.id ?? 0) : -index,
      name: top?.short_name ?? '',
      top: level,
      points: sorted(entries, depth),
    }));
}

function commonDepth(paths: UnitEntity[][]): number {
  const [first = []] = paths;
  let depth = 0;
  while (depth < first.length && paths.every((path) => path[depth]?.id === first[depth]?.id)) depth += 1;
  return depth;
}

type Placed = { point: PointEntity; path: UnitEntity[] };

function sorted(members: Placed[], depth: number): number[] {
  return members
    .sort((a, b) => {
      for (let level = depth; level < Math.max(a.path.length, b.path.length); level++) {
        const [left, right] = [a.path[level], b.path[level]];
        if (!left || !right) return left ? 1 : -1;
        if (left.id !== right.id) return inOrder(left, right);
      }
      return Number(b.point.main) - Number(a.point.main) || a.point.id - b.point.id;
    })
    .map(({ point }) => point.id);
}

const inOrder = (a: UnitEntity, b: UnitEntity) => a.position - b.position || a.id - b.id;
