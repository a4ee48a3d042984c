import { describe, expect, it } from 'vitest';
import type { Library, Paper } from '#lib/papers/types.ts';
import { judge } from './network.ts';
import { plan, type Situation } from './planner.ts';

const now = Date.parse('2026-11-21T07:00:00Z');
const at = (hours: number) => new Date(now + hours * 3_600_000).toISOString();

function paper(id: number, more: Partial<Paper> = {}): Paper {
  const version = {
    id: id * 10,
    number: 1,
    state: 'ready' as const,
    stage: '',
    progress: 1,
    page_count: 10,
    file_name: '',
    mime: 'application/pdf',
    size: 0,
    pdf_size: 0,
    picture_bytes: { '900': 1_000_000 },
    text_quality: 'text',
    signatures: [],
    warnings: [],
    problem: null,
    guess: null,
    has_outline: false,
    created_at: at(-5),
    by: '',
    note: '',
  };
  return {
    id,
    revision: 1,
    meeting_id: 1,
    item_id: null,
    position: id,
    title: '',
    kind: 'khac',
    number: '',
    issued_on: null,
    issuer: '',
    urgency: '',
    signed_as: 'view',
    state: 'ready',
    opens_at: null,
    recalled_at: null,
    recall_reason: '',
    version,
    pending: null,
    policy: null,
    older: [],
    my: { read: true, download: false, manage: false },
    ...more,
  };
}
const library = (meeting: number, ...papers: Paper[]): Library => ({
  meeting_id: meeting,
  revision: 1,
  conversion: 0,
  upload_to: { meeting: false, items: [] },
  now: at(0),
  spread_seconds: 1,
  can_manage: false,
  papers,
});
const meeting = (id: number, starts: number, state = 'invited') => ({
  id,
  my: { organise: false, conduct: false },
  state,
  starts_at: at(starts),
  ends_at: at(starts + 4),
});
const saved = (paper_id: number, version_id: number, more = {}) => ({
  version_id,
  paper_id,
  meeting_id: 1,
  pinned: false,
  complete: true,
  ...more,
});
const situation = (more: Partial<Situation>): Situation => ({
  meetings: [meeting(1, 2)],
  libraries: [library(1, paper(1), paper(2))],
  saved: [],
  choice: 'wifi',
  network: 'free',
  now,
  ...more,
});
const fetched = (more: Partial<Situation>) => plan(situation(more)).fetch.map(({ version_id }) => version_id);
const dropped = (more: Partial<Situation>) =>
  plan(situation(more)).drop.map(({ version_id, reason }) => [version_id, reason]);

describe('what is fetched ahead', () => {
  it('is what is coming, nearest meeting first, in the order of the agenda', () => {
    const meetings = [meeting(1, 50), meeting(2, 3)];
    expect(fetched({ meetings, libraries: [library(1, paper(1), paper(2)), library(2, paper(3))] })).toEqual([
      30, 10, 20,
    ]);
  });
  it('leaves out what is here, drafts, the far future and the past', () => {
    expect(fetched({ saved: [saved(1, 10)] })).toEqual([20]);
    for (const one of [meeting(1, 2, 'draft'), meeting(1, 24 * 30), meeting(1, -24 * 3, 'ended')])
      expect(fetched({ meetings: [one] })).toEqual([]);
  });
  it('leaves out what may not be read yet or any more', () => {
    const locked = paper(3, {
      state: 'locked',
      opens_at: at(1),
      my: { read: false, download: false, manage: false },
    });
    const recalled = paper(4, { state: 'recalled', recalled_at: at(-1) });
    expect(fetched({ libraries: [library(1, locked, recalled)] })).toEqual([]);
  });
  it('follows the choice and the line', () => {
    expect(fetched({ choice: 'never' })).toEqual([]);
    expect(fetched({ network: 'metered' })).toEqual([]);
    expect(fetched({ choice: 'always', network: 'metered' })).toEqual([10, 20]);
  });
  it('takes what was asked for by hand on any line, first, and what was begun so', () => {
    expect(fetched({ choice: 'never', asked: new Set([20]) })).toEqual([20]);
    expect(fetched({ asked: new Set([20]) })).toEqual([20, 10]);
    expect(fetched({ choice: 'never', saved: [saved(2, 20, { pinned: true, complete: false })] })).toEqual([
      20,
    ]);
  });
  it('is not every paper of who prepares meetings', () => {
    const office = { ...meeting(1, 2), my: { organise: true, conduct: false } };
    expect(fetched({ meetings: [office] })).toEqual([]);
    expect(fetched({ meetings: [office], asked: new Set([20]) })).toEqual([20]);
  });
  it('is no more than a device can spare', () => {
    const huge = paper(1);
    huge.version!.picture_bytes['900'] = 600_000_000;
    expect(fetched({ choice: 'always', libraries: [library(1, huge, paper(2))] })).toEqual([20]);
  });
  it('begins with what is being read', () => {
    expect(fetched({ open: 2 })).toEqual([20, 10]);
    expect(fetched({ open: 2, choice: 'never' })).toEqual([]);
  });
  it('does not bring back what was taken off by hand', () => {
    expect(fetched({ declined: new Set([1]) })).toEqual([20]);
    expect(fetched({ declined: new Set([1]), asked: new Set([10]) })).toEqual([10, 20]);
  });
  it('fetches no more than a little on a line of unknown price', () => {
    const heavy = paper(1);
    heavy.version!.picture_bytes['900'] = 59_000_000;
    expect(fetched({ network: 'unknown', libraries: [library(1, heavy, paper(2), paper(3))] })).toEqual([10]);
    expect(
      fetched({ network: 'unknown', choice: 'always', libraries: [library(1, heavy, paper(2))] }),
    ).toEqual([10, 20]);
  });
});

