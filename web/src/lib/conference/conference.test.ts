import { describe, expect, it } from 'vitest';
import type { AgendaItemEntity, Layout, PointEntity, StageEntity, UnitEntity } from '#lib/live/types.ts';
import { itemClock, nextItem } from './agenda.ts';
import { lineWords, ratingOf } from './console/figures.ts';
import { flawLine, flawsOf, unheard } from './flaws.ts';
import { absence, facing, panesOf, shownLayout } from './screens.ts';
import { goesOut, phoneOf, standing, standingSince, standingWord, troubles } from './standing.ts';
import { fold } from '#lib/text/fold.ts';
import { duration } from '#lib/text/format.ts';
import { step, wallName } from '#lib/organisations/wall.ts';
import { pathOf, spansOf } from './wall.ts';

const NOW = Date.parse('2026-11-21T02:00:00Z');
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

function point(id: number, change: Partial<PointEntity> = {}): PointEntity {
  return {
    id,
    unit_id: 1,
    name: `Điểm ${id}`,
    short_name: `Điểm ${id}`,
    speaker: '',
    main: false,
    presence: 'ready',
    since: ago(60),
    attended: false,
    weak: false,
    media: 'connected',
    camera: 'ok',
    microphone: 'ok',
    floor: false,
    hand_at: null,
    hand_topic: '',
    contact: '',
    ...change,
  };
}

function stage(change: Partial<StageEntity> = {}): StageEntity {
  return {
    layout: 'stage',
    returns_at: null,
    stage: null,
    floor: [],
    pinned: [],
    tiles: [],
    content: null,
    recess: null,
    ...change,
  };
}

const place = (point_id: number) => ({
  point_id,
  name: `Điểm ${point_id}`,
  speaker: '',
  presence: 'ready' as const,
});

