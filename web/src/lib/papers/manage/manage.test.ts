import { describe, expect, it } from 'vitest';
import type { Point, Unit } from '#lib/api/types.ts';
import { branches } from '#lib/organisations/tree.ts';
import { asChosen, placed, shelves } from './order.ts';
import { choiceOf, covered, nobody, policyOf } from './rights.ts';
import { sealOf } from '#lib/papers/seal.ts';
import { fingerprint, idOf, pauses, retryable, share } from './sending.ts';
import type { Paper, Signature, Version } from './types.ts';
import { factsOf, offer, standingOf, workWords } from './words.ts';
import { fileSize } from '#lib/text/format.ts';

const unit = (id: number, parent_id: number | null, name: string) =>
  ({ id, parent_id, name, short_name: name, position: id, level: 'district' }) as Unit;
const point = (id: number, unit_id: number) =>
  ({ id, unit_id, name: `Điểm ${id}`, short_name: `${id}`, position: id }) as unknown as Point;
const tree = branches({
  units: [unit(1, null, 'Tỉnh'), unit(2, 1, 'Lạc Dương'), unit(3, 2, 'Xã Lát'), unit(4, 1, 'Di Linh')],
  points: [point(10, 1), point(20, 2), point(30, 3), point(40, 4)],
});
const version = (change: Partial<Version> = {}) =>
  ({ state: 'ready', stage: '', progress: 1, guess: {}, ...change }) as Version;
const paper = (id: number, item_id: number | null, position: number, change: Partial<Paper> = {}) =>
  ({
    id,
    item_id,
    position,
    title: `Tài liệu ${id}`,
    kind: 'khac',
    number: '',
    issued_on: null,
    issuer: '',
    urgency: '',
    version: null,
    pending: null,
    recalled_at: null,
    ...change,
  }) as Paper;

describe('who may read', () => {
  it('names whole branches as units, and comes back the same', () => {
    const policy = {
      hidden: false,
      opens_at: '2026-11-25T00:30:00Z',
      download: true,
      marked: true,
      audience: [
        { kind: 'point' as const, id: 10 },
        { kind: 'unit' as const, id: 2 },
        { kind: 'role' as const, role: 'chair' as const },
        { kind: 'person' as const, id: 7 },
        { kind: 'unit' as const, id: 999 },
      ],
    };
    const choice = choiceOf(policy, tree);
    expect([...choice.points]).toEqual([10, 20, 30]);
    expect(policyOf(choice, tree)).toEqual(policy);
  });
  it('is everybody without a policy, and nobody when hidden', () => {
    expect(policyOf(choiceOf(null, tree), tree)).toEqual({
      hidden: false,
      opens_at: null,
      download: false,
      marked: false,
      audience: [],
    });
    const hidden = { hidden: true, opens_at: null, download: false, marked: false, audience: [] };
    expect(choiceOf(hidden, tree).who).toBe('none');
    expect(policyOf(choiceOf(hidden, tree), tree)).toEqual(hidden);
  });
  it('knows when nobody is chosen', () => {
    const some = { ...choiceOf(null, tree), who: 'some' as const };
    expect(nobody(some)).toBe(true);
    expect(nobody({ ...some, roles: new Set(['chair' as const]) })).toBe(false);
    expect(nobody({ ...some, points: new Set([20]) })).toBe(false);
  });
  it('covers every point by the whole tree', () => {
    expect(covered(tree, new Set([10, 20, 30, 40]))).toEqual([{ kind: 'unit', id: 1 }]);
  });
});

describe('order', () => {
  const items = [{ id: 1 }, { id: 2 }];
  const all = [paper(1, null, 0), paper(2, 1, 0), paper(3, 1, 1), paper(4, 99, 0)];
  const seen = (list: Paper[]) => shelves(list, items).map((shelf) => shelf.papers.map(({ id }) => id));
  it('shelves by agenda item; papers of a vanished one stand with the whole meeting', () => {
    expect(seen(all)).toEqual([[1, 4], [2, 3], []]);
  });
  it('moves within an item, before a place as it was', () => {
    expect(seen(placed(all, items, 3, 1, 0))).toEqual([[1, 4], [3, 2], []]);
    expect(seen(placed(all, items, 2, 1, 2))).toEqual([[1, 4], [3, 2], []]);
  });
  it('moves to another item', () => {
    const after = placed(all, items, 2, 2, 0);
    expect(seen(after)).toEqual([[1, 4], [3], [2]]);
    expect(after.find(({ id }) => id === 2)?.item_id).toBe(2);
  });
});

describe('files sent together', () => {
  it('stand in the order they were chosen, and leave the others where they are', () => {
    expect(asChosen([1, 12, 11, 2, 13], [11, 12, 13])).toEqual([1, 11, 12, 2, 13]);
    expect(asChosen([1, 13, 11], [11, 12, 13])).toEqual([1, 11, 13]);
  });

  it('are left alone where nothing is out of order', () => {
    expect(asChosen([1, 11, 12], [11, 12])).toBeUndefined();
    expect(asChosen([1, 2], [])).toBeUndefined();
    expect(asChosen([1, 2], [77])).toBeUndefined();
  });
});

