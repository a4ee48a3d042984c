/** The library of a meeting, as its organisers see it. Moments are ISO 8601 text, days "2026-11-25". */

export const paperKinds = [
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
] as const;
export type PaperKind = (typeof paperKinds)[number];

export const urgencies = ['', 'khan', 'thuong-khan', 'hoa-toc'] as const;
export type Urgency = (typeof urgencies)[number];

export type PaperState = 'ready' | 'working' | 'refused' | 'failed' | 'locked' | 'recalled' | 'hidden';
export type AudienceRole = 'chair' | 'secretary' | 'presenter' | 'delegate' | 'guest' | 'hall' | 'organiser';

export interface Sentences {
  code: string;
  vi: string;
  en: string;
}

export interface Signature {
  signer: string;
  signed_at: string | null;
  intact: boolean;
  covers_whole: boolean;
  /** null: no root certificates are declared, so nobody can say. */
  trusted: boolean | null;
  reason_vi: string;
  reason_en: string;
}

/** Read off the first page. */
export interface Guess {
  title?: string | null;
  kind?: string | null;
  number?: string | null;
  issued_on?: string | null;
  issuer?: string | null;
  urgency?: string | null;
}

export interface Version {
  id: number;
  number: number;
  state: 'queued' | 'working' | 'ready' | 'refused' | 'failed';
  stage: string;
  /** 0 … 1 over the whole way. */
  progress: number;
  page_count: number;
  file_name: string;
  size: number;
  text_quality: 'text' | 'ocr' | 'none';
  signatures: Signature[];
  warnings: Sentences[];
  problem: Sentences | null;
  /** To who manages the paper. */
  guess: Guess | null;
  created_at: string;
  by: string;
  note: string;
}

export interface OlderVersion {
  id: number;
  number: number;
  created_at: string;
  by: string;
  note: string;
  page_count: number;
}

export interface Audience {
  kind: 'unit' | 'point' | 'role' | 'person';
  id?: number | null;
  role?: string | null;
  /** How the server calls a named person; ours need none. */
  name?: string | null;
}

export interface PolicyWrite {
  hidden: boolean;
  opens_at: string | null;
  download: boolean;
  /** Empty: all members of the meeting. */
  audience: Audience[];
}
export type Policy = PolicyWrite & { own: boolean };

export interface Paper {
  id: number;
  item_id: number | null;
  position: number;
  title: string;
  kind: string;
  number: string;
  issued_on: string | null;
  issuer: string;
  urgency: string;
  signed_as: 'view' | 'clean';
  state: PaperState;
  opens_at: string | null;
  recalled_at: string | null;
  recall_reason: string;
  version: Version | null;
  /** The newest that is not ready. */
  pending: Version | null;
  older: OlderVersion[];
  my: { read: boolean; download: boolean; manage: boolean };
  policy: Policy | null;
}

export interface Library {
  meeting_id: number;
  revision: number;
  now: string;
  can_manage: boolean;
  upload_to: { meeting: boolean; items: number[] };
  papers: Paper[];
}

export type PaperWrite = Partial<
  Pick<
    Paper,
    'title' | 'kind' | 'number' | 'issued_on' | 'issuer' | 'urgency' | 'signed_as' | 'item_id' | 'position'
  >
>;

export interface Readers {
  count: number;
  points: { point_id: number | null; name: string; count: number }[];
  /** Halls whose own device may read. */
  halls?: number;
}

export interface Pack {
  state: 'queued' | 'working' | 'ready' | 'failed';
  page_count: number;
  size: number;
  problem: Sentences | null;
  papers: number;
  left_out: { title: string; vi: string; en: string }[];
}
