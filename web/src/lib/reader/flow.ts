import type { TextLine } from '#lib/papers/types.ts';

/** A paragraph of a page's text, put together from its lines for reading in large type. */
export interface Paragraph {
  kind: 'heading' | 'text';
  text: string;
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/**
 * Joins lines to paragraphs: a new one begins where the line before ended short or with a wide gap, where a line is indented,
 * a heading or a list's item. Page numbers at the edge are left out. Lines in reading order.
 */
export function paragraphs(lines: TextLine[]): Paragraph[] {
  const body = lines.filter((line) => !isPageNumber(line));
  if (body.length === 0) return [];
  const height = median(body.map((line) => line[3]));
  const left = median(body.map((line) => line[0]));
  const right = Math.max(...body.map((line) => line[0] + line[2]));
  const step = median(
    body
      .slice(1)
      .map((line, index) => line[1] - body[index]![1])
      .filter((gap) => gap > 0),
  );
  const found: Paragraph[] = [];
  body.forEach((line, index) => {
    const text = line[4].map(([, , word]) => word).join(' ');
    const before = body[index - 1];
    const heading = isHeading(line, text, height, left, right);
    const last = found.at(-1);
    const broken =
      !before ||
      !last ||
      line[1] - before[1] > step * 1.45 ||
      line[1] < before[1] - height || // the next column
      Math.abs(line[1] - before[1]) < height * 0.5 || // beside it: cells of a table
      (heading ? last.kind !== 'heading' : last.kind === 'heading') ||
      line[0] > left + 0.025 ||
      before[0] + before[2] < right - 0.08 ||
      startsItem.test(text);
    if (broken) found.push({ kind: heading ? 'heading' : 'text', text });
    else last.text = last.text.endsWith('-') ? last.text + text : `${last.text} ${text}`;
  });
  return found;
}

const startsItem =
  /^(?:[-–•+*]\s|\(?\d{1,2}(?:\.\d{1,2})*[.)]\s|[a-zđ][.)]\s|(?:Điều|Phần|Chương|Mục)\s+[\dIVX]+)/u;

function isPageNumber([, y, , , words]: TextLine): boolean {
  return (y < 0.07 || y > 0.92) && words.length === 1 && /^[-–]?\d{1,4}[-–]?$/.test(words[0]![2]);
}

function isHeading(
  [x, , width, lineHeight]: TextLine,
  text: string,
  height: number,
  left: number,
  right: number,
) {
  if (text.length > 160) return false;
  const letters = text.replace(/[^\p{L}]/gu, '');
  const capitals = letters.length > 3 && letters === letters.toUpperCase();
  const centred = x > left + 0.06 && Math.abs(x - left - (right - x - width)) < 0.04;
  return lineHeight > height * 1.15 || capitals || (centred && text.length < 90 && !/[.;,]$/.test(text));
}
