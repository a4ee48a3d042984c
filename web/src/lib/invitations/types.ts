/** Delegates of a meeting, their personal links, and who asks to be let in. */

export type DelegateRole = 'delegate' | 'guest' | 'presenter';
export type LinkState = 'none' | 'made' | 'sent' | 'opened' | 'revoked';

export interface Delegate {
  id: number;
  person_id: number;
  full_name: string;
  title: string;
  unit_name: string;
  point_id: number | null;
  point_name: string;
  role: string;
  substitutes_id: number | null;
  email: string | null;
  phone?: string | null;
  position: number;
  link: LinkState;
  mail_error: string;
}

export interface DelegatePoint {
  point_id: number | null;
  name: string;
  unit_name: string;
  count: number;
}

export interface DelegateList {
  points: DelegatePoint[];
  delegates: Delegate[];
}

/** Somebody of the people's list, or somebody named here for the first time. */
export type NewDelegate =
  { person_id: number } | { full_name: string; title: string; email: string | null; phone?: string | null };

export interface DelegateChange {
  point_id?: number | null;
  role?: string;
  full_name?: string;
  title?: string;
  email?: string | null;
  phone?: string | null;
}

export interface ImportRow {
  full_name: string;
  title?: string;
  point_name?: string;
  email?: string | null;
}

export interface ImportReport {
  rows: number;
  ready: ImportRow[];
  bad: { row: number; column: string; value: string; vi: string; en: string }[];
  already: number;
  added: number;
}

export interface LinksReport {
  queued: number;
  without_email: number[];
  links: { delegate_id: number; path: string }[];
}

export interface AccessRequest {
  id: number;
  full_name: string;
  unit_text: string;
  phone: string;
  email: string | null;
  point_id: number | null;
  point_name: string;
  asked_at: string;
  state: 'asked' | 'granted' | 'refused' | 'used';
  decided_by: string;
}
