import { describe, expect, it } from 'vitest';
import { ServerClock } from './clock.ts';

function machine(start: number) {
  const state = { now: start };
  return { state, clock: new ServerClock(() => state.now) };
}
const iso = (ms: number) => new Date(ms).toISOString();
const START = Date.parse('2026-11-21T07:30:00Z');

describe('server clock', () => {
  it('follows the server, half a round trip later', () => {
    const { clock, state } = machine(START);
    clock.sample(iso(START + 90_000), 200);
    expect(clock.now()).toBe(START + 90_100);
    state.now += 1_000;
    expect(clock.now()).toBe(START + 91_100);
  });

  it('believes the shortest round trip', () => {
    const { clock } = machine(START);
    clock.sample(iso(START + 1_000), 40);
    clock.sample(iso(START + 300), 1_900);
    expect(clock.offset).toBe(1_020);
  });

  it('takes a worse sample when the good one has grown old', () => {
    const { clock, state } = machine(START);
    clock.sample(iso(START + 1_000), 40);
    state.now += 61_000;
    clock.sample(iso(state.now + 1_500), 400);
    expect(clock.offset).toBe(1_700);
  });

  it('follows at once when the machine clock was set right', () => {
    const { clock, state } = machine(START);
    clock.sample(iso(START + 3_600_000), 20);
    state.now += 3_600_000;
    clock.sample(iso(START + 3_600_000), 900);
    expect(clock.offset).toBe(450);
  });

  it('ignores what is no moment', () => {
    const { clock } = machine(START);
    clock.sample('hôm qua', 10);
    expect(clock.offset).toBe(0);
  });
});
