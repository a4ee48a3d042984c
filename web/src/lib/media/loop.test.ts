import { expect, it } from 'vitest';
import { heardLoop } from './loop.ts';

const quiet = [-80, -82, -85];

it('hears tones that stand out from the quiet and from each other', () => {
  const tones = [
    [-40, -78, -80],
    [-79, -45, -81],
    [-77, -80, -50],
  ];
  expect(heardLoop(quiet, tones)).toBe(true);
});

it('allows for one that somebody talked over', () => {
  const talked = [
    [-40, -78, -80],
    [-38, -40, -41],
    [-77, -80, -50],
  ];
  expect(heardLoop(quiet, talked)).toBe(true);
});

it('does not take silence, speech or a steady hum for its tones', () => {
  const silence = [quiet, quiet, quiet];
  const speech = [
    [-40, -42, -44],
    [-38, -41, -40],
    [-39, -43, -41],
  ];
  expect(heardLoop(quiet, silence)).toBe(false);
  expect(heardLoop(quiet, speech)).toBe(false);
  const hum = [-30, -82, -85];
  expect(heardLoop(hum, [hum, hum, hum])).toBe(false);
});
