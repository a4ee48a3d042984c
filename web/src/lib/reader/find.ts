import { fold } from '#lib/text/fold.ts';
import type { Box, TextLine } from '#lib/papers/types.ts';

/** A place where the searched words stand; over a line's end it has several boxes. */
export interface Hit {
  page: number;
  boxes: Box[];
  /** Some words around it, to show in a list. */
  before: string;
  match: string;
  after: string;
}

interface Piece {
  /** Where the folded word begins in the page's folded text. */
  start: number;
  end: number;
  text: string;
  box: Box;
  line: number;
}

/** A page's words, folded and joined by single spaces, ready to be searched many times. */
export interface FoldedPage {
  text: string;
  pieces: Piece[];
}

export function foldPage(lines: TextLine[]): FoldedPage {
  const pieces: Piece[] = [];
  let text = '';
  lines.forEach(([, y, , height, words], line) => {
    for (const [x, width, word] of words) {
      const folded = fold(word);
      if (!folded) continue;
      if (text) text += ' ';
      pieces.push({
        start: text.length,
        end: text.length + folded.length,
        text: word,
        box: [x, y, width, height],
        line,
      });
      text += folded;
    }
  });
  return { text, pieces };
}

/** The words to look for: the query as one phrase. */
export function phrase(query: string): string {
  return fold(query);
}

/** Its single words, for when the phrase stands nowhere (a search over all papers finds scattered words too). */
export function singleWords(query: string): string[] {
  return [
    ...new Set(
      fold(query)
        .split(' ')
        .filter((word) => word.length > 1),
    ),
  ];
}

/** Every place where a folded text stands on a page. `whole`: as whole words only. */
export function hitsOn(page: number, folded: FoldedPage, wanted: string, whole = false): Hit[] {
  const hits: Hit[] = [];
  if (!wanted) return hits;
  for (let at = folded.text.indexOf(wanted); at >= 0; at = folded.text.indexOf(wanted, at + wanted.length)) {
    const end = at + wanted.length;
    if (whole && (isWord(folded.text[at - 1]) || isWord(folded.text[end]))) continue;
    hits.push(hit(page, folded.pieces, at, end));
  }
  return hits;
}

const isWord = (sign: string | undefined) => sign !== undefined && /[\p{L}\p{N}]/u.test(sign);
/** Words shown on each side of a hit. */
const around = 6;

function hit(page: number, pieces: Piece[], start: number, end: number): Hit {
  let first = firstEndingAfter(pieces, start);
  const boxes: Box[] = [];
  let last = first;
  let line = -1;
  for (let index = first; index < pieces.length; index++) {
    const piece = pieces[index]!;
    if (piece.start >= end) break;
    const part = partOf(piece, start, end);
    const previous = boxes.at(-1);
    if (previous && line === piece.line) {
      previous[2] = part[0] + part[2] - previous[0];
      previous[3] = Math.max(previous[3], part[3]);
    } else boxes.push(part);
    line = piece.line;
    last = index;
  }
  const words = (from: number, to: number) =>
    pieces
      .slice(Math.max(from, 0), Math.max(to, 0))
      .map(({ text }) => text)
      .join(' ');
  first = Math.min(first, pieces.length);
  return {
    page,
    boxes,
    before: words(first - around, first),
    match: words(first, last + 1),
    after: words(last + 1, last + 1 + around),
  };
}

function firstEndingAfter(pieces: Piece[], at: number): number {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pieces[middle]!.end > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The part of a word's box that the match covers, letters taken as equally wide. */
function partOf({ start, end, box: [x, y, width, height] }: Piece, from: number, to: number): Box {
  const letters = end - start;
  const left = Math.max(from - start, 0) / letters;
  const right = Math.min(to - start, letters) / letters;
  return [x + width * left, y, width * (right - left), height];
}

/** A text cut where searched words stand in it, diacritics aside; marked pieces are the ones found. */
export function segments(text: string, wanted: readonly string[]): { text: string; mark: boolean }[] {
  let folded = '';
  const origin: number[] = [];
  [...text.matchAll(/\P{Mn}\p{Mn}*/gu)].forEach(({ 0: sign, index }) => {
    const plain = /\s/.test(sign) ? ' ' : fold(sign);
    for (let count = 0; count < plain.length; count++) origin.push(index);
    folded += plain;
  });
  const spans: [number, number][] = [];
  for (const words of wanted)
    for (let at = words ? folded.indexOf(words) : -1; at >= 0; at = folded.indexOf(words, at + words.length))
      spans.push([origin[at] ?? 0, origin[at + words.length] ?? text.length]);
  spans.sort((a, b) => a[0] - b[0]);
  const pieces: { text: string; mark: boolean }[] = [];
  let done = 0;
  for (const [start, end] of spans) {
    if (start < done) continue;
    if (start > done) pieces.push({ text: text.slice(done, start), mark: false });
    pieces.push({ text: text.slice(start, end), mark: true });
    done = end;
  }
  if (done < text.length) pieces.push({ text: text.slice(done), mark: false });
  return pieces;
}
