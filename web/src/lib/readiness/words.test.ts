import { expect, it } from 'vitest';
import type { BoardPoint, Readiness } from './types.ts';
import { headline, nextWords, toCall, whyWords } from './words.ts';

const START = '2026-11-25T00:30:00Z';
const before = (minutes: number) => Date.parse(START) - minutes * 60_000;

const point = (some: Partial<BoardPoint>): BoardPoint => ({
  point_id: 1,
  name: 'Đạ Sar',
  short_name: 'Đạ Sar',
  unit_id: 1,
  main: false,
  state: 'absent',
  presence: 'absent',
  since: null,
  machine_at: null,
  tested_at: null,
  passed: null,
  verdict: null,
  note: '',
  people: 0,
  saved: 0,
  opened: 0,
  contact_name: '',
  contact_phone: '',
  ...some,
});

const board = (state: string, totals: Partial<Readiness['totals']> = {}): Readiness => ({
  generated_at: START,
  meeting_id: 1,
  state,
  starts_at: START,
  since: START,
  direct: true,
  papers: 0,
  rehearsal: null,
  units: [],
  points: [],
  totals: {
    points: 161,
    ready: 0,
    testing: 0,
    trouble: 0,
    lost: 0,
    absent: 0,
    technicians: 0,
    tested: 0,
    listed: 0,
    people: 0,
    saved: 0,
    opened: 0,
    ...totals,
  },
});

it('says what to do next', () => {
  expect(headline(board('open'), before(52))).toBe('Còn 52 phút đến giờ khai mạc');
  expect(nextWords(board('invited'), before(60))).toContain('Mở phòng họp thử');
  expect(nextWords(board('open', { ready: 149, absent: 12 }), before(52))).toBe(
    '149 trên 161 điểm cầu đã sẵn sàng. Gọi 12 nơi chưa vào trước 07:15.',
  );
  expect(nextWords(board('open', { ready: 140, absent: 12, trouble: 8, lost: 1 }), before(5))).toContain(
    'ngay',
  );
  expect(nextWords(board('open', { ready: 150, testing: 11 }), before(40))).toContain('kiểm tra lần lượt');
  expect(nextWords(board('open', { ready: 161 }), before(20))).toContain('khai mạc');
});

it('calls those first that need it most, and says why', () => {
  const points = [
    point({ point_id: 1, state: 'testing', presence: 'testing' }),
    point({ point_id: 2, state: 'ready' }),
    point({ point_id: 3, state: 'absent' }),
    point({ point_id: 4, state: 'lost' }),
    point({ point_id: 5, state: 'trouble', verdict: 'failed', note: 'Tiếng hú' }),
  ];
  const called = toCall(points);
  expect(called.map(({ point_id }) => point_id)).toEqual([4, 5, 3, 1]);
  expect(whyWords(called[1]!, before(30))).toContain('Tiếng hú');
  expect(whyWords(point({ machine_at: START }), Date.parse(START) + 60_000)).toContain('Máy đang bật');
  expect(whyWords(point({ machine_at: START }), Date.parse(START) + 600_000)).toContain('Máy chưa bật');
});
