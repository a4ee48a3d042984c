/** Short names for the API's types. */
import type { components } from './schema.ts';

type Schemas = components['schemas'];

export type Me = Schemas['Me'];
export type SessionView = Schemas['SessionOut'];
export type Unit = Schemas['UnitOut'];
export type Point = Schemas['PointOut'];
export type Tree = Schemas['Tree'];
export type Person = Schemas['server__accounts__schemas__PersonOut'];
export type OwnDevice = Schemas['OwnDevice'];
export type DevicePart = OwnDevice['part'];
export type DeviceView = Schemas['DeviceOut'];
export type PointDevices = Schemas['PointDevices'];
export type HallMeeting = Schemas['HallMeeting'];
export type MeetingRights = Schemas['RightsOut'];
export type MeetingSummary = Schemas['MeetingSummary'];
export type ListFigures = Schemas['ListFigures'];
export type MeetingWrite = Schemas['MeetingWrite'];
export type Meeting = Schemas['MeetingOut'];
export type MeetingKind = Meeting['kind'];
export type MeetingState = Meeting['state'];
export type AgendaItemView = Schemas['AgendaOut'];
export type AttendanceReport = Schemas['AttendanceReport'];
export type AttendanceUnit = Schemas['AttendanceUnit'];
export type AttendancePoint = Schemas['AttendancePoint'];
/** The body of every refusal, by HTTP or on the live channel. */
export type ErrorBody = Schemas['ErrorBody'];
