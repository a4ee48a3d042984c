/** Attendance of people: derived by the server from its log of check-ins. */

export interface Count {
  expected: number;
  present: number;
  online: number;
  leave: number;
  absent: number;
  substitutes: number;
  /** What to report: the headcount where that is larger, or where there is no list. */
  counted: number;
}

export interface HeadCount {
  count: number;
  at: string;
  by_name: string;
}
export interface SignedOff {
  at: string;
  by_name: string;
  present: number;
}

export interface TurnoutUnit extends Count {
  unit_id: number;
  parent_id: number | null;
  name: string;
  depth: number;
}
export interface TurnoutPoint extends Count {
  point_id: number | null;
  name: string;
  unit_id: number | null;
  unit_name: string;
  headcount: HeadCount | null;
  signed_off: SignedOff | null;
}
export interface Turnout {
  as_of: string;
  totals: Count;
  units: TurnoutUnit[];
  points: TurnoutPoint[];
}

export type Standing = 'expected' | 'present' | 'online' | 'leave' | 'absent' | 'left';
type Other = { delegate_id: number; full_name: string } | null;

export interface HallPerson {
  delegate_id: number;
  full_name: string;
  title: string;
  unit_name: string;
  role: string;
  state: Standing;
  at: string | null;
  how: string;
  by_name: string;
  reason: string;
  substitute: Other;
  substitutes: Other;
  /** The point where this person checked in instead. */
  elsewhere: string | null;
}

export interface PointPeople {
  point_id: number;
  name: string;
  unit_name: string;
  as_of: string;
  count: Count;
  headcount: HeadCount | null;
  signed_off: SignedOff | null;
  /** Whether this person may take attendance here. */
  may_take: boolean;
  people: HallPerson[];
}

export type CheckKind = 'in' | 'out' | 'leave' | 'leave-withdrawn';
export type CheckHow = 'list' | 'group' | 'by-hand';
