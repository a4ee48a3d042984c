/** Short names for the API's types. */
import type { components } from './schema.ts';

type Schemas = components['schemas'];

export type Me = Schemas['Me'];
export type SessionView = Schemas['SessionView'];
export type Unit = Schemas['UnitView'];
export type Point = Schemas['PointView'];
export type Tree = Schemas['Tree'];
export type Person = Schemas['PersonView'];
export type MeetingKind = Schemas['MeetingKind'];
export type MeetingState = Schemas['MeetingState'];
export type MeetingRights = Schemas['MeetingRights'];
export type MeetingSummary = Schemas['MeetingSummary'];
export type MeetingWrite = Schemas['MeetingWrite'];
export type Meeting = Schemas['Meeting'];
export type AgendaItemView = Schemas['AgendaItemView'];
export type AttendanceReport = Schemas['AttendanceReport'];
export type AttendanceUnit = Schemas['AttendanceUnit'];
export type AttendancePoint = Schemas['AttendancePoint'];

/** The body of every refusal, by HTTP or on the live channel (`server/core/errors.py`). */
export interface ErrorBody {
  code: string;
  vi: string;
  en: string;
  details: Record<string, unknown>;
}
