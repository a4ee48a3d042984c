import { expect, it } from 'vitest';
import { type AgendaRow, type Draft, emptyDraft, newRow } from './draft.ts';
import { agendaClashes, draftCollision, itemClashes, mergedDraft } from './merge.ts';

const row = (id: number | null, title: string, minutes = 10): AgendaRow => ({
  ...newRow(minutes),
  key: id === null ? title : String(id),
  id,
  title,
});
const base: Draft = {
  ...emptyDraft({ id: 1, label: 'Tỉnh Lâm Đồng' }),
  title: 'Sơ kết',
  agenda: [row(1, 'Khai mạc'), row(2, 'Báo cáo'), row(3, 'Bế mạc')],
  points: { 10: '', 11: '' },
};
const titles = (draft: Draft) => draft.agenda.map(({ title }) => title);

it('two that each add an item to the agenda keep both', () => {
  const mine = { ...base, agenda: [base.agenda[0]!, row(null, 'Của tôi'), ...base.agenda.slice(1)] };
  const theirs = { ...base, agenda: [...base.agenda.slice(0, 2), row(4, 'Của họ'), base.agenda[2]!] };
  expect(draftCollision(base, mine, theirs)).toEqual({ theirs: ['agenda'], both: [] });
  expect(titles(mergedDraft(base, mine, theirs))).toEqual([
    'Khai mạc',
    'Của tôi',
    'Báo cáo',
    'Của họ',
    'Bế mạc',
  ]);
});

it('several added one after the other keep their order, and the first its place', () => {
  const mine = { ...base, agenda: [...base.agenda, row(null, 'Của tôi')] };
  const theirs = {
    ...base,
    agenda: [row(6, 'Chào cờ'), ...base.agenda.slice(0, 2), row(4, 'A'), row(5, 'B'), base.agenda[2]!],
  };
  expect(titles(mergedDraft(base, mine, theirs))).toEqual([
    'Chào cờ',
    'Khai mạc',
    'Báo cáo',
    'A',
    'B',
    'Bế mạc',
    'Của tôi',
  ]);
});

it('one item changed in two of its parts takes both; in the same part it is named', () => {
  const mine = { ...base, agenda: [base.agenda[0]!, row(2, 'Báo cáo năm'), base.agenda[2]!] };
  const longer = { ...base, agenda: [base.agenda[0]!, row(2, 'Báo cáo', 45), base.agenda[2]!] };
  expect(draftCollision(base, mine, longer).both).toEqual([]);
  expect(mergedDraft(base, mine, longer).agenda[1]).toMatchObject({
    id: 2,
    title: 'Báo cáo năm',
    minutes: 45,
  });
  const renamed = { ...base, agenda: [base.agenda[0]!, row(2, 'Báo cáo quý'), base.agenda[2]!] };
  expect(draftCollision(base, mine, renamed).both).toEqual(['agenda']);
  expect(agendaClashes(base, mine, renamed).map(({ title }) => title)).toEqual(['Báo cáo quý']);
});

it('an item that they took out goes, unless it was changed here', () => {
  const theirs = { ...base, agenda: base.agenda.slice(0, 1) };
  const mine = { ...base, agenda: [base.agenda[0]!, row(2, 'Báo cáo năm'), base.agenda[2]!] };
  expect(mergedDraft(base, mine, theirs).agenda).toMatchObject([
    { id: 1 },
    { id: null, title: 'Báo cáo năm' },
  ]);
});

it('points that two put in and take out are all put in and taken out', () => {
  const mine = { ...base, points: { 10: 'Bí thư', 12: '' } };
  const theirs = { ...base, points: { 10: '', 11: '', 13: 'Chủ tịch' } };
  expect(draftCollision(base, mine, theirs).both).toEqual([]);
  expect(mergedDraft(base, mine, theirs).points).toEqual({ 10: 'Bí thư', 12: '', 13: 'Chủ tịch' });
  const otherwise = { ...base, points: { 10: 'Phó Bí thư', 11: '' } };
  expect(draftCollision(base, mine, otherwise).both).toEqual(['points']);
});

it('of an item that both changed, both versions of each part in dispute are named', () => {
  const presented = (of: AgendaRow, label: string): AgendaRow => ({ ...of, presenter: { id: 7, label } });
  const mine = {
    ...base,
    agenda: [base.agenda[0]!, presented(row(2, 'Báo cáo năm', 40), 'Bà Lan'), base.agenda[2]!],
  };
  const theirs = {
    ...base,
    agenda: [base.agenda[0]!, presented(row(2, 'Báo cáo quý'), 'Ông Bình'), base.agenda[2]!],
  };
  expect(itemClashes(base, mine, theirs)).toEqual([
    {
      title: 'Báo cáo',
      removed: false,
      parts: [
        { part: 'title', theirs: 'Báo cáo quý', mine: 'Báo cáo năm' },
        { part: 'presenter', theirs: 'Ông Bình', mine: 'Bà Lan' },
      ],
    },
  ]);
  const without = { ...base, agenda: [base.agenda[0]!, base.agenda[2]!] };
  expect(itemClashes(base, without, theirs)).toMatchObject([{ title: 'Báo cáo', removed: true }]);
});
