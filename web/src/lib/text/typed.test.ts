import { describe, expect, it } from 'vitest';
import { isDate, isTime, shownDate, typedDate, typedTime } from './typed.ts';

describe('typedDate', () => {
  const today = new Date('2026-11-21T08:00:00+07:00');
  it('reads day, month, year in any of the usual ways', () => {
    for (const text of ['25/11/2026', '25-11-2026', ' 25.11.26', '25 11 2026', '25112026', '25/11'])
      expect(typedDate(text, today)).toBe('2026-11-25');
  });
  it('takes the next such day when no year is given', () => {
    expect(typedDate('21/11', today)).toBe('2026-11-21');
    expect(typedDate('3/2', today)).toBe('2027-02-03');
  });
  it('refuses what is no day', () => {
    for (const text of ['', 'mai', '31/11/2026', '2026-11-25', '0/1/2026', '1/13/2026'])
      expect(typedDate(text, today)).toBeNull();
  });
  it('reads birthdays, which lie behind', () => {
    for (const text of ['2/9/1975', '02091975', '2.9.75'])
      expect(typedDate(text, today, true)).toBe('1975-09-02');
    expect(typedDate('2/9/05', today, true)).toBe('2005-09-02');
    expect(typedDate('2/9', today, true)).toBeNull();
    expect(typedDate('2/9/0197', today, true)).toBeNull();
  });
  it('is shown day first', () => {
    expect(shownDate('2026-11-05')).toBe('05/11/2026');
    expect(shownDate('')).toBe('');
  });
});

describe('typedTime', () => {
  it('reads times as they are said', () => {
    for (const text of ['7h30', '7:30', '07.30', '0730', '730', '7 giờ 30', '7g30', '7h30p'])
      expect([text, typedTime(text)]).toEqual([text, '07:30']);
    expect(typedTime('14')).toBe('14:00');
    expect(typedTime('7h')).toBe('07:00');
  });
  it('refuses what is no time', () => {
    for (const text of ['', '24:00', '7:60', 'sáng', '123456']) expect(typedTime(text)).toBeNull();
  });
});

describe('what a field holds', () => {
  it('is a day or a time that exists, or is refused', () => {
    expect(['2026-11-25', '2028-02-29', '1954-05-07'].every(isDate)).toBe(true);
    expect(['31/02/2027', '2027-02-31', '2027-13-01', '25/11', ''].some(isDate)).toBe(false);
    expect(['07:30', '23:59'].every(isTime)).toBe(true);
    expect(['25h70', '24:00', '7:30', ''].some(isTime)).toBe(false);
  });
});
