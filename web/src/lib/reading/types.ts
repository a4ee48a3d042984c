/** Reading receipts as the organiser sees them, and search. */

export interface Progress {
  expected: number;
  delivered: number;
  opened: number;
  finished: number;
}

export interface BoardPaper extends Progress {
  paper_id: number;
  title: string;
  version_id: number | null;
}
export interface BoardUnit extends Progress {
  unit_id: number;
  parent_id: number | null;
  name: string;
  depth: number;
}
export interface BoardPoint extends Progress {
  point_id: number | null;
  name: string;
  unit_id: number | null;
}

/** delivered, opened, pages seen, pages, last time */
export type PersonPaper = [boolean, boolean, number, number, string | null];

export interface BoardPerson extends Progress {
  delegate_id: number;
  person_id: number;
  full_name: string;
  title: string;
  point_id: number | null;
  last_at: string | null;
  papers: Record<string, PersonPaper>;
}

export interface Board {
  as_of: string;
  papers: BoardPaper[];
  units: BoardUnit[];
  points: BoardPoint[];
  /** Gaps first. */
  people: BoardPerson[];
}

export type Gap = 'unopened' | 'unfinished';

export interface Reminded {
  people: number;
  mail: number;
  in_app: number;
  without_email: number;
}

export interface SearchHit {
  meeting_id: number;
  meeting_title: string;
  paper_id: number;
  version_id: number;
  title: string;
  number: string;
  page: number;
  snippet: { text: string; mark: boolean }[];
  /** Folded words to mark on the page. */
  words: string[];
}

export interface SearchResult {
  total: number;
  hits: SearchHit[];
}
