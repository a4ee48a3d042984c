import type { components } from '#lib/api/schema.ts';

type Schemas = components['schemas'];

export type HallTest = Schemas['HallTestOut'];
export type HallTestWrite = Schemas['HallTestWrite'];
export type Fault = HallTest['faults'][number];
export type Readiness = Schemas['ReadinessBoard'];
export type BoardPoint = Schemas['ReadinessPoint'];
export type ReadyState = BoardPoint['state'];
export type PointReadiness = Schemas['PointReadiness'];
export type Verdict = Schemas['VerdictWrite']['verdict'];
export type Rehearsal = Schemas['RehearsalOut'];
export type RehearsalRecord = Schemas['RehearsalRecord'];
export type RehearsalKind = Rehearsal['kind'];
