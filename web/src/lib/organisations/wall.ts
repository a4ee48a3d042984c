/** Names as long as "Thị trấn Lạc Dương" stand on the wall in their customary short form. */
const SHORT: [RegExp, string][] = [
  [/^Thị trấn /, 'TT '],
  [/^Ủy ban nhân dân /, 'UBND '],
];

export const wallName = (name: string): string =>
  SHORT.reduce((text, [long, short]) => text.replace(long, short), name);

/** Where an arrow key leads from a point; the point itself at the edge. */
export function step(lines: readonly number[][], from: number, key: string): number {
  const row = lines.findIndex((line) => line.includes(from));
  const line = lines[row];
  if (!line) return lines[0]?.[0] ?? from;
  const column = line.indexOf(from);
  const flat = lines.flat();
  const beside = (by: number) => flat[flat.indexOf(from) + by] ?? from;
  const above = (by: number) => {
    const other = lines[row + by];
    if (!other) return from;
    // Lines differ in length: keep the place on screen, not the index.
    return (
      other[Math.min(other.length - 1, Math.floor(((column + 0.5) / line.length) * other.length))] ?? from
    );
  };
  switch (key) {
    case 'ArrowLeft':
      return beside(-1);
    case 'ArrowRight':
      return beside(1);
    case 'ArrowUp':
      return above(-1);
    case 'ArrowDown':
      return above(1);
    case 'Home':
      return line[0] ?? from;
    case 'End':
      return line.at(-1) ?? from;
    default:
      return from;
  }
}
