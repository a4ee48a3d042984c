import { expect, it } from 'vitest';
import { safeNext } from './next.ts';

it('goes to a path of this app alone', () => {
  expect(safeNext('/meetings/3?tab=1')).toBe('/meetings/3?tab=1');
  for (const foreign of [null, '', 'https://x.vn', '//x.vn', '/\\x.vn', 'meetings', '/sign-in?next=/'])
    expect(safeNext(foreign)).toBe('/');
});
