import type { Box, TextLine } from '#lib/papers/types.ts';

/** A word by its line and its place in it. */
export interface WordAt {
  line: number;
  word: number;
}

/** The word nearest to a place on the page (parts of it), or null where no line is near. */
export function wordNear(lines: TextLine[], x: number, y: number, reach = 0.03): WordAt | null {
  let best: WordAt | null = null;
  let [nearest, least] = [reach, Infinity];
  lines.forEach(([, top, , height, words], line) => {
    const above = Math.max(top - y, y - top - height, 0);
    if (above > nearest) return;
    words.forEach(([left, width], word) => {
      const beside = Math.max(left - x, x - left - width, 0);
      // The nearest line first, then its nearest word: beside a short line its last word is meant, not the line above.
      if (above < nearest || beside < least) {
        [nearest, least] = [above, beside];
        best = { line, word };
      }
    });
  });
  return best;
}

/** What lies from one word to another, in reading order: a box a line, and the text. */
export function between(lines: TextLine[], a: WordAt, b: WordAt): { rects: Box[]; text: string } {
  const backwards = b.line < a.line || (b.line === a.line && b.word < a.word);
  const [from, to] = backwards ? [b, a] : [a, b];
  const rects: Box[] = [];
  const texts: string[] = [];
  for (let line = from.line; line <= to.line; line++) {
    const [, y, , height, words] = lines[line]!;
    const chosen = words.slice(
      line === from.line ? from.word : 0,
      line === to.line ? to.word + 1 : undefined,
    );
    const [first, last] = [chosen[0], chosen.at(-1)];
    if (!first || !last) continue;
    rects.push([first[0], y, last[0] + last[1] - first[0], height].map(rounded) as unknown as Box);
    texts.push(chosen.map(([, , word]) => word).join(' '));
  }
  return { rects, text: texts.join(' ') };
}

const rounded = (value: number) => Math.round(value * 1e5) / 1e5;

/** The pages and words that a selection in the text layers covers. */
export function selected(selection: Selection | null): { page: number; from: WordAt; to: WordAt }[] {
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return [];
  const range = selection.getRangeAt(0);
  const root = range.commonAncestorContainer;
  const within = root instanceof Element ? root : root.parentElement;
  const scope = within?.closest('[data-page]') ?? within;
  const pages = new Map<number, { page: number; from: WordAt; to: WordAt }>();
  for (const span of scope?.querySelectorAll<HTMLElement>('[data-word]') ?? []) {
    if (!range.intersectsNode(span) || touchesOnlyEdge(range, span)) continue;
    const page = Number(span.closest<HTMLElement>('[data-page]')?.dataset.page);
    const [line = 0, word = 0] = (span.dataset.word ?? '').split('.').map(Number);
    const at = { line, word };
    const known = pages.get(page);
    if (known) known.to = at;
    else pages.set(page, { page, from: at, to: at });
  }
  return [...pages.values()];
}

/** A range that ends before a word's first letter, or begins after its last, does not mean that word. */
function touchesOnlyEdge(range: Range, span: HTMLElement): boolean {
  const text = span.firstChild;
  if (!text) return true;
  const length = text.textContent?.trimEnd().length ?? 0;
  return (
    (range.endContainer === text && range.endOffset === 0) ||
    (range.startContainer === text && range.startOffset >= length)
  );
}
