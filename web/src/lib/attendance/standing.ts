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

/** Seconds lost in gaps that have ended or are going on. */
export function gapSeconds(point: AttendancePoint, now: number): number {
  return point.gaps.reduce(
    (sum, gap) => sum + (Date.parse(gap.to ?? new Date(now).toISOString()) - Date.parse(gap.from)) / 1000,
    0,
  );
}
