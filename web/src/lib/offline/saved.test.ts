import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Annotation } from '#lib/papers/annotations.ts';
import type { TextLine } from '#lib/papers/types.ts';
import { clearDatabase, everything, openDatabase, removeDatabase, type Database } from './database.ts';
import { merged } from './receipts.ts';
import { dropPaper, readPicture, readTexts, savedPages } from './saved.ts';
import { DeviceFull, Dropped, saveVersion } from './saver.ts';

const line: TextLine = [0.1, 0.1, 0.5, 0.02, [[0.1, 0.1, 'chữ']]];
const pages = 45;
const head = (id: number) => ({
  version: { id },
  paper: { id: 1 },
  outline: [],
  pages: Array.from({ length: pages }, () => [595, 842]),
});
const wish = { version_id: 7, paper_id: 1, meeting_id: 5, bytes: 0 };

let db: Database;
let asked: string[];
let answer: (path: string) => Response | Promise<Response>;

function served(path: string): Response {
  const url = new URL(path, 'http://test');
  if (url.pathname.endsWith('/image')) return new Response(new Uint8Array(100));
  if (url.pathname.endsWith('/text')) {
    const [from, to] = [Number(url.searchParams.get('from')), Number(url.searchParams.get('to'))];
    const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    return Response.json({ pages: numbers.map((number) => ({ number, lines: [line] })) });
  }
  return Response.json(head(7));
}

beforeEach(async () => {
  db = await openDatabase();
  asked = [];
  answer = served;
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path);
    return answer(path);
  });
});
afterEach(async () => {
  vi.unstubAllGlobals();
  db.close();
  await removeDatabase();
});

const save = (progress = () => {}, signal = new AbortController().signal) =>
  saveVersion(db, wish, progress, signal);

describe('saveVersion', () => {
  it('saves head, words and pictures, and counts them', async () => {
    const saved = await save();
    expect(saved).toMatchObject({ pictures_saved: pages, bytes: pages * 100, text_saved: true });
    expect(saved.complete_at).toBeGreaterThan(0);
    expect((await readTexts(db, 7, 41, 45)).get(45)).toEqual([line]);
    expect((await readPicture(db, 7, 45))?.byteLength).toBe(100);
  });

  it('goes on where it was cut', async () => {
    answer = (path) => (path.includes('/pages/20/') ? Promise.reject(new TypeError('cut')) : served(path));
    await expect(save()).rejects.toMatchObject({ code: 'offline' });
    const here = (await savedPages(db, 7)).size;
    expect(here).toBeGreaterThan(10);
    asked = [];
    answer = served;
    expect((await save()).pictures_saved).toBe(pages);
    expect(asked.filter((path) => path.includes('/pages/'))).toHaveLength(pages - here);
    expect(asked.some((path) => path.includes('/text'))).toBe(false);
  });

  it('stops when the paper is dropped meanwhile, and leaves nothing', async () => {
    answer = async (path) => {
      if (path.includes('/pages/9/')) await dropPaper(db, 1);
      return served(path);
    };
    await expect(save()).rejects.toBeInstanceOf(Dropped);
    expect(await db.count('versions')).toBe(0);
    expect(await db.count('pictures')).toBe(0);
  });

  it('says when the device is full', async () => {
    const full = new Proxy(db, {
      get: (target, name) => {
        if (name === 'put') return () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
      },
    });
    await expect(saveVersion(full, wish, () => {}, new AbortController().signal)).rejects.toBeInstanceOf(
      DeviceFull,
    );
  });

  it('hands on what the server refuses', async () => {
    const body = { code: 'recalled', vi: 'Đã thu hồi', en: 'Recalled', details: {} };
    answer = () => Response.json(body, { status: 410 });
    await expect(save()).rejects.toMatchObject({ code: 'recalled', status: 410 });
  });
});

describe('what leaves the device', () => {
  const note = (id: string, kind: Annotation['kind'], edits: number) =>
    ({
      id,
      kind,
      edits,
      paper_id: 1,
      version_id: 7,
      page: 1,
      revision: 1,
      written_at: '',
      body: null,
    }) as Annotation;

  it('a recalled paper goes with its words, pictures and quotes; own writing not yet sent stays', async () => {
    await save();
    await db.put('places', { paper_id: 1, version_id: 7, page: 3, at: 0 });
    for (const one of [note('sent', 'note', 0), note('unsent', 'note', 1), note('quote', 'highlight', 1)])
      await db.put('notes', one);
    await dropPaper(db, 1);
    for (const store of ['versions', 'texts', 'pictures', 'places'] as const)
      expect(await db.count(store)).toBe(0);
    expect(await db.getAllKeys('notes')).toEqual(['unsent']);
  });

  it('signing out leaves nothing at all', async () => {
    await save();
    await db.put('notes', note('unsent', 'note', 1));
    await db.put('facts', 'person-7', 'owner');
    await db.add('receipts', { version_id: 7, at: '' });
    await clearDatabase(db);
    for (const store of everything) expect(await db.count(store)).toBe(0);
  });
});

it('receipts of one version become one entry', () => {
  expect(
    merged([
      { version_id: 7, pages: [2, 1], last_page: 2, seconds: 10, at: '2026-11-21T07:00:10Z' },
      { version_id: 8, delivered: true, at: '2026-11-21T07:00:00Z' },
      { version_id: 7, pages: [5], last_page: 5, seconds: 4, at: '2026-11-21T07:01:00Z' },
      { version_id: 7, delivered: true, at: '2026-11-21T07:00:20Z' },
    ]),
  ).toEqual([
    { version_id: 8, delivered: true, at: '2026-11-21T07:00:00Z' },
    {
      version_id: 7,
      pages: [1, 2, 5],
      last_page: 5,
      seconds: 14,
      delivered: true,
      at: '2026-11-21T07:01:00Z',
    },
  ]);
});
