import { expect, it } from 'vitest';
import { guides } from './guides.ts';
import { helpFor } from './here.ts';

it.each([
  ['/administration/people/7', 'administrator'],
  ['/administration/devices', 'technician'],
  ['/meetings/new', 'organiser'],
  ['/meetings/3/letters', 'organiser'],
  ['/meetings/3/attendance', 'secretary'],
  ['/meetings/3/points/4/people', 'hall-secretary'],
  ['/meetings/3/delegate', 'delegate'],
])('the help for %s is that of the %s', (pathname, guide) => {
  expect(helpFor(pathname)).toBe(`/help/${guide}`);
  expect(guides.map(({ id }) => id)).toContain(guide);
});

it('a page of nobody in particular leads to all guides', () => {
  expect(helpFor('/')).toBe('/help');
});