describe('what leaves the device', () => {
  it('is what was recalled, locked, hidden or is no longer for this reader', () => {
    const none = { read: false, download: false, manage: false };
    for (const gone of [
      [paper(1, { state: 'recalled', recalled_at: at(-1), my: none, version: null })],
      [paper(1, { state: 'locked', opens_at: at(1), my: none })],
      [paper(1, { my: none })],
      [],
    ])
      expect(dropped({ saved: [saved(1, 10, { pinned: true })], libraries: [library(1, ...gone)] })).toEqual([
        [10, 'rights'],
      ]);
  });
  it('is everything of a meeting one no longer belongs to', () => {
    expect(dropped({ meetings: [], libraries: [], saved: [saved(1, 10)] })).toEqual([[10, 'rights']]);
  });
  it('is an older version once the newer one is complete, not before', () => {
    const renewed = paper(1, {
      older: [{ id: 9, number: 1, created_at: at(-9), by: '', note: '', page_count: 10 }],
    });
    const libraries = [library(1, renewed)];
    expect(dropped({ libraries, saved: [saved(1, 9)] })).toEqual([]);
    expect(dropped({ libraries, saved: [saved(1, 9), saved(1, 10, { complete: false })] })).toEqual([]);
    expect(dropped({ libraries, saved: [saved(1, 9), saved(1, 10)] })).toEqual([[9, 'replaced']]);
  });
  it('is a meeting that was over yesterday, unless saved by hand', () => {
    const meetings = [meeting(1, -48, 'ended')];
    expect(dropped({ meetings, saved: [saved(1, 10)] })).toEqual([[10, 'over']]);
    expect(dropped({ meetings, saved: [saved(1, 10, { pinned: true })] })).toEqual([]);
  });
  it('is nothing while the server was not asked', () => {
    expect(dropped({ meetings: undefined, libraries: [], saved: [saved(1, 10)] })).toEqual([]);
  });
});

describe('judge', () => {
  it('takes Wi-Fi and desktops as free, saving data and mobile lines as dear, silent phones as unknown', () => {
    expect(judge({ type: 'wifi' }, true)).toBe('free');
    expect(judge({ type: 'cellular', effectiveType: '4g' }, true)).toBe('metered');
    expect(judge({ type: 'wifi', saveData: true }, true)).toBe('metered');
    expect(judge({ effectiveType: '3g' }, false)).toBe('metered');
    expect(judge({ effectiveType: '4g' }, false)).toBe('free');
    expect(judge(undefined, false)).toBe('free');
    expect(judge(undefined, true)).toBe('unknown');
  });
});
