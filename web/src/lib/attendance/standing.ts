import type { AttendancePoint, AttendanceReport, AttendanceUnit } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';
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

/** Offices of the top itself: a unit right below it with a single point and nothing beneath. */
function isOffice(unit: AttendanceUnit, all: readonly AttendanceUnit[]): boolean {
  return unit.depth === 1 && unit.points === 1 && !all.some((other) => other.parent_id === unit.unit_id);
}

/**
 * The rows of the roll-up: the top, what stands directly under it as one row, its branches, and below them whatever gathers
 * several points. A unit that only repeats its one point says nothing new.
 */
export function rollUp(report: AttendanceReport): AttendanceUnit[] {
  const counted = report.units.filter((unit) => unit.points > 0);
  const rows: AttendanceUnit[] = [];
  for (const unit of counted) {
    if (isOffice(unit, report.units)) continue;
    if (unit.depth > 1 && unit.points === 1) continue;
    rows.push(unit);
    if (unit.depth === 0) rows.push(...directly(unit, report));
  }
  return rows;
}

function directly(top: AttendanceUnit, report: AttendanceReport): AttendanceUnit[] {
  const offices = new Set(
    report.units.filter((unit) => isOffice(unit, report.units)).map((unit) => unit.unit_id),
  );
  const points = report.points.filter((point) => point.unit_id === top.unit_id || offices.has(point.unit_id));
  if (points.length === 0 || points.length === top.points) return [];
  const present = points.filter((point) => point.present).length;
  const ever = points.filter((point) => point.first_in !== null).length;
  const name = m.directly_under({ unit: top.name });
  return [
    { unit_id: -top.unit_id, parent_id: top.unit_id, name, depth: 1, points: points.length, present, ever },
  ];
}

export interface Group {
  key: number;
  name: string;
  present: number;
  points: AttendancePoint[];
}

/** The points by the branch right below the top that each belongs to; the top's own and its offices come first. */
export function grouped(report: AttendanceReport, points: readonly AttendancePoint[]): Group[] {
  const units = new Map(report.units.map((unit) => [unit.unit_id, unit]));
  const branchOf = (unitId: number): AttendanceUnit | undefined => {
    const unit = units.get(unitId);
    return unit && unit.depth > 1 && unit.parent_id !== null ? (branchOf(unit.parent_id) ?? unit) : unit;
  };
  const groups = new Map<number, Group>();
  const top = report.units.find((unit) => unit.depth === 0);
  for (const unit of report.units) {
    if (unit.depth > 1 || isOffice(unit, report.units)) continue;
    const name = unit === top ? m.directly_under({ unit: unit.name }) : unit.name;
    groups.set(unit.unit_id, { key: unit.unit_id, name, present: 0, points: [] });
  }
  for (const point of points) {
    const own = branchOf(point.unit_id);
    const branch = own && top && isOffice(own, report.units) ? top : own;
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
