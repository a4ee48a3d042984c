import { describe, expect, it } from 'vitest';
import { pointsCount } from '#lib/meetings/words.ts';
import {
  boardWords,
  lagging,
  silent,
  part,
  percent,
  placeWords,
  progressWords,
  remindedWords,
  wouldRemindWords,
} from './words.ts';
import type { Board, BoardPoint } from './types.ts';

const point = (point_id: number, expected: number, opened: number) =>
  ({
    point_id,
    name: `${point_id}`,
    unit_id: 1,
    people: expected,
    expected,
    opened,
    delivered: opened,
    finished: 0,
  }) as BoardPoint;
const board = (points: BoardPoint[], papers = 1) =>
  ({ points, papers: Array.from({ length: papers }, () => ({})) }) as Board;

describe('the board in words', () => {
  it('rounds down, so that 100% means all', () => {
    expect(percent(part(point(1, 1000, 999), 'opened'))).toBe('99%');
    expect(percent(part(point(1, 10, 10), 'opened'))).toBe('100%');
    expect(percent(part(point(1, 0, 0), 'opened'))).toBe('–');
  });
  it('says what to do next', () => {
    expect(boardWords(board([], 0))).toContain('Chưa có tài liệu');
    expect(boardWords(board([point(1, 0, 0)]))).toContain('danh sách đại biểu');
    expect(boardWords(board([point(1, 4, 4)]))).toContain('tất cả điểm cầu');
    expect(boardWords(board([point(1, 10, 9), point(2, 10, 1), point(3, 0, 0)]))).toContain(pointsCount(1));
    expect(boardWords(board([point(1, 10, 9), point(2, 10, 6)]))).toContain('75%');
  });
  it('says 0% only of nothing', () => {
    expect([0, 1 / 873, 0.5, 872 / 873, 1].map(percent)).toEqual(['0%', '<1%', '50%', '99%', '100%']);
  });
  it('counts no one who takes part online as a hall', () => {
    const data = board([point(1, 10, 0), { ...point(2, 5, 0), point_id: null }]);
    expect([lagging(data).length, silent(data).length]).toEqual([1, 1]);
  });
  it('counts only points that have something to read as lagging', () => {
    expect(
      lagging(board([point(1, 10, 4), point(2, 10, 5), point(3, 0, 0)])).map((each) => each.point_id),
    ).toEqual([1]);
  });
  it('tells how far a person is', () => {
    const at = { delivered: true, opened: true, seen: 3, pages: 12, last_at: null };
    expect(progressWords(at)).toBe('3/12 trang');
    expect(progressWords({ ...at, seen: 12 })).toBe('đã đọc hết');
    expect(progressWords({ ...at, opened: false })).toBe('đã có trên máy, chưa mở');
    expect(progressWords({ ...at, opened: false, delivered: false })).toBe('chưa mở');
  });
  it('tells what a reminder came to', () => {
    const none = { people: 0, mail: 0, in_app: 0, without_email: 0, recent: 0, mail_ready: true };
    expect(remindedWords(none)).toBe('Không có ai cần nhắc.');
    expect(remindedWords({ ...none, recent: 3 })).toMatch(/^3 người vừa được nhắc/);
    expect(
      remindedWords({ people: 5, mail: 3, in_app: 5, without_email: 2, recent: 0, mail_ready: true }),
    ).toContain('3 thư');
  });
});

it('tells points of one name apart by the unit above', () => {
  const named = (point_id: number, name: string, unit_id: number) => ({
    ...point(point_id, 1, 0),
    name,
    unit_id,
  });
  const counts = { expected: 0, delivered: 0, opened: 0, finished: 0 };
  const unit = (unit_id: number, parent_id: number | null, name: string) => ({
    ...counts,
    unit_id,
    parent_id,
    name,
    depth: 0,
  });
  const points = [named(1, 'Phường 1', 11), named(2, 'Phường 1', 21), named(3, 'Lát', 31)] as BoardPoint[];
  const units = [
    unit(10, null, 'Đà Lạt'),
    unit(11, 10, 'Phường 1'),
    unit(20, null, 'Bảo Lộc'),
    unit(21, 20, 'Phường 1'),
  ];
  expect(points.map((each) => placeWords({ points, units }, each))).toEqual([
    'Phường 1, Đà Lạt',
    'Phường 1, Bảo Lộc',
    'Lát',
  ]);
});

describe('before a reminder goes out', () => {
  const counted = { people: 12, mail: 9, in_app: 12, without_email: 3, recent: 2, mail_ready: true };

  it('says how many it reaches, how, and who is left out', () => {
    const lines = wouldRemindWords(counted);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/12 người.*9 người nhận thư/);
    expect(lines[1]).toMatch(/^3 người không có e-mail/);
    expect(lines[2]).toMatch(/^2 người vừa được nhắc/);
  });

  it('promises no e-mail without a mail server', () => {
    const lines = wouldRemindWords({ ...counted, mail: 0, mail_ready: false, recent: 0 });
    expect(lines[0]).not.toContain('thư');
    expect(lines[1]).toContain('chưa được cài đặt máy chủ thư');
    expect(lines).toHaveLength(2);
  });

  it('has nobody to remind', () => {
    const nobody = { people: 0, mail: 0, in_app: 0, without_email: 0, recent: 0, mail_ready: false };
    expect(wouldRemindWords(nobody)).toEqual(['Không có ai cần nhắc.']);
  });
});