describe('standing of a point', () => {
  it('shows what matters most', () => {
    const on = stage({ stage: place(1) });
    expect(standing(point(1), on)).toBe('shown');
    expect(standing(point(2, { floor: true }), on)).toBe('on-air');
    expect(standing(point(1, { presence: 'lost', hand_at: ago(1) }), on)).toBe('lost');
    expect(standing(point(3, { hand_at: ago(1), weak: true }), on)).toBe('hand');
    expect(standing(point(3, { weak: true, presence: 'testing' }), on)).toBe('weak');
    expect(standing(point(3, { presence: 'testing' }), on)).toBe('testing');
    expect(standing(point(3, { presence: 'absent', weak: true }), on)).toBe('absent');
  });

  it('says of picture and sound each whether it goes out', () => {
    const on = stage({ stage: place(1) });
    expect(goesOut(point(1, { floor: true }), on)).toBe('both');
    expect(goesOut(point(2, { floor: true }), on)).toBe('sound');
    expect(goesOut(point(1), on)).toBe('picture');
    expect(goesOut(point(1, { floor: true, microphone: 'denied' }), on)).toBe('picture');
    expect(goesOut(point(1, { floor: true, camera: 'none' }), on)).toBe('sound');
    expect(goesOut(point(1, { floor: true, media: 'lost' }), on)).toBe('nothing');
    expect(standingWord(point(1), on)).toBe('Đang lên hình, không có tiếng');
    expect(standingWord(point(1, { floor: true }), on)).toBe('Đang phát');
    expect(standingWord(point(1, { floor: true, presence: 'lost' }), on)).toBe('Mất kết nối');
  });

  it('says after the end who was there', () => {
    const gone = { presence: 'absent' as const };
    expect(standing(point(1, { ...gone, attended: true }), stage(), true)).toBe('attended');
    expect(standing(point(1, gone), stage(), true)).toBe('missed');
    expect(standingWord(point(1, gone), stage(), true)).toBe('Không dự');
  });

  it('names what keeps it from being seen and heard', () => {
    expect(flawsOf(point(1))).toEqual([]);
    expect(flawsOf(point(1, { microphone: 'unknown', camera: 'unknown', media: 'none' }))).toEqual([]);
    const silent = point(1, { microphone: 'denied', camera: 'none' });
    expect(flawLine(silent)).toBe('micro bị trình duyệt chặn, chưa có camera');
    expect(unheard(silent)).toBe(true);
    expect(unheard(point(1, { camera: 'muted' }))).toBe(false);
    expect(unheard(point(1, { media: 'lost' }))).toBe(true);
  });

  it('warns of a hall that is heard though its page does not answer', () => {
    expect(flawsOf(point(1, { presence: 'lost', floor: true }))).toEqual(['control']);
    expect(flawsOf(point(1, { presence: 'lost', floor: true, media: 'lost' }))).toEqual([]);
    expect(flawsOf(point(1, { presence: 'absent', microphone: 'none' }))).toEqual([]);
  });

  it('counts the time of the state that it shows', () => {
    const since = ago(20);
    const speaks = stage({ stage: place(1), floor: [{ ...place(1), since }] });
    expect(standingSince(point(1, { floor: true }), speaks)).toBe(since);
    expect(standingSince(point(1, { floor: true, presence: 'lost', since: ago(2) }), speaks)).toBe(ago(2));
    expect(standingSince(point(1), stage({ stage: place(1) }))).toBeUndefined();
    expect(standingSince(point(1, { hand_at: ago(9) }), stage())).toBe(ago(9));
    expect(standingSince(point(1), stage())).toBe(ago(60));
    expect(standingSince(point(1, { presence: 'absent' }), stage())).toBeUndefined();
  });

  it('has one rating of its line, which a still picture lowers', () => {
    const line = { rating: 'good', fps: 25 } as Parameters<typeof ratingOf>[0];
    expect(ratingOf(line, false)).toBe('good');
    expect(ratingOf(line, true)).toBe('weak');
    expect(ratingOf({ ...line, fps: 6 }, false)).toBe('weak');
    expect(ratingOf({ ...line, fps: 0 }, false)).toBe('good');
    expect(ratingOf({ ...line, rating: 'bad' }, false)).toBe('bad');
  });

  it('has no good line while nothing of it is measured', () => {
    const line = { rating: 'good', fps: 25, rtt_ms: 12 } as Parameters<typeof ratingOf>[0];
    expect(lineWords(line, false)).toBe('Đường truyền tốt. Trễ 12 ms, 25 hình/giây.');
    expect(lineWords({ ...line, fps: 0 }, false)).toBe('Đường truyền tốt. Trễ 12 ms.');
    const silent = { ...line, fps: 0, rtt_ms: null };
    expect(lineWords(silent, false)).toBe('Chưa có số đo đường truyền.');
    expect(lineWords(silent, true)).toBe('Đường truyền yếu.');
  });

  it('says on other screens why it is not seen', () => {
    expect(absence(place(1))).toBeUndefined();
    expect(absence({ ...place(1), presence: 'lost' })).toBe('Điểm cầu Điểm 1 mất kết nối, đang tự nối lại');
    expect(absence({ ...place(1), presence: 'absent' })).toBe('Điểm cầu Điểm 1 chưa vào phòng họp');
  });

  it('names the longest lost first, and no weak point that is not here', () => {
    const { lost, weak } = troubles([
      point(1, { presence: 'lost', since: ago(5) }),
      point(2, { presence: 'lost', since: ago(500) }),
      point(3, { weak: true }),
      point(4, { weak: true, presence: 'absent' }),
    ]);
    expect(lost.map(({ id }) => id)).toEqual([2, 1]);
    expect(weak.map(({ id }) => id)).toEqual([3]);
  });

  it('finds the phone in a contact', () => {
    expect(phoneOf('Bon Niêng K’Tâm · 0263 555 0036')).toBe('02635550036');
    expect(phoneOf('Nguyễn Văn An, +84 912 345 678')).toBe('+84912345678');
    expect(phoneOf('Nguyễn Văn An')).toBeUndefined();
  });

  it('compares names without diacritics', () => {
    expect(fold('Đưng K’Nớ')).toBe('dung kno');
    expect(fold('Lạc Dương')).toBe('lac duong');
  });
});

