import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

const file = (weight: number) => join(import.meta.dirname, `fonts/be-vietnam-pro-${weight}.woff2`);

/** WOFF 2.0 section 5.2, the tags that have a number of their own; the others are not in these files. */
const known =
  'cmap head hhea hmtx maxp name OS/2 post cvt_ fpgm glyf loca prep CFF_ VORG EBDT EBLC gasp hdmx kern LTSH PCLT VDMX vhea vmtx BASE GDEF GPOS GSUB'.split(
    ' ',
  );

/** The characters that a WOFF 2.0 file has glyphs for (its cmap, OpenType format 4). */
function charactersOf(path: string): Set<string> {
  const data = readFileSync(path);
  let at = 48;
  const number = () => {
    let value = 0;
    for (;;) {
      const byte = data[at++]!;
      value = value * 128 + (byte & 127);
      if (byte < 128) return value;
    }
  };
  let offset = 0;
  let start = -1;
  for (let table = data.readUInt16BE(12); table > 0; table--) {
    const flags = data[at++]!;
    const tag = known[flags & 63];
    if (tag === undefined) throw new Error('a table that is not known here');
    const whole = number();
    // Only glyf and loca travel transformed where the version is 0, the others where it is not.
    const transformed = tag === 'glyf' || tag === 'loca' ? flags >> 6 === 0 : flags >> 6 !== 0;
    if (tag === 'cmap') start = offset;
    offset += transformed ? number() : whole;
  }
  const tables = brotliDecompressSync(data.subarray(at, at + data.readUInt32BE(20)));
  const cmap = tables.subarray(start);
  for (let each = 0; each < cmap.readUInt16BE(2); each++) {
    const one = cmap.subarray(cmap.readUInt32BE(4 + 8 * each + 4));
    if (one.readUInt16BE(0) !== 4) continue;
    const segments = one.readUInt16BE(6) / 2;
    const found = new Set<string>();
    for (let index = 0; index < segments; index++) {
      const last = one.readUInt16BE(14 + 2 * index);
      const first = one.readUInt16BE(16 + 2 * (segments + index));
      for (let code = first; code <= last && code !== 0xffff; code++) found.add(String.fromCharCode(code));
    }
    return found;
  }
  throw new Error('no cmap of format 4');
}

const vowels = 'aăâeêioôơuưyAĂÂEÊIOÔƠUƯY';
const tones = ['', '\u0300', '\u0309', '\u0303', '\u0301', '\u0323'];
const vietnamese = [...vowels].flatMap((vowel) => tones.map((tone) => (vowel + tone).normalize('NFC')));

describe.each([400, 600])('the font of weight %i', (weight) => {
  const has = charactersOf(file(weight));
  const missing = (text: Iterable<string>) => [...new Set(text)].filter((one) => !has.has(one));

  it('has every letter of Vietnamese, whole and taken apart', () => {
    expect(vietnamese).toHaveLength(144);
    expect(missing([...vietnamese, 'đ', 'Đ'])).toEqual([]);
    expect(missing(vietnamese.join('').normalize('NFD'))).toEqual([]);
  });

  it('has the letters of names in the Central Highlands', () => {
    expect(
      missing("Krông Bŭk, Ea Ŏ, Čư M’gar, K'Ho, KʼHo, Cơ Ho Chil, Ƀuôn ƀing, ĕ ĭ Ĕ Ĭ Ŭ ŏ ñ".normalize('NFC')),
    ).toEqual([]);
  });

  it('has every letter and sign of the messages but arrows', () => {
    const folder = join(import.meta.dirname, '../../messages');
    const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(missing(texts.join('').replace(/[\s→←↑↓✓⏎\u200b]/gu, ''))).toEqual([]);
  });

  it('is no heavier than a line of 300 kbit/s brings in half a second', () => {
    expect(statSync(file(weight)).size).toBeLessThan(16_000);
  });
});
