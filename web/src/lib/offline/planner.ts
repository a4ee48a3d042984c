import type { Library, Paper } from '#lib/papers/types.ts';
import type { Network } from './network.ts';

/** When papers are fetched ahead on this device. */
export type Choice = 'always' | 'wifi' | 'never';

export interface ComingMeeting {
  id: number;
  my: { organise: boolean; conduct: boolean };
  state: string;
  starts_at: string;
  ends_at: string;
}

export interface SavedSummary {
  version_id: number;
  paper_id: number;
  meeting_id: number;
  pinned: boolean;
  complete: boolean;
}

export interface Wish {
  version_id: number;
  paper_id: number;
  meeting_id: number;
  /** About so many bytes. */
  bytes: number;
}

/** Why a paper leaves the device; `replaced` and `over` take only the version, the others everything of the paper. */
export type DropReason = 'rights' | 'replaced' | 'over';

export interface Plan {
  fetch: Wish[];
  drop: { version_id: number; paper_id: number; reason: DropReason }[];
}

export interface Situation {
  /** The meetings this person sees now; undefined when the server was not asked. */
  meetings?: ComingMeeting[];
  /** Libraries as the server has them now, those that were asked for. */
  libraries: Library[];
  saved: SavedSummary[];
  /** Versions asked for by hand. */
  asked?: ReadonlySet<number>;
  /** The paper somebody reads now: it is fetched before the others. */
  open?: number;
  /** Papers taken off by hand: they do not come back unasked. */
  declined?: ReadonlySet<number>;
  choice: Choice;
  network: Network;
  now: number;
}

const hour = 3_600_000;
/** Papers stay so long after a meeting, for who reads on the way home. */
const stays = 24 * hour;
const ahead = 14 * 24 * hour;
/** On a line of unknown price no more than this is fetched unasked. */
const unaskedAtMost = 60_000_000;
/** Nor on any line more than this: it is a device with other uses. */
const aheadAtMost = 500_000_000;

/** What to fetch (first what was asked for by hand, then what is being read, then the nearest meeting's in the agenda's order), and what to take off the device. */
export function plan(situation: Situation): Plan {
  const { meetings, libraries, saved } = situation;
  const drop = [];
  for (const version of saved) {
    const reason = leaves(version, situation);
    if (reason) drop.push({ version_id: version.version_id, paper_id: version.paper_id, reason });
  }
  const complete = new Set(saved.filter((one) => one.complete).map((one) => one.version_id));
  const pinned = new Set(saved.filter((one) => one.pinned).map((one) => one.paper_id));
  const start = new Map(meetings?.map((meeting) => [meeting.id, Date.parse(meeting.starts_at)]));
  const inOrder = [...libraries].sort(
    (a, b) => (start.get(a.meeting_id) ?? Infinity) - (start.get(b.meeting_id) ?? Infinity),
  );
  const fetch: Wish[] = [];
  const unasked = situation.network === 'unknown' && situation.choice === 'wifi';
  const atMost = unasked ? unaskedAtMost : aheadAtMost;
  let total = 0;
  for (const library of inOrder) {
    const automatic = fetchedAhead(library.meeting_id, situation);
    for (const paper of library.papers) {
      const wish = wanted(paper, library.meeting_id);
      if (!wish || complete.has(wish.version_id)) continue;
      if (!pinned.has(paper.id) && !situation.asked?.has(wish.version_id)) {
        if (!automatic || situation.declined?.has(paper.id)) continue;
        if (total + wish.bytes > atMost) continue;
      }
      total += wish.bytes;
      fetch.push(wish);
    }
  }
  const urgent = (wish: Wish) =>
    Number(wish.paper_id === situation.open) + 2 * Number(situation.asked?.has(wish.version_id) ?? false);
  return { fetch: fetch.sort((a, b) => urgent(b) - urgent(a)), drop };
}

/** Whether a paper's content may lie on this reader's device. */
export function mayKeep(paper: Paper): boolean {
  return paper.my.read && (paper.state === 'ready' || paper.my.manage) && paper.recalled_at === null;
}

function wanted(paper: Paper, meeting: number): Wish | null {
  if (!paper.version || !mayKeep(paper)) return null;
  return {
    version_id: paper.version.id,
    paper_id: paper.id,
    meeting_id: meeting,
    bytes: bytesOf(paper),
  };
}

/** What saving a paper costs: its pictures, and its words at some kilobytes a page. */
export function bytesOf(paper: Paper): number {
  const version = paper.version;
  return version ? (version.picture_bytes['900'] ?? 0) + version.page_count * 8_000 : 0;
}

function fetchedAhead(meeting: number, { meetings, choice, network, now }: Situation): boolean {
  if (choice === 'never' || (choice === 'wifi' && network === 'metered')) return false;
  const known = meetings?.find((one) => one.id === meeting);
  if (!known || !isComing(known, now)) return false;
  // Who prepares meetings sees very many papers, and reads them at a desk; saving one is a press away.
  return !known.my.organise || known.my.conduct;
}

/** Whether a meeting's papers belong on the device. */
export function isComing(meeting: ComingMeeting, now: number): boolean {
  if (meeting.state === 'draft') return false;
  if (meeting.state === 'running' || meeting.state === 'open') return true;
  return Date.parse(meeting.starts_at) < now + ahead && Date.parse(meeting.ends_at) > now - stays;
}

function leaves(version: SavedSummary, { meetings, libraries, saved, now }: Situation): DropReason | null {
  const library = libraries.find((one) => one.meeting_id === version.meeting_id);
  if (library) {
    const paper = library.papers.find((one) => one.id === version.paper_id);
    if (!paper || !mayKeep(paper)) return 'rights';
    const newest = paper.version?.id;
    const isOlder = newest !== undefined && newest !== version.version_id;
    if (isOlder && !paper.older.some((one) => one.id === version.version_id)) return 'rights';
    if (isOlder && saved.some((one) => one.version_id === newest && one.complete)) return 'replaced';
  }
  if (!meetings) return null;
  const meeting = meetings.find((one) => one.id === version.meeting_id);
  if (!meeting) return 'rights';
  const over =
    (meeting.state === 'ended' || meeting.state === 'cancelled') && Date.parse(meeting.ends_at) < now - stays;
  return over && !version.pinned ? 'over' : null;
}
