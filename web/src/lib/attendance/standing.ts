import type { AttendancePoint, AttendanceReport, AttendanceUnit } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';
import { type Span, spans } from '#lib/organisations/spans.ts';
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

/** Figures of one row: a unit's branch, or what stands directly under the top. */
export type BranchRow = Omit<AttendanceUnit, 'people'>;

/**
 * The rows of the roll-up: the top, what stands directly under it as one row, its branches, and below them whatever gathers
 * several points. A unit that only repeats its one point says nothing new.
 */
export function rollUp(report: AttendanceReport): BranchRow[] {
  const counted = report.units.filter((unit) => unit.points > 0);
  const rows: BranchRow[] = [];
  for (const unit of counted) {
    if (isOffice(unit, report.units)) continue;
    if (unit.depth > 1 && unit.points === 1) continue;
    rows.push(unit);
    if (unit.depth === 0) rows.push(...directly(unit, report));
  }
  return rows;
}

function directly(top: AttendanceUnit, report: AttendanceReport): BranchRow[] {
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

export interface Group extends Span<AttendancePoint> {
  present: number;
}

/** The points by the branch right below the top that each belongs to; the top's own and its offices come first. */
export function grouped(report: AttendanceReport, points: readonly AttendancePoint[]): Group[] {
  return spans(report.units, points, report.points).map((span) => ({
    ...span,
    present: span.points.filter((point) => point.present).length,
  }));
}

/** Seconds lost in gaps. */
export function gapSeconds(point: AttendancePoint): number {
  return point.gaps.reduce((sum, gap) => sum + (Date.parse(gap.to) - Date.parse(gap.from)) / 1000, 0);
}
