import { describe, expect, it } from 'vitest';
import { fits, fold } from './fold.ts';

describe('fold', () => {
  it('takes off every mark, and đ', () => {
    expect(fold('Đạ Tẻh')).toBe('da teh');
    expect(fold('Nguyễn Thị Hạnh')).toBe('nguyen thi hanh');
    expect(fold('Đưng K’Nớ')).toBe('dung kno');
  });
  it('reads composed and decomposed text alike', () => {
    expect(fold('Bảo Lộc'.normalize('NFD'))).toBe(fold('Bảo Lộc'.normalize('NFC')));
  });
});

describe('fits', () => {
  it('takes words in any order', () => {
    expect(fits('Nguyễn Thị Hạnh', 'hanh nguyen')).toBe(true);
    expect(fits('Nguyễn Thị Hạnh', 'hanh tran')).toBe(false);
    expect(fits('Nguyễn Thị Hạnh', '')).toBe(true);
  });
});
