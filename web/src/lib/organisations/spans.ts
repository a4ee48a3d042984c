import { m } from '#lib/paraglide/messages.js';

/** Units in tree order, as reports give them. */
export interface SpanUnit {
  unit_id: number;
  parent_id: number | null;
  name: string;
  depth: number;
}

/** One span of the bridge: a branch right below the top, and its points in order. */
export interface Span<P> {
  key: number;
  name: string;
  points: P[];
}

/**
 * The points by the branch right below the top that each belongs to. The top's own points come first, together with its
 * offices (units of a single point and nothing below). Points without a unit come last.
 */
export function spans<P extends { unit_id: number | null; unit_name?: string }>(
  units: readonly SpanUnit[],
  points: readonly P[],
  all: readonly { unit_id: number | null }[] = points,
): Span<P>[] {
  const byId = new Map(units.map((unit) => [unit.unit_id, unit]));
  const parents = new Set(units.map(({ parent_id }) => parent_id));
  const top = units.find(({ depth }) => depth === 0);
  const single = (unit: SpanUnit) => all.filter(({ unit_id }) => unit_id === unit.unit_id).length === 1;
  const offices = new Set(
    units
      .filter((unit) => unit.depth === 1 && !parents.has(unit.unit_id) && single(unit))
      .map(({ unit_id }) => unit_id),
  );
  const branchOf = (id: number): SpanUnit | undefined => {
    const unit = byId.get(id);
    return unit && unit.depth > 1 && unit.parent_id !== null ? (branchOf(unit.parent_id) ?? unit) : unit;
  };
  const found = new Map<number, Span<P>>();
  for (const unit of units)
    if (unit.depth <= 1 && !offices.has(unit.unit_id))
      found.set(unit.unit_id, {
        key: unit.unit_id,
        name: unit === top ? m.directly_under({ unit: unit.name }) : unit.name,
        points: [],
      });
  for (const point of points) {
    const own = point.unit_id === null ? undefined : branchOf(point.unit_id);
    const branch = own && top && offices.has(own.unit_id) ? top : own;
    const key = branch?.unit_id ?? point.unit_id ?? -1;
    const span = found.get(key) ?? { key, name: branch?.name ?? point.unit_name ?? '', points: [] };
    span.points.push(point);
    found.set(key, span);
  }
  return [...found.values()].filter((span) => span.points.length > 0);
}

/** Sums the named figures of all. */
export function summed<F extends string>(
  list: readonly Record<F, number>[],
  figures: readonly F[],
): Record<F, number> {
  return Object.fromEntries(
    figures.map((name) => [name, list.reduce((sum, each) => sum + each[name], 0)]),
  ) as Record<F, number>;
}
