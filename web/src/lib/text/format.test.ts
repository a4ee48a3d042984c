import { describe, expect, it } from 'vitest';
import { ahead, lasting } from './format.ts';

describe('lengths in words', () => {
  it('says minutes as minutes, never as a clock that could be hours', () => {
    expect([45, 60, 360, 3_720].map(lasting)).toEqual(['45 giây', '1 phút', '6 phút', '1 giờ 2 phút']);
  });
  it('counts what is days ahead in days', () => {
    expect([125, 64 * 60 + 15, 2 * 1440, 3 * 1440 - 10].map(ahead)).toEqual([
      '2 giờ 5 phút',
      '2 ngày 16 giờ',
      '2 ngày',
      '3 ngày',
    ]);
  });
});
