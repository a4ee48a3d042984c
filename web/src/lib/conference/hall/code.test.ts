import { describe, expect, it } from 'vitest';
import { isStale, nextIn } from './code.svelte.ts';

const until = Date.parse('2026-11-22T02:00:30Z');

describe('the code on a hall’s screen', () => {
  it('is asked for anew just after its time, not by all halls at once', () => {
    expect(nextIn(until, until - 20_000, 0)).toBe(20_300);
    expect(nextIn(until, until - 20_000, 1)).toBe(23_300);
    expect(nextIn(until, until + 40_000, 0)).toBe(300);
  });

  it('is shown as long as the server takes it', () => {
    expect(isStale(until, until + 50_000)).toBe(false);
    expect(isStale(until, until + 60_000)).toBe(true);
  });
});
