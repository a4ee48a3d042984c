import { beforeEach, describe, expect, it } from 'vitest';
import { type Draft, emptyDraft, faults, isPast, length, newRow, writeOf } from './draft.ts';
import { drop, keep, kept } from './keep.ts';
import { changed, collision, merged, same } from '#lib/api/merge.ts';

const unit = { id: 1, label: 'Tỉnh ủy Lâm Đồng' };
const hall = { id: 10, label: 'Hội trường Tỉnh ủy' };
const friday = new Date('2026-11-20T15:00:00+07:00');

function draft(change: Partial<Draft> = {}): Draft {
  return { ...emptyDraft(unit, friday), title: 'Hội nghị quán triệt Nghị quyết', mainPoint: hall, ...change };
}

/** As much of the browser's storage as is used. */
function storage(): Storage {
  const held = new Map<string, string>();
  return {
    getItem: (key: string) => held.get(key) ?? null,
    setItem: (key: string, value: string) => void held.set(key, value),
    removeItem: (key: string) => void held.delete(key),
  } as Storage;
}

describe('a new draft', () => {
  it('is on the next working day', () => {
    expect(emptyDraft(unit, friday).date).toBe('2026-11-23');
  });
  it('has a length and an agenda inside it', () => {
    expect(length(draft())).toBe(210);
  });
});

describe('faults', () => {
  it('finds none in a complete draft', () => {
    expect(faults(draft())).toEqual({});
  });
  it('names each field that is missing or wrong', () => {
    const bad = draft({ title: ' ', unit: null, mainPoint: null, end: '07:00', agenda: [newRow(0)] });
    expect(Object.keys(faults(bad)).sort()).toEqual([
      'agenda.0.minutes',
      'agenda.0.title',
      'ends_at',
      'main_point_id',
      'title',
      'unit_id',
    ]);
  });
  it('refuses an empty time', () => {
    expect(faults(draft({ start: '' })).starts_at).toBeTruthy();
  });
  it('refuses a day or a time that does not exist, and a name that is nobody', () => {
    expect(faults(draft({ date: '31/02/2027' })).starts_at).toBeTruthy();
    expect(faults(draft({ start: '25h70' })).starts_at).toBeTruthy();
    expect(faults(draft({ endDate: '31/11/2026' })).ends_at).toBeTruthy();
    expect(faults(draft({ chair: { id: null, label: 'Không Ai' } })).chair_id).toBeTruthy();
    expect(faults(draft({ secretary: { id: 3, label: 'Thư Ký' } })).secretary_id).toBeUndefined();
  });
});

describe('a day that is over', () => {
  const now = new Date('2026-11-27T03:00:00Z'); // ten o'clock in Việt Nam
  it.each([
    ['2025-12-01', '07:30', true],
    ['2026-11-27', '09:59', true],
    ['2026-11-27', '10:01', false],
    ['2026-12-01', '07:30', false],
    ['31/02/2027', '07:30', false],
  ])('%s %s: %s', (date, start, past) => {
    expect(isPast({ ...emptyDraft({ id: 1, label: '' }), date, start }, now)).toBe(past);
  });
});

describe('writeOf', () => {
  it('always has the main point among the points, with its speaker if given', () => {
    expect(writeOf(draft({ points: { 20: ' Đ/c Hạnh ' } })).points).toEqual([
      { point_id: 10, speaker: '' },
      { point_id: 20, speaker: 'Đ/c Hạnh' },
    ]);
    expect(writeOf(draft({ points: { 10: 'Đ/c Bí thư' } })).points).toEqual([
      { point_id: 10, speaker: 'Đ/c Bí thư' },
    ]);
  });
  it('sends a presenter as a person or as text', () => {
    const agenda = [
      { ...newRow(), title: 'a', presenter: { id: 7, label: 'Trần Văn Minh' } },
      { ...newRow(), title: 'b', presenter: { id: null, label: 'Văn phòng Tỉnh ủy' } },
    ];
    const [first, second] = writeOf(draft({ agenda })).agenda ?? [];
    expect(first).toMatchObject({ presenter_id: 7, presenter_text: '' });
    expect(second).toMatchObject({ presenter_id: null, presenter_text: 'Văn phòng Tỉnh ủy' });
  });
});

describe('merging with what others saved', () => {
  const base = draft();
  const mine = { ...base, title: 'Tên của tôi', end: '12:00' };
  const theirs = { ...base, title: 'Tên của họ', start: '08:00' };

  it('tells what they changed and where it collides', () => {
    expect(collision(base, mine, theirs)).toEqual({ theirs: ['title', 'start'], both: ['title'] });
  });
  it('lays what was changed here over theirs', () => {
    expect(merged(base, mine, theirs)).toMatchObject({ title: 'Tên của tôi', start: '08:00', end: '12:00' });
  });
  it('sees no difference in row keys and in details of a choice', () => {
    const other = {
      ...base,
      unit: { ...unit, detail: 'cấp tỉnh' },
      agenda: base.agenda.map((row) => ({ ...row, key: 'other' })),
    };
    expect(same(base, other)).toBe(true);
    expect(changed(base, { ...base, agenda: base.agenda.slice(1) })).toEqual(['agenda']);
  });
});

describe('keeping a draft', () => {
  let held: Storage;
  beforeEach(() => (held = storage()));

  it('gives back what was kept, by meeting, until dropped', () => {
    const one = { version: 3, at: '2026-11-20T08:00:00Z', base: draft(), draft: draft({ title: 'Khác' }) };
    keep(5, one, held);
    expect(kept(5, held)).toEqual(one);
    expect(kept('new', held)).toBeNull();
    drop(5, held);
    expect(kept(5, held)).toBeNull();
  });
  it('throws away what it cannot read', () => {
    held.setItem('nhipcau.own..meeting-draft.2.5', '{"version":');
    expect(kept(5, held)).toBeNull();
    expect(held.getItem('nhipcau.own..meeting-draft.2.5')).toBeNull();
  });
  it('survives a full store', () => {
    const full = { ...held };
    full.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    expect(() => keep(5, { version: 1, at: '', base: draft(), draft: draft() }, full)).not.toThrow();
  });
});
