import { describe, expect, it } from 'vitest';
import type { Meeting, Point, Tree, Unit } from '#lib/api/types.ts';
import { copyOf, draftFrom, planOf, titled } from './begin.ts';
import type { Template } from './calls.ts';
import { pasted } from './pasted.ts';

const unit = (id: number, parent_id: number | null, name: string) =>
  ({
    id,
    parent_id,
    name,
    short_name: name.replace(/^(Xã|Phường|Huyện|Thành phố|Tỉnh) (?=\D)/, ''),
    position: id,
  }) as Unit;
const point = (id: number, unit_id: number, name: string) =>
  ({ id, unit_id, name, short_name: name, position: id, seats: null }) as Point;

const tree = {
  units: [
    unit(1, null, 'Tỉnh Lâm Đồng'),
    unit(2, 1, 'Thành phố Bảo Lộc'),
    unit(3, 1, 'Thành phố Đà Lạt'),
    unit(4, 2, 'Phường 1'),
    unit(5, 3, 'Phường 1'),
    unit(6, 2, 'Xã Lộc Thanh'),
    unit(7, 2, 'Xã Lộc Thành'),
    unit(8, 1, 'Huyện Lạc Dương'),
  ],
  points: [
    point(10, 1, 'Hội trường Tỉnh ủy'),
    point(40, 4, 'Phường 1'),
    point(50, 5, 'Phường 1'),
    point(60, 6, 'Lộc Thanh'),
    point(70, 7, 'Lộc Thành'),
    point(80, 8, 'Lạc Dương'),
  ],
} as Tree;
const ids = (text: string) => pasted(text, tree).map(({ found }) => found.map(({ id }) => id));

describe('a pasted list of points', () => {
  it('knows names with and without kind, numbering and diacritics', () => {
    expect(ids('1. Huyện Lạc Dương;\n- lac duong\n2) UBND huyện Lạc Dương\n\nHội trường Tỉnh ủy')).toEqual([
      [80],
      [80],
      [80],
      [10],
    ]);
  });
  it('goes by the spelling where tones alone tell two apart, and asks where none are written', () => {
    expect(ids('Lộc Thanh\nXã Lộc Thành\nloc thanh')).toEqual([[60], [70], [60, 70]]);
  });
  it('asks of two of one name, unless the unit above is written beside it', () => {
    expect(ids('Phường 1\nPhường 1, TP Bảo Lộc\nPhường 1\tĐà Lạt\nPhường 1 (Bảo Lộc)')).toEqual([
      [40, 50],
      [40],
      [50],
      [40],
    ]);
    expect(pasted('Phường 1', tree)[0]?.found.map(({ within }) => within)).toEqual([
      'Thành phố Bảo Lộc',
      'Thành phố Đà Lạt',
    ]);
  });
  it('says of a name that nobody has that it knows nobody', () => {
    expect(ids('Xã Không Có\nPhường 1, Huyện Lạc Dương')).toEqual([[], []]);
  });
});

const meeting = {
  id: 7,
  kind: 'cuoc-hop',
  title: 'Giao ban tuần 47',
  description: '',
  unit_id: 1,
  unit_name: 'Tỉnh Lâm Đồng',
  starts_at: '2026-11-16T08:00:00+07:00',
  ends_at: '2026-11-16T09:30:00+07:00',
  main_point_id: 10,
  main_point_name: 'Hội trường Tỉnh ủy',
  chair_id: 3,
  chair_name: 'Phạm Chủ Trì',
  secretary_id: null,
  secretary_name: '',
  days: [],
  agenda: [
    {
      id: 1,
      kind: 'item',
      day: 0,
      title: 'Báo cáo',
      minutes: 30,
      presenter_id: 4,
      presenter_name: 'Đinh Báo Cáo',
      presenter_text: '',
    },
    {
      id: 2,
      kind: 'item',
      day: 0,
      title: 'Kết luận',
      minutes: 10,
      presenter_id: null,
      presenter_name: '',
      presenter_text: 'Thường trực',
    },
  ],
  points: [{ point_id: 10, speaker: '', name: 'Hội trường Tỉnh ủy', unit_id: 1 }],
} as unknown as Meeting;
const friday = new Date('2026-11-27T15:00:00+07:00');

describe('a new meeting like an earlier one', () => {
  it('is at the same hour on the next such weekday, with items of its own', () => {
    const all = { agenda: true, points: true, leaders: true, lists: true };
    const draft = copyOf(meeting, all, 12, friday);
    expect([draft.date, draft.start, draft.end]).toEqual(['2026-11-30', '08:00', '09:30']);
    expect(draft.agenda.map(({ id }) => id)).toEqual([null, null]);
    expect(new Set(draft.agenda.map(({ key }) => key)).size).toBe(2);
    expect(draft.listsFrom).toEqual({ id: 7, label: 'Giao ban tuần 47', people: 12 });
  });
  it('leaves out what is not wanted', () => {
    const none = { agenda: false, points: false, leaders: false, lists: false };
    const draft = copyOf(meeting, none, 12, friday);
    expect(draft.agenda.map(({ title }) => title)).toEqual(['Khai mạc', 'Bế mạc']);
    expect([draft.points, draft.chair, draft.listsFrom]).toEqual([{}, null, null]);
  });
});

describe('a template', () => {
  it('gives back what it kept of a meeting, on another day', () => {
    const plan = planOf(meeting, 'Giao ban tuần {tuần}');
    const template: Template = {
      id: 1,
      unit_id: 1,
      unit_name: 'Tỉnh Lâm Đồng',
      name: 'Giao ban',
      saved_at: '',
      plan,
      people: { 3: 'Phạm Chủ Trì', 4: 'Đinh Báo Cáo' },
    };
    const draft = draftFrom(template, tree, friday);
    expect(draft.title).toBe('Giao ban tuần 49');
    expect([draft.date, draft.start, draft.end]).toEqual(['2026-11-30', '08:00', '09:30']);
    expect(draft.agenda.map(({ presenter }) => presenter?.label)).toEqual(['Đinh Báo Cáo', 'Thường trực']);
    expect(draft.chair).toEqual({ id: 3, label: 'Phạm Chủ Trì' });
    expect(draft.points).toEqual({ 10: '' });
  });
  it('puts the day into the title by its marks, and leaves others as they are', () => {
    expect(titled('Quý {quý}/{năm}, tháng {tháng}, {ngày}, {khác}', '2026-11-30')).toBe(
      'Quý IV/2026, tháng 11, 30/11/2026, {khác}',
    );
    expect(titled('{tuần}', '2027-01-01')).toBe('53');
    expect(titled('{tuần}', '2027-01-04')).toBe('1');
  });
});
