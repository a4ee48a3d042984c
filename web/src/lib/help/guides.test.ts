import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { guides } from './guides.ts';

const folder = join(import.meta.dirname, '../../../static/help');

it('has a small picture for each guide, and no other', () => {
  const pictures = readdirSync(folder);
  expect(pictures.sort()).toEqual(guides.map(({ id }) => `${id}.webp`).sort());
  for (const name of pictures) expect(statSync(join(folder, name)).size, name).toBeLessThan(80_000);
});
