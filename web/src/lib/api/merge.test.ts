import { describe, expect, it } from 'vitest';
import { ApiError } from './errors.ts';
import { changed, collision, merged, newerState } from './merge.ts';

const base = { title: 'Báo cáo', number: '', issued_on: null as string | null };
const mine = { ...base, number: '12-BC/TU' };
const theirs = { ...base, title: 'Báo cáo (sửa)', number: '15-BC/TU' };

describe('two people edit one thing', () => {
  it('says what of theirs one is changing too', () => {
    expect(changed(base, mine)).toEqual(['number']);
    expect(collision(base, mine, theirs)).toEqual({ theirs: ['title', 'number'], both: ['number'] });
  });

  it('lays what was changed here over theirs, and nothing else', () => {
    expect(merged(base, mine, theirs)).toEqual({ ...theirs, number: '12-BC/TU' });
  });

  it('reads the newer state out of the refusal, and out of no other', () => {
    const details = {
      revision: 4,
      current: theirs,
      changed_by: 'Nguyễn Thị Hạnh',
      changed_at: '2026-11-25T00:30:00Z',
    };
    const refusal = (code: string) => new ApiError({ code, vi: '', en: '', details }, 409);
    expect(newerState(refusal('edited-meanwhile'))).toEqual({
      revision: 4,
      current: theirs,
      who: 'Nguyễn Thị Hạnh',
      at: '2026-11-25T00:30:00Z',
    });
    expect(newerState(refusal('conflict'))).toBeUndefined();
    expect(newerState(new Error('offline'))).toBeUndefined();
  });
});
