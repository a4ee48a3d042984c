import { afterAll, describe, expect, it } from 'vitest';
import { draftOf, emptyDraft, endsAt, startsAt } from '#lib/meetings/draft.ts';
import { clock, clockWithSeconds, day, longDay, moment, timeSpan, weekday } from './format.ts';
import { typedDate } from './typed.ts';
import { dateOf, daysBetween, momentAt, standardZone, timeOf, useZone } from './zone.ts';

const own = process.env.TZ;
afterAll(() => void (process.env.TZ = own));

// The zones that computers here are found set to by mistake, and one on the other side of the date line.
describe.each(['Asia/Ho_Chi_Minh', 'UTC', 'America/Los_Angeles', 'Pacific/Kiritimati', 'Europe/Berlin'])(
  'on a computer set to %s',
  (zone) => {
    const at = '2026-11-25T00:30:00Z'; // half past seven here

    it('shows the hour and the day of the invitation', () => {
      process.env.TZ = zone;
      expect(new Date(at).getHours() === 7).toBe(zone === 'Asia/Ho_Chi_Minh');
      expect(clock(at)).toBe('07:30');
      expect(clockWithSeconds(at)).toBe('07:30:00');
      expect(day(at)).toBe('25/11/2026');
      expect(weekday(at)).toMatch(/^(Thứ Tư|Wednesday), 25\/11\/2026$/);
      expect(moment(at)).toContain('25/11/2026');
      expect(timeSpan(at, '2026-11-25T17:30:00Z')).toBe('07:30–00:30 26/11/2026');
    });

    it('knows today and tomorrow by the calendar here', () => {
      process.env.TZ = zone;
      // Ten to midnight here.
      const now = new Date('2026-11-24T16:50:00Z');
      expect(longDay('2026-11-24T00:30:00Z', now)).toMatch(/^(Hôm nay|Today), /);
      expect(longDay(at, now)).toMatch(/^(Ngày mai|Tomorrow), /);
      expect(daysBetween('2026-11-24T16:59:00Z', '2026-11-24T17:00:00Z')).toBe(1);
    });

    it('plans for the hour that is typed', () => {
      process.env.TZ = zone;
      const draft = { ...emptyDraft(null, new Date('2026-11-20T15:00:00+07:00')), date: '2026-11-25' };
      expect(emptyDraft(null, new Date('2026-11-20T15:00:00+07:00')).date).toBe('2026-11-23');
      expect(startsAt(draft).toISOString()).toBe('2026-11-25T00:30:00.000Z');
      expect(endsAt({ ...draft, endDate: '2026-11-25' }).toISOString()).toBe('2026-11-25T04:00:00.000Z');
      const again = draftOf({ starts_at: at, ends_at: at, agenda: [], points: [], days: [] } as never);
      expect([again.date, again.start]).toEqual(['2026-11-25', '07:30']);
      expect([dateOf(at), timeOf(at)]).toEqual(['2026-11-25', '07:30']);
      expect(momentAt('2026-11-25', '').getTime()).toBeNaN();
      expect(typedDate('25/11', new Date('2026-11-24T17:30:00Z'))).toBe('2026-11-25');
    });
  },
);

describe('a deployment elsewhere', () => {
  afterAll(() => useZone(standardZone));

  it.each([
    ['Asia/Tokyo', '2026-11-25T00:30:00Z', '2026-11-25', '09:30'],
    ['Asia/Kathmandu', '2026-11-25T00:30:00Z', '2026-11-25', '06:15'],
    ['Europe/Berlin', '2026-07-01T22:30:00Z', '2026-07-02', '00:30'],
    ['Europe/Berlin', '2026-12-01T22:30:00Z', '2026-12-01', '23:30'],
    ['Europe/Berlin', '2026-03-29T01:30:00Z', '2026-03-29', '03:30'],
  ])('in %s shows and takes its own hours', (zone, at, date, time) => {
    useZone(zone);
    expect([dateOf(at), timeOf(at)]).toEqual([date, time]);
    expect(momentAt(date, time).toISOString()).toBe(new Date(at).toISOString());
  });

  it('keeps the zone it had if there is no such', () => {
    useZone('Asia/Tokyo');
    useZone('Hà Nội');
    expect(timeOf('2026-11-25T00:30:00Z')).toBe('09:30');
  });
});
