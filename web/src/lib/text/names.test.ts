import { expect, it } from 'vitest';
import { byGivenName } from './names.ts';

it('names stand by the given name, then the family name, in the order of Vietnamese letters', () => {
  const names = [
    'Trần Văn Đức',
    'Lê Thị Ánh',
    'Nguyễn Văn An',
    'Bùi Văn An',
    'Phạm Dũng',
    'Đỗ Thị Ân',
    'Đặng Văn An',
  ];
  const shown = names.map((full_name) => ({ full_name })).sort(byGivenName);
  expect(shown.map(({ full_name }) => full_name)).toEqual([
    'Bùi Văn An',
    'Đặng Văn An',
    'Nguyễn Văn An',
    'Lê Thị Ánh',
    'Đỗ Thị Ân',
    'Phạm Dũng',
    'Trần Văn Đức',
  ]);
});
