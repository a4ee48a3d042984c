import { expect, it } from 'vitest';
import type { HallMeeting } from '#lib/api/types.ts';
import { SPARE_AFTER, standby } from './standby.ts';

const NOW = Date.parse('2026-11-20T00:30:00Z');
const meeting = (id: number, state: string, more: Partial<HallMeeting> = {}): HallMeeting => ({
  meeting_id: id,
  kind: 'hoi-nghi',
  title: 'Hội nghị',
  starts_at: '2026-11-20T01:00:00Z',
  state,
  presence: 'absent',
  since: null,
  ...more,
});
const nowhere = () => false;
const lost = (ago: number) => ({
  presence: 'lost' as const,
  since: new Date(NOW - ago).toISOString(),
});

it('waits for what comes next, and goes in when it is open', () => {
  expect(standby('main', [], NOW, undefined, nowhere).name).toBe('nothing');
  expect(standby('main', [meeting(1, 'invited'), meeting(2, 'invited')], NOW, undefined, nowhere)).toEqual({
    name: 'waits',
    meeting: meeting(1, 'invited'),
  });
  for (const state of ['open', 'running'])
    for (const part of ['main', 'papers'] as const)
      expect(standby(part, [meeting(1, state)], NOW, undefined, nowhere).name).toBe('enters');
});

it('does not go back where somebody left on purpose, but into the next', () => {
  const both = [meeting(1, 'running'), meeting(2, 'open')];
  expect(standby('main', both, NOW, undefined, (id) => id === 1)).toMatchObject({
    name: 'enters',
    meeting: { meeting_id: 2 },
  });
  expect(standby('main', both.slice(0, 1), NOW, undefined, (id) => id === 1).name).toBe('left');
});

it('keeps a spare out until the main machine has been lost for long', () => {
  const spare = (more: Partial<HallMeeting>, was?: number) =>
    standby('spare', [meeting(1, 'running', more)], NOW, was, nowhere);
  expect(spare({ presence: 'absent' })).toMatchObject({ name: 'spare', main: 'absent' });
  expect(spare({ presence: 'ready' })).toMatchObject({ name: 'spare', main: 'in' });
  expect(spare(lost(SPARE_AFTER - 1_000))).toMatchObject({ name: 'spare', main: 'lost' });
  expect(spare(lost(SPARE_AFTER + 1_000)).name).toBe('enters');
  // It was in itself before its own power cut.
  expect(spare(lost(1_000), 1).name).toBe('enters');
});
