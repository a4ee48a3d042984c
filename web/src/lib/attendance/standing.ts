import type { AttendancePoint, AttendanceReport, AttendanceUnit } from '#lib/api/types.ts';
import { fits } from '#lib/text/fold.ts';

/** How a point stands: in now, was in and has left, or never came. */
export type Standing = 'present' | 'left' | 'absent';

export function standing(point: AttendancePoint): Standing {
  return point.present ? 'present' : point.first_in === null ? 'absent' : 'left';
}

export function filtered(points: readonly AttendancePoint[], wanted: Standing | 'all', query: string) {
  return points.filter(
    (point) =>
      (wanted === 'all' || standing(point) === wanted) && fits(`${point.name} ${point.unit_name}`, query),
  );
}

export function counts(points: readonly AttendancePoint[]): Record<Standing | 'all', number> {
  const found = { all: points.length, present: 0, left: 0, absent: 0 };
  for (const point of points) found[standing(point)] += 1;
  return found;
}

/**
 * The rows of the roll-up: the top, its branches, and below them whatever gathers several points. A unit that only repeats
 * its one point says nothing new.
 */
export function rollUp(report: AttendanceReport): AttendanceUnit[] {
  return report.units.filter((unit) => unit.points > 0 && (unit.depth <= 1 || unit.points > 1));
}

export interface Group {
  key: number;
  name: string;
  present: number;
  points: AttendancePoint[];
}

/** The points under the branch right below the top that each belongs to; the top's own come first. */
export function grouped(report: AttendanceReport, points: readonly AttendancePoint[]): Group[] {
  const units = new Map(report.units.map((unit) => [unit.unit_id, unit]));
  const branchOf = (unitId: number): AttendanceUnit | undefined => {
    const unit = units.get(unitId);
    return unit && unit.depth > 1 && unit.parent_id !== null ? (branchOf(unit.parent_id) ?? unit) : unit;
  };
  const groups = new Map<number, Group>();
  for (const unit of report.units)
    if (unit.depth <= 1)
      groups.set(unit.unit_id, { key: unit.unit_id, name: unit.name, present: 0, points: [] });
  for (const point of points) {
    const branch = branchOf(point.unit_id);
    const key = branch?.unit_id ?? point.unit_id;
    const group = groups.get(key) ?? { key, name: branch?.name ?? point.unit_name, present: 0, points: [] };
    groups.set(key, group);
    group.points.push(point);
    if (point.present) group.present += 1;
  }
  return [...groups.values()].filter((group) => group.points.length > 0);
}

/** Seconds lost in gaps. */
export function gapSeconds(point: AttendancePoint): number {
  return point.gaps.reduce((sum, gap) => sum + (Date.parse(gap.to) - Date.parse(gap.from)) / 1000, 0);
}
