import type { Tree } from '#lib/api/types.ts';
import { lineage } from '#lib/organisations/tree.ts';
import { fold } from '#lib/text/fold.ts';

/** A point that a line may mean. */
export interface Meant {
  id: number;
  name: string;
  /** Where it lies: "Xã Lát, Huyện Lạc Dương". */
  within: string;
}

/** One line of a pasted list: exactly one point, several to choose from, or none. */
export interface PastedLine {
  text: string;
  found: Meant[];
}

const kinds =
  /^(diem cau|hoi truong|tinh|thanh pho|tp\.?|thi xa|tx\.?|huyen|h\.|quan|thi tran|tt\.?|xa|phuong|p\.|dac khu|dang uy|uy ban nhan dan|ubnd) +/;
const numbering = /^\s*(?:[-–•*+]|\d+[.)\t]|\d+\s*[-–])\s*/;

const spelled = (text: string) => text.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim();

function bare(name: string): string {
  let text = fold(name);
  for (let next = text.replace(kinds, ''); next !== text; next = text.replace(kinds, '')) text = next;
  return text;
}

/**
 * What each line of a list means, as it was copied from a letter or a sheet: numbering is passed over; "Phường 1, TP Bảo Lộc"
 * and cells of a row may name the unit above. As it is spelled first, then without diacritics, then without "Xã", "Huyện".
 */
export function pasted(text: string, tree: Tree): PastedLine[] {
  const units = new Map(tree.units.map((unit) => [unit.id, unit]));
  const places = tree.points.map((point) => {
    const unit = units.get(point.unit_id);
    const line = unit ? lineage(unit, units).reverse() : [];
    return {
      meant: {
        id: point.id,
        name: point.name,
        within: line
          .slice(0, -1)
          .map(({ name }) => name)
          .filter((name) => name !== point.name)
          .join(', '),
      },
      names: [point.name, point.short_name, ...(unit ? [unit.name, unit.short_name] : [])],
      above: new Set(line.flatMap(({ name, short_name }) => [bare(name), bare(short_name)])),
    };
  });
  const found = (name: string, above: string[]): Meant[] => {
    for (const read of [spelled, fold, bare]) {
      const wanted = read(name);
      const all = wanted ? places.filter(({ names }) => names.some((each) => read(each) === wanted)) : [];
      const within = all.filter((place) => above.every((each) => place.above.has(bare(each))));
      if (within.length > 0) return within.map(({ meant }) => meant);
      if (all.length > 0 && above.length === 0) return all.map(({ meant }) => meant);
    }
    return [];
  };
  return text
    .split(/\r?\n/)
    .map((line) =>
      line
        .replace(numbering, '')
        .replace(/[;.]\s*$/, '')
        .trim(),
    )
    .filter(Boolean)
    .map((line) => {
      const whole = found(line, []);
      if (whole.length > 0) return { text: line, found: whole };
      const [name = '', ...above] = line
        .split(/[,(\t)]| [-–] /)
        .map((part) => part.trim())
        .filter(Boolean);
      return { text: line, found: above.length > 0 ? found(name, above) : [] };
    });
}
