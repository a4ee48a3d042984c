import { describe, expect, it } from 'vitest';
import type { MeetingRights, MeetingState } from '#lib/api/types.ts';
import { doors } from './doors.ts';

const nobody: MeetingRights = {
  view: true,
  attend: true,
  oversee: false,
  organise: false,
  conduct: false,
  operate: false,
  present: false,
  points: [],
  delegate_id: null,
};
const ways = (state: MeetingState, my: Partial<MeetingRights> = {}) =>
  doors({ id: 1, state, my: { ...nobody, ...my } }).map(({ href }) => href);

describe('the ways into a meeting', () => {
  it('lead a delegate to the papers first, from the invitation on', () => {
    expect(ways('draft')).toEqual([]);
    for (const state of ['invited', 'open', 'ended'] as const)
      expect(ways(state)).toEqual(['/meetings/1/delegate']);
    expect(ways('running')).toEqual(['/meetings/1/delegate', '/meetings/1/view']);
  });
  it('lead nobody in who only learns of the meeting', () => {
    for (const state of ['invited', 'open', 'running', 'ended'] as const)
      expect(ways(state, { attend: false })).toEqual([]);
  });
  it('lead the chair to the console, then to the papers', () => {
    expect(ways('open', { conduct: true })).toEqual(['/meetings/1/console', '/meetings/1/delegate']);
  });
  it('lead a hall to its screen and an organiser to no seat', () => {
    expect(ways('running', { points: [7] })).toEqual(['/hall/1/7', '/meetings/1/view']);
    expect(ways('invited', { organise: true })).toEqual([]);
    expect(ways('invited', { organise: true, delegate_id: 3 })).toEqual(['/meetings/1/delegate']);
  });
});
