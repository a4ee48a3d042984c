import { fold } from '#lib/text/fold.ts';

/** People as they are typed or pasted: one a line. */

export interface TypedPerson {
  full_name: string;
  title: string;
  email: string | null;
  phone: string | null;
}

export interface TypedLine {
  /** From 1. */
  line: number;
  person: TypedPerson;
  /** bad: no name in it; email, phone: what should be one is none; twice: stands here or on the list already. */
  fault?: 'bad' | 'email' | 'phone' | 'twice';
  /** The part of the line that is wrong. */
  wrong?: string;
}

const emailForm = /^[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$/;
const phoneForm = /^\+?\d[\d .-]{7,}$/;
/** Meant as an address or a number, right or not. */
const likeEmail = /@/;
const likePhone = /^[+(]?\d[\d\s().+-]*x*$/i;
/** "Nguyễn Văn Bình - Chánh Văn phòng": as Party lists write it. */
const dash = /\s+[-–—]\s+/;
const numbering = /^\s*(?:\d{1,4}\s*[.)/]|[-*•])\s*/;
const address = /^(?:đ\/c|đồng chí|ông|bà)\.?\s+/i;
const header = /^(?:stt|tt|họ (?:và )?tên|họ, tên)$/i;

/**
 * Reads lines like "1. Đ/c Nguyễn Văn An, Bí thư Đảng ủy, an@lamdong.vn, 0912 345 678", or cells pasted from a table, in
 * that order or with e-mail and phone anywhere. Empty lines and a table's heading are passed over.
 */
export function typedPeople(
  text: string,
  known: readonly { full_name: string; title: string }[] = [],
): TypedLine[] {
  const same = ({ full_name, title }: { full_name: string; title: string }) =>
    `${fold(full_name)}|${fold(title)}`;
  const seen = new Set(known.flatMap((each) => [same(each), same({ ...each, title: '' })]));
  const lines: TypedLine[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const cells = cellsOf(raw);
    if (cells.length === 0 || cells.some((cell) => header.test(cell))) continue;
    const person = personOf(cells);
    const name = person.full_name;
    const bad = !/\p{L}{1,}.*\p{L}/u.test(name) || /[\d@]/.test(name);
    const email = cells.find((cell) => likeEmail.test(cell) && !emailForm.test(cell));
    const phone = cells.find((cell) => likePhone.test(cell) && !phoneForm.test(cell));
    const fault = bad
      ? 'bad'
      : email
        ? 'email'
        : phone
          ? 'phone'
          : seen.has(same(person))
            ? 'twice'
            : undefined;
    if (!fault) seen.add(same(person));
    const wrong = fault === 'email' ? email : fault === 'phone' ? phone : undefined;
    lines.push({ line: index + 1, person, ...(fault ? { fault } : {}), ...(wrong ? { wrong } : {}) });
  }
  return lines;
}

function cellsOf(line: string): string[] {
  const by = line.includes('\t') ? '\t' : line.includes(';') ? ';' : ',';
  const cells = line.split(by).map((cell) => cell.trim());
  // A table's first column often only counts.
  if (by === '\t' && /^\d{1,4}\.?$/.test(cells[0] ?? '')) cells.shift();
  return cells.filter(Boolean);
}

function personOf(cells: string[]): TypedPerson {
  const rest = cells.filter((cell) => !likeEmail.test(cell) && !likePhone.test(cell));
  const [first = '', ...others] = rest;
  const [name = '', ...title] = first.replace(numbering, '').replace(address, '').split(dash);
  return {
    full_name: name.replace(/\s+/g, ' ').trim(),
    title: [title.join(' - '), ...others].filter(Boolean).join(', '),
    email: cells.find((cell) => emailForm.test(cell)) ?? null,
    phone: cells.find((cell) => phoneForm.test(cell)) ?? null,
  };
}
