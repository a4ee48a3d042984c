/** A meeting's papers as a reader gets them, under the names of `server/documents/schemas.py`. */

export type PaperState = 'ready' | 'working' | 'refused' | 'failed' | 'locked' | 'recalled' | 'hidden';

export interface Sentence {
  code: string;
  vi: string;
  en: string;
}

export interface PaperSignature {
  signer: string;
  signed_at: string | null;
  /** Nothing was changed since. */
  intact: boolean;
  covers_whole: boolean;
  /** Null: this system knows no authority to ask. */
  trusted: boolean | null;
  reason_vi: string;
  reason_en: string;
}

export interface Version {
  id: number;
  number: number;
  state: string;
  page_count: number;
  file_name: string;
  pdf_size: number;
  /** What all pictures of a width weigh: `{"900": …, "1800": …}`. */
  picture_bytes: Record<string, number>;
  text_quality: 'text' | 'ocr' | 'none';
  signatures: PaperSignature[];
  warnings: Sentence[];
  has_outline: boolean;
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
  older: OlderVersion[];
  my: { read: boolean; download: boolean; manage: boolean };
}

export interface Library {
  meeting_id: number;
  revision: number;
  now: string;
  spread_seconds: number;
  can_manage: boolean;
  papers: Paper[];
}

export interface OutlineEntry {
  title: string;
  /** From 1. */
  page: number;
  level: number;
}

/** Everything about one version but its pages' content. */
export interface VersionHead {
  version: Version;
  paper: Paper;
  outline: OutlineEntry[];
  /** Width and height of each page in points. */
  pages: [width: number, height: number][];
}

export type Word = [x: number, width: number, word: string];
/** Places are parts (0 … 1) of the page. */
export type TextLine = [x: number, y: number, width: number, height: number, words: Word[]];

export interface PageText {
  number: number;
  lines: TextLine[];
}

/** A rectangle on a page, in parts of it. */
export type Box = [x: number, y: number, width: number, height: number];

export type PictureWidth = 900 | 1800;

/** What is known of the own reading of a version. */
export interface OwnReceipt {
  delivered_at: string | null;
  opened_at: string | null;
  last_page: number;
  seen_count: number;
}

/** Who reads, drawn over every page. */
export interface Reader {
  name: string;
  unit: string;
}
