import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const folder = join(import.meta.dirname, '../messages');
const keys = (file: string) =>
  Object.keys(JSON.parse(readFileSync(join(folder, file), 'utf8')) as object).filter(
    (key) => key !== '$schema',
  );
const areas = readdirSync(folder)
  .filter((file) => file.endsWith('.vi.json'))
  .map((file) => file.replace('.vi.json', ''));

it('has each message in one file alone: a second of the name would be said in the place of the first', () => {
  const all = areas.flatMap((area) => keys(`${area}.vi.json`));
  expect(all.filter((key, index) => all.indexOf(key) !== index)).toEqual([]);
});

it.each(areas)('has the messages of %s in both languages', (area) => {
  expect(keys(`${area}.en.json`).sort()).toEqual(keys(`${area}.vi.json`).sort());
});

it('compiles every file there is', () => {
  const settings = readFileSync(join(folder, '../project.inlang/settings.json'), 'utf8');
  expect(areas.filter((area) => !settings.includes(`messages/${area}.`))).toEqual([]);
});