describe('wall', () => {
  const units = new Map<string, UnitEntity>();
  const unit = (id: number, parent_id: number | null, position = 0) =>
    units.set(String(id), { id, parent_id, name: `U${id}`, short_name: `u${id}`, level: 'x', position });
  unit(1, null);
  unit(2, 1, 2);
  unit(3, 1, 1);
  unit(4, 1, 3);
  unit(20, 2, 1);
  unit(21, 2, 0);
  unit(30, 3);
  const members = [
    point(7, { unit_id: 20 }),
    point(6, { unit_id: 21 }),
    point(5, { unit_id: 2 }),
    point(4, { unit_id: 30 }),
    point(3, { unit_id: 3 }),
    point(2, { unit_id: 4 }),
    point(8, { unit_id: 1 }),
    point(1, { unit_id: 1, main: true }),
  ];

  it('makes a row of each branch, the top and lone branches in the first', () => {
    expect(spansOf(members, units)).toEqual([
      { id: 1, name: 'u1', top: 'x', points: [1, 8, 2] },
      { id: 3, name: 'u3', points: [3, 4] },
      { id: 2, name: 'u2', points: [5, 6, 7] },
    ]);
  });

  it('calls single points by their own level, not by that of the unit above all', () => {
    const level = (id: number, parent_id: number | null, level: string): [string, UnitEntity] => [
      String(id),
      { id, parent_id, name: `u${id}`, short_name: `u${id}`, level, position: id },
    ];
    const tree = new Map([level(1, null, 'province'), level(2, 1, 'district'), level(3, 1, 'district')]);
    const rows = spansOf(
      [1, 2, 3].map((id) => point(id, { unit_id: id })),
      tree,
    );
    expect(rows.map(({ top, points }) => [top, points])).toEqual([
      ['province', [1]],
      ['district', [2, 3]],
    ]);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(2);
  });

  it('has one row when all points are of one unit, and none without points', () => {
    expect(spansOf([point(1), point(2)], units).map(({ points }) => points)).toEqual([[1, 2]]);
    expect(spansOf([], units)).toEqual([]);
  });

  it('survives a tree that bites its tail', () => {
    const ring = new Map<string, UnitEntity>();
    for (const [id, parent_id] of [
      [1, 2],
      [2, 1],
    ] as const)
      ring.set(String(id), { id, parent_id, name: '', short_name: '', level: '', position: 0 });
    expect(pathOf(1, ring).map(({ id }) => id)).toEqual([1, 2]);
  });

  it('shortens what has a customary short form', () => {
    expect(wallName('Thị trấn Di Linh 2')).toBe('TT Di Linh 2');
    expect(wallName('Ủy ban nhân dân tỉnh')).toBe('UBND tỉnh');
    expect(wallName('Đạ Sar')).toBe('Đạ Sar');
  });

  it('moves by arrows as the eye would', () => {
    const lines = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    expect(step(lines, 2, 'ArrowDown')).toBe(4);
    expect(step(lines, 4, 'ArrowRight')).toBe(5);
    expect(step(lines, 5, 'ArrowUp')).toBe(3);
    expect(step(lines, 1, 'ArrowUp')).toBe(1);
    expect(step(lines, 6, 'Home')).toBe(5);
    expect(
      step(
        [
          [1, 2, 3, 4],
          [5, 6],
        ],
        4,
        'ArrowDown',
      ),
    ).toBe(6);
  });
});

