/*
 * How the points of one span stand side by side: as few lines as their names allow, each name whole.
 * All widths are in CSS px.
 */

/** One line: from which cell to which (exclusive), and how wide each stands, filling the line. */
export interface Line {
  from: number;
  to: number;
  widths: number[];
}

const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);

/**
 * Breaks cells of the given least widths into lines of `room`, `gap` apart. Cells stand in columns where that
 * takes no more lines; otherwise each line shares out its own room. A cell wider than the room has a line to
 * itself, and its name is cut.
 */
export function pack(least: readonly number[], room: number, gap: number): Line[] {
  if (least.length === 0) return [];
  const ragged = balanced(least, room, gap);
  const columns = columnWidths(least, Math.ceil(least.length / ragged.length), room, gap);
  if (columns) {
    const lines: Line[] = [];
    for (let from = 0; from < least.length; from += columns.length) {
      const to = Math.min(least.length, from + columns.length);
      lines.push({ from, to, widths: columns.slice(0, to - from) });
    }
    return lines;
  }
  return ragged.map(([from, to]) => ({ from, to, widths: filled(least.slice(from, to), room, gap) }));
}

/** Shares out what is left of the room, evenly. */
function filled(widths: readonly number[], room: number, gap: number): number[] {
  const more = (room - sum(widths) - gap * (widths.length - 1)) / widths.length;
  return widths.map((width) => Math.max(0, width + more));
}

function columnWidths(
  least: readonly number[],
  count: number,
  room: number,
  gap: number,
): number[] | undefined {
  const columns = Array.from({ length: count }, (_, column) =>
    Math.max(...least.filter((_, at) => at % count === column)),
  );
  return sum(columns) + gap * (count - 1) <= room ? filled(columns, room, gap) : undefined;
}

/** The fewest lines that hold all cells, and among these the ones whose longest is shortest. */
function balanced(least: readonly number[], room: number, gap: number): [number, number][] {
  const fewest = broken(least, room, gap);
  let [low, high] = [0, room];
  while (high - low > 1) {
    const middle = (low + high) / 2;
    if (broken(least, middle, gap).length > fewest.length) low = middle;
    else high = middle;
  }
  return broken(least, high, gap);
}

function broken(least: readonly number[], room: number, gap: number): [number, number][] {
  const lines: [number, number][] = [];
  let from = 0;
  let used = -gap;
  for (const [at, width] of least.entries()) {
    if (at > from && used + gap + width > room) {
      lines.push([from, at]);
      from = at;
      used = -gap;
    }
    used += gap + width;
  }
  return [...lines, [from, least.length]];
}
