import { describe, expect, it } from 'vitest';
import { addDay, daysOf, dropDay, intoDays, intoOneDay, lengths, setDays, spansOf } from './days.ts';
import { completed, type Draft, emptyDraft, faults, newRow, writeOf } from './draft.ts';

function draft(): Draft {
  const made = emptyDraft({ id: 1, label: 'Tỉnh' }, new Date('2026-12-04T10:00:00+07:00'));
  return { ...made, title: 'Kỳ họp', mainPoint: { id: 5, label: 'Hội trường' } };
}

describe('a meeting of several days', () => {
  it('begins with two, each with its hours, and start and end go with them', () => {
    const typed = draft();
    intoDays(typed);
    addDay(typed);
    setDays(
      typed,
      typed.days.map((day, index) => (index === 2 ? { ...day, end: '11:30' } : day)),
    );
    expect(typed.days).toEqual([
      { date: '2026-12-07', start: '07:30', end: '17:00' },
      { date: '2026-12-08', start: '07:30', end: '17:00' },
      { date: '2026-12-09', start: '07:30', end: '11:30' },
    ]);
    expect([typed.date, typed.endDate, typed.end]).toEqual(['2026-12-07', '2026-12-09', '11:30']);
    expect(lengths(typed)).toEqual([570, 570, 240]);
    const written = writeOf(typed);
    expect(written.days).toEqual([
      { after: 0, start: '07:30', end: '17:00' },
      { after: 1, start: '07:30', end: '17:00' },
      { after: 2, start: '07:30', end: '11:30' },
    ]);
    const meeting = { ...written, days: written.days ?? [] };
    expect(spansOf(meeting, '2026-12-07')[1]!.starts.toISOString()).toBe('2026-12-08T00:30:00.000Z');
  });

  it('keeps what stood on a day that is taken out', () => {
    const typed = draft();
    intoDays(typed);
    addDay(typed);
    typed.agenda = [0, 1, 2].map((day) => ({ ...newRow(), day, title: `của ngày ${day}` }));
    dropDay(typed, 1);
    expect(typed.agenda.map(({ day }) => day)).toEqual([0, 0, 1]);
    dropDay(typed, 0);
    expect(typed.agenda.map(({ day }) => day)).toEqual([0, 0, 0]);
    expect([typed.days, daysOf(typed)[0]!.date]).toEqual([[], '2026-12-09']);
  });

  it('names the day that is wrong', () => {
    const typed = draft();
    intoDays(typed);
    expect(faults(typed)).toEqual({});
    setDays(typed, [typed.days[0]!, { ...typed.days[0]!, end: '06:00' }]);
    expect(Object.keys(faults(typed))).toContain('days.1');
    intoOneDay(typed);
    expect(typed.days).toEqual([]);
  });
});

it('takes up what an earlier version kept', () => {
  const old = draft() as unknown as Record<string, unknown>;
  delete old.days;
  old.agenda = [{ key: '1', id: 1, title: 'Khai mạc', minutes: 10, presenter: null }];
  const found = completed(old as unknown as Draft);
  expect([found.days, found.agenda[0]!.kind, found.agenda[0]!.day]).toEqual([[], 'item', 0]);
});
