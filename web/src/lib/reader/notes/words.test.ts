import { expect, it } from 'vitest';
import type { TextLine } from '#lib/papers/types.ts';
import { between, wordNear } from './words.ts';

const lines: TextLine[] = [
  [
    0.1,
    0.1,
    0.5,
    0.02,
    [
      [0.1, 0.1, 'một'],
      [0.3, 0.1, 'hai'],
      [0.5, 0.1, 'ba'],
    ],
  ],
  [
    0.1,
    0.14,
    0.3,
    0.02,
    [
      [0.1, 0.1, 'bốn'],
      [0.3, 0.1, 'năm'],
    ],
  ],
];

it('finds the word under a finger, also between words and a little beside the line', () => {
  expect(wordNear(lines, 0.35, 0.11)).toEqual({ line: 0, word: 1 });
  expect(wordNear(lines, 0.47, 0.125)).toEqual({ line: 0, word: 2 });
  expect(wordNear(lines, 0.9, 0.15)).toEqual({ line: 1, word: 1 });
  expect(wordNear(lines, 0.5, 0.5)).toBeNull();
});

it('takes what lies between two words, forwards or backwards', () => {
  const forwards = between(lines, { line: 0, word: 1 }, { line: 1, word: 0 });
  expect(forwards).toEqual(between(lines, { line: 1, word: 0 }, { line: 0, word: 1 }));
  expect(forwards.text).toBe('hai ba bốn');
  expect(forwards.rects).toEqual([
    [0.3, 0.1, 0.3, 0.02],
    [0.1, 0.14, 0.1, 0.02],
  ]);
});
