/** Attendance of people: derived by the server from its log of check-ins. */
import type { components } from '#lib/api/schema.ts';

type Schemas = components['schemas'];

export type Count = Schemas['CountOut'];
export type Turnout = Schemas['TurnoutOut'];
export type TurnoutUnit = Turnout['units'][number];
export type TurnoutPoint = Turnout['points'][number];
export type PointPeople = Schemas['PointPeople'];
export type HallPerson = PointPeople['people'][number];
export type Standing = HallPerson['state'];

export interface Checks {
  delegate_ids: number[];
  kind: 'in' | 'out' | 'leave' | 'leave-withdrawn';
  how: 'list' | 'group' | 'by-hand';
  reason?: string;
}
export type CheckKind = Checks['kind'];