describe('sending', () => {
  const place = { meeting: 1, item: 5, paper: null, note: '' };
  const file = { name: 'Báo cáo.pdf', size: 10, lastModified: 3 };
  it('knows the same file to the same place again, and tells places apart', () => {
    expect(fingerprint(file, place)).toBe(fingerprint({ ...file }, { ...place, note: 'khác' }));
    expect(fingerprint(file, place)).not.toBe(fingerprint(file, { ...place, item: 6 }));
    expect(fingerprint(file, place)).not.toBe(fingerprint({ ...file, size: 11 }, place));
  });
  it('tries again where that may help, for at least half an hour', () => {
    for (const status of [undefined, 0, 500, 502, 503, 409, 423, 429]) expect(retryable(status)).toBe(true);
    for (const status of [400, 401, 403, 404, 413, 415]) expect(retryable(status)).toBe(false);
    expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeGreaterThan(30 * 60_000);
  });
  it('counts bytes, not files', () => {
    const list = [
      { sent: 10, file: { size: 10 } },
      { sent: 0, file: { size: 30 } },
    ];
    expect(share(list)).toBe(0.25);
    expect(share([])).toBe(1);
    expect([idOf('12'), idOf(undefined), idOf('')]).toEqual([12, null, null]);
  });
});

describe('words', () => {
  it('says where the conversion is', () => {
    expect(workWords(version({ state: 'queued' }))).toBe('Đang chờ đến lượt xử lý');
    expect(workWords(version({ state: 'working', stage: 'ocr', progress: 0.314 }))).toBe(
      'Đang nhận dạng chữ, 31%',
    );
  });
  it('names the page where the work goes page by page', () => {
    const working = version({ state: 'working', stage: 'ocr 3', page_count: 12, progress: 0.2 });
    expect(workWords(working)).toBe('Đang nhận dạng chữ, trang 3/12');
  });
  it('offers only what nobody has filled in', () => {
    const guess = { title: 'Kế hoạch', number: '45/KH-UBND', kind: 'ke-hoach' as const, issuer: '' };
    const scan = version({ guess, file_name: 'Scan 001.pdf' });
    expect(offer(paper(1, null, 0, { version: scan, title: 'Scan 001' }))).toEqual({
      title: 'Kế hoạch',
      number: '45/KH-UBND',
      kind: 'ke-hoach',
    });
    expect(offer(paper(1, null, 0, { version: scan, title: 'Kế hoạch năm', kind: 'du-thao' }))).toEqual({
      number: '45/KH-UBND',
    });
    const filled = { title: 'Kế hoạch', number: '45/KH-UBND', kind: 'ke-hoach' as const };
    expect(offer(paper(1, null, 0, { version: scan, ...filled }))).toBeNull();
    expect(offer(paper(1, null, 0, { version: version({ guess: null }) }))).toBeNull();
  });
  it('counts what waits and what needs somebody', () => {
    const papers = [
      paper(1, null, 0, { version: version() }),
      paper(2, null, 0, { version: version(), pending: version({ state: 'failed' }) }),
      paper(3, null, 0, { pending: version({ state: 'working' }) }),
      paper(4, null, 0, { version: version(), recalled_at: '2026-11-25T00:00:00Z' }),
    ];
    expect(standingOf(papers)).toEqual({ total: 4, working: 1, stuck: 1, ready: 2 });
  });
  it('writes facts and sizes as people do', () => {
    expect(
      factsOf({
        kind: 'bao-cao',
        number: '418-BC/TU',
        issued_on: '2026-11-15',
        issuer: 'Tỉnh ủy',
        urgency: 'khan',
      }),
    ).toBe('Báo cáo 418-BC/TU, 15/11/2026, Tỉnh ủy, Khẩn');
    expect([fileSize(10), fileSize(345_678), fileSize(9_412_000)]).toEqual(['1 kB', '346 kB', '9,4 MB']);
  });
});

describe('seal', () => {
  const signed = (change: Partial<Signature> = {}) =>
    ({ signer: 'Tỉnh ủy', intact: true, covers_whole: true, trusted: true, ...change }) as Signature;

  it('names a signer only when the certificate was checked and nothing came after', () => {
    expect(sealOf([signed()])).toMatchObject({ look: 'good' });
    expect(sealOf([signed({ covers_whole: false })])).toMatchObject({ look: 'doubtful' });
    expect(sealOf([signed({ covers_whole: false })]).words).not.toContain('Tỉnh ủy');
    expect(sealOf([signed({ trusted: null })]).look).toBe('doubtful');
    expect(sealOf([signed({ trusted: false })]).look).toBe('doubtful');
    expect(sealOf([signed({ trusted: null })]).words).not.toBe(sealOf([signed()]).words);
    expect(sealOf([signed(), signed({ intact: false })]).look).toBe('broken');
  });
});
