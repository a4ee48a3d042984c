import { describe, expect, it } from 'vitest';
import type { VersionHead } from '#lib/papers/types.ts';
import { PaperContent } from './content.ts';

const content = (page_labels?: string[]) =>
  new PaperContent({
    version: { id: 1 },
    pages: Array(5).fill([595, 842]),
    outline: [],
    page_labels,
  } as unknown as VersionHead);

describe('what pages are called', () => {
  it('is what is printed on them', () => {
    const paper = content(['i', 'ii', '1', '2', 'PL-1']);
    expect([1, 3, 5].map((page) => paper.label(page))).toEqual(['i', '1', 'PL-1']);
    expect(paper.labelled).toBe(true);
  });
  it('is found as it is typed, and by number where nothing is called so', () => {
    const paper = content(['i', 'ii', '1', '2', 'PL-1']);
    expect(['II', ' 1 ', 'pl-1', '5', 'iv', ''].map((typed) => paper.pageOf(typed))).toEqual([
      2,
      3,
      5,
      5,
      undefined,
      undefined,
    ]);
  });
  it('is their number otherwise, in papers kept before there were labels too', () => {
    for (const paper of [content([]), content()]) {
      expect([paper.label(4), paper.labelled, paper.pageOf('4')]).toEqual(['4', false, 4]);
    }
  });
});
