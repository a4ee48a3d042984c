/** The library of a meeting, as its organisers see it. Moments are ISO 8601 text, days "2026-11-25". */
import type { components } from '#lib/api/schema.ts';

type Schemas = components['schemas'];

export type Library = Schemas['Library'];
export type Paper = Schemas['PaperOut'];
export type PaperKind = Paper['kind'];
export type PaperState = Paper['state'];
export type Urgency = Paper['urgency'];
export type Version = Schemas['VersionOut'];
export type OlderVersion = Schemas['OlderOut'];
export type Signature = Schemas['SignatureOut'];
/** Read off the first page. */
export type Guess = Schemas['GuessOut'];
export type PaperWrite = Schemas['PaperPatch'];
export type Policy = Schemas['PolicyOut'];
export type PolicyWrite = Schemas['PolicyWrite'];
export type Audience = NonNullable<PolicyWrite['audience']>[number];
export type AudienceRole = Extract<Audience, { kind: 'role' }>['role'];
export type Readers = Schemas['ReadersOut'];

export const paperKinds: PaperKind[] = [
  'to-trinh',
  'bao-cao',
  'du-thao',
  'nghi-quyet',
  'quyet-dinh',
  'ke-hoach',
  'chuong-trinh',
  'thong-bao',
  'huong-dan',
  'cong-van',
  'bien-ban',
  'giay-moi',
  'phat-bieu',
  'phu-luc',
  'tham-khao',
  'khac',
];
export const urgencies: Urgency[] = ['', 'khan', 'thuong-khan', 'hoa-toc'];