describe('screens', () => {
  const slots = (change: Partial<StageEntity>) => panesOf(stage(change)).map(({ slot }) => slot);

  it('has the panes of each layout', () => {
    expect(slots({})).toEqual(['stage']);
    expect(slots({ layout: 'stage-row' })).toEqual(['stage', 'tile-0', 'tile-1', 'tile-2', 'tile-3']);
    expect(slots({ layout: 'grid-3' })).toHaveLength(9);
    expect(slots({ layout: 'grid-4' }).at(-1)).toBe('tile-15');
  });

  it('names who is in each pane', () => {
    const panes = panesOf(stage({ layout: 'grid-2', tiles: [place(4), place(9)] }));
    expect(panes.map(({ place }) => place?.point_id ?? null)).toEqual([4, 9]);
  });

  it('shows who speaks whom they speak to', () => {
    const floor = [1, 4].map((id) => ({ ...place(id), since: ago(1) }));
    const now = stage({ layout: 'stage-row', stage: place(4), floor });
    expect(facing(now, 4)?.point_id).toBe(1);
    expect(facing(now, 9)).toBeUndefined();
    expect(facing(now, undefined)).toBeUndefined();
    expect(facing({ ...now, layout: 'grid-2' }, 4)).toBeUndefined();
    expect(facing({ ...now, floor: floor.slice(1) }, 4)).toBeUndefined();
  });

  it('gives shared content the large place and takes it back', () => {
    const content = { participant: 'desk-1', name: 'An', since: ago(1), muted: false };
    const shown = (layout: Layout, shared = true) =>
      shownLayout(stage({ layout, content: shared ? content : null }));
    expect(shown('stage-row')).toBe('content-stage');
    expect(shown('grid-3')).toBe('grid-3');
    expect(shown('content-stage', false)).toBe('stage');
    expect(slots({ layout: 'stage', content })).toEqual(['content', 'stage']);
  });

  it('shows a presented page where a shared screen would stand, and the shared screen before it', () => {
    const content = { participant: 'desk-1', name: 'An', since: ago(1), muted: false };
    const withPaper = (change: Partial<StageEntity>) => panesOf(stage(change), true).map(({ slot }) => slot);
    expect(shownLayout(stage({ layout: 'stage-row' }), true)).toBe('content-stage');
    expect(shownLayout(stage({ layout: 'grid-2' }), true)).toBe('grid-2');
    expect(withPaper({ layout: 'stage' })).toEqual(['paper', 'stage']);
    expect(withPaper({ layout: 'stage', content })).toEqual(['content', 'stage']);
    expect(withPaper({ layout: 'grid-2' })).toHaveLength(4);
  });
});

describe('agenda', () => {
  const item = (id: number, change: Partial<AgendaItemEntity> = {}): AgendaItemEntity => ({
    id,
    position: id,
    kind: 'item',
    day: 0,
    begins_at: '2026-11-25T07:30:00+07:00',
    title: '',
    minutes: 10,
    presenter: '',
    state: 'waiting',
    spent_seconds: 0,
    since: null,
    ...change,
  });

  it('counts earlier stints and the present one', () => {
    const clock = itemClock(item(1, { spent_seconds: 120, since: ago(180) }), NOW);
    expect(clock).toEqual({ spent: 300, left: 300, share: 0.5 });
  });

  it('goes below zero over time, but never fills more than the bar', () => {
    const clock = itemClock(item(1, { since: ago(660) }), NOW);
    expect(clock.left).toBe(-60);
    expect(clock.share).toBe(1);
  });

  it('goes on after the current item, then to what was left out', () => {
    const agenda = [item(1), item(2, { state: 'current' }), item(3, { state: 'done' }), item(4)];
    expect(nextItem(agenda, NOW)?.id).toBe(4);
    expect(nextItem(agenda.slice(0, 3), NOW)?.id).toBe(1);
    expect(nextItem([item(1, { state: 'done' })], NOW)).toBeUndefined();
  });

  it('goes on to the next day when that has come', () => {
    const agenda = [
      item(1, { begins_at: '2026-11-25T07:30:00+07:00', state: 'current' }),
      item(2, { begins_at: '2026-11-26T07:30:00+07:00', day: 1 }),
    ];
    expect(nextItem(agenda, Date.parse('2026-11-25T17:00:00+07:00'))).toBeUndefined();
    expect(nextItem(agenda, Date.parse('2026-11-26T07:00:00+07:00'))?.id).toBe(2);
  });
});

describe('duration', () => {
  it.each([
    [0, '00:00'],
    [-5, '00:00'],
    [252.9, '04:12'],
    [3600, '1:00:00'],
    [4360, '1:12:40'],
  ])('%d s is %s', (seconds, text) => expect(duration(seconds)).toBe(text));
});
