/** Delegates of a meeting, their personal links, and who asks to be let in. */

export type DelegateRole = 'delegate' | 'guest';
export type LinkState = 'none' | 'made' | 'sent' | 'opened' | 'revoked';

export interface Delegate {
  id: number;
  person_id: number;
  full_name: string;
  title: string;
  unit_name: string;
  point_id: number | null;
  point_name: string;
  role: DelegateRole;
  substitutes_id: number | null;
  email: string | null;
  phone: string | null;
  position: number;
  link: LinkState;
  /** Why the last e-mail with a link has not gone out. */
  mail_error: { code: string; vi: string; en: string } | null;
}

export interface DelegatePoint {
  point_id: number | null;
  name: string;
  unit_name: string;
  count: number;
}

export interface DelegateList {
  points: DelegatePoint[];
  /** Who fits; `delegates` may end sooner. */
  total: number;
  delegates: Delegate[];
}

/** Somebody of the people's list, or somebody named here for the first time. */
export type NewDelegate =
  { person_id: number } | { full_name: string; title: string; email: string | null; phone?: string | null };

export interface DelegateChange {
  point_id?: number | null;
  role?: DelegateRole;
  full_name?: string;
  title?: string;
  email?: string | null;
  phone?: string | null;
}

export interface ImportRow {
  row: number;
  full_name: string;
  title: string;
  point_name: string;
  email: string | null;
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
  state: 'asked' | 'granted' | 'refused';
  decided_by: string;
  /** On the list and called the same: perhaps the one who asks. */
  same_name: { delegate_id: number; full_name: string; title: string; point_name: string }[];
}
