import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '@inlang/paraglide-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oneLanguage } from '../../../one-language.js';

/** The messages as the built app says them: the plugin's own output, run as modules. */
const module = (code: string) => `data:text/javascript,${encodeURIComponent(code).replaceAll("'", '%27')}`;
const folder = mkdtempSync(join(tmpdir(), 'messages-'));
const root = join(import.meta.dirname, '../../..');

type Say = (inputs?: Record<string, unknown>) => string;
const said: Record<string, Say> = {};
let speakEnglish: () => Promise<void>;

afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  await compile({
    project: join(root, 'project.inlang'),
    outdir: folder,
    outputStructure: 'message-modules',
    strategy: ['baseLocale'],
  });
  const plugin = oneLanguage(join(folder, 'messages')) as unknown as {
    configResolved(config: { command: string }): void;
    load(id: string): string;
    transform(code: string, id: string): { code: string };
  };
  plugin.configResolved({ command: 'build' });
  const english = module(plugin.load('\0virtual:english'));
  const languages = module(plugin.load('\0virtual:languages').replace('virtual:english', english));
  for (const name of ['papers_count', 'papers_next_ready', 'delegates_count', 'room_point']) {
    const path = join(folder, `messages/${name}.js`);
    const { code } = plugin.transform(readFileSync(path, 'utf8'), `/paraglide/messages/${name}.js`);
    said[name] = (
      (await import(module(code.replace('virtual:languages', languages)))) as Record<string, Say>
    )[name] as Say;
  }
  ({ speakEnglish } = (await import(languages)) as { speakEnglish: () => Promise<void> });
});

describe('a message of the built app', () => {
  it('writes numbers as its language does, one and many as English does', async () => {
    expect(said.papers_count?.({ count: 1 })).toBe('1 tài liệu');
    expect(said.delegates_count?.({ count: 11_208 })).toBe('11.208 đại biểu');
    await speakEnglish();
    expect(said.papers_count?.({ count: 1 })).toBe('1 paper');
    expect(said.papers_count?.({ count: '1' })).toBe('1 paper');
    expect(said.papers_count?.({ count: 0 })).toBe('0 papers');
    expect(said.papers_next_ready?.({ total: 1 })).toBe('The paper is ready for the delegates.');
    expect(said.delegates_count?.({ count: 11_208 })).toBe('11,208 delegates');
    expect(said.delegates_count?.({ count: '11,208' })).toBe('11,208 delegates');
    expect(said.room_point?.({ name: 'Đạ Sar' })).toContain('Đạ Sar');
  });
});
