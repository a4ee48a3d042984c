import { describe, expect, it } from 'vitest';
import { foldPage, hitsOn, phrase, segments, singleWords } from './find.ts';
import type { TextLine } from '#lib/papers/types.ts';

const lines: TextLine[] = [
  [
    0.1,
    0.1,
    0.8,
    0.02,
    [
      [0.1, 0.1, 'Thực'],
      [0.22, 0.1, 'hiện'],
      [0.34, 0.1, 'Nghị'],
      [0.46, 0.1, 'quyết'],
    ],
  ],
  [
    0.1,
    0.13,
    0.4,
    0.02,
    [
      [0.1, 0.1, '57-NQ/TW'],
      [0.22, 0.1, 'của'],
      [0.34, 0.1, 'Đảng,'],
    ],
  ],
];
const page = foldPage(lines);

describe('hitsOn', () => {
  it('finds words without their diacritics, and the other way round', () => {
    for (const query of ['nghi quyet', 'NGHỊ QUYẾT', ' nghị  quyết '])
      expect(hitsOn(3, page, phrase(query))).toHaveLength(1);
  });
  it('joins the boxes of one line and parts those of two', () => {
    const [hit] = hitsOn(3, page, phrase('nghị quyết 57'));
    expect(hit?.boxes).toHaveLength(2);
    expect(hit?.boxes[0]?.[0]).toBeCloseTo(0.34);
    expect(hit?.boxes[0]?.[2]).toBeCloseTo(0.22);
    // "57" are two of the eight letters of "57-NQ/TW".
    expect(hit?.boxes[1]?.[2]).toBeCloseTo(0.025);
  });
  it('shows what stands around, as it is written', () => {
    const [hit] = hitsOn(3, page, phrase('quyet'));
    expect(hit).toMatchObject({
      page: 3,
      before: 'Thực hiện Nghị',
      match: 'quyết',
      after: '57-NQ/TW của Đảng,',
    });
  });
  it('finds document numbers and words before a comma', () => {
    expect(hitsOn(1, page, phrase('57-nq/tw'))).toHaveLength(1);
    expect(hitsOn(1, page, phrase('dang'), true)).toHaveLength(1);
  });
  it('takes whole words only where asked', () => {
    expect(hitsOn(1, page, 'hie')).toHaveLength(1);
    expect(hitsOn(1, page, 'hie', true)).toHaveLength(0);
  });
  it('finds nothing for nothing, and on an empty page', () => {
    expect(hitsOn(1, page, phrase('  '))).toEqual([]);
    expect(hitsOn(1, foldPage([]), 'dang')).toEqual([]);
  });
});

describe('singleWords', () => {
  it('leaves out single letters and repetitions', () => {
    expect(singleWords('Nghị quyết nghị a')).toEqual(['nghi', 'quyet']);
  });
});

describe('segments', () => {
  it('cuts the text as written, whatever its form of accents', () => {
    const parts = [
      { text: 'Về ', mark: false },
      { text: 'Nghị quyết', mark: true },
      { text: ' 57', mark: false },
    ];
    expect(segments('Về Nghị quyết 57', ['nghi quyet'])).toEqual(parts);
    const apart = segments('Về Nghị quyết 57'.normalize('NFD'), ['nghi quyet']);
    expect(apart.map(({ text, mark }) => ({ text: text.normalize('NFC'), mark }))).toEqual(parts);
  });
  it('leaves a text without the words whole', () => {
    expect(segments('Đảng bộ', ['xa'])).toEqual([{ text: 'Đảng bộ', mark: false }]);
    expect(segments('Đảng bộ', [''])).toEqual([{ text: 'Đảng bộ', mark: false }]);
  });
});
