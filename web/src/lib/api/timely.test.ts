import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { timely } from './timely.ts';

/** A line that is up and carries nothing: `fetch` ends only when it is told to. */
function silent() {
  const asked = vi.fn(
    (_input: unknown, init: RequestInit) =>
      new Promise<Response>((_, reject) =>
        init.signal?.addEventListener('abort', () => reject(init.signal?.reason)),
      ),
  );
  vi.stubGlobal('fetch', asked);
  return asked;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('gives a silent line up', async () => {
  silent();
  const outcome = timely('/api/meetings').catch((thrown: DOMException) => thrown.name);
  await vi.advanceTimersByTimeAsync(19_999);
  await expect(Promise.race([outcome, Promise.resolve('waiting')])).resolves.toBe('waiting');
  await vi.advanceTimersByTimeAsync(1);
  await expect(outcome).resolves.toBe('TimeoutError');
});

it('has more patience with work that was begun', async () => {
  silent();
  const outcome = timely('/api/x', { method: 'POST' }).catch((thrown: DOMException) => thrown.name);
  await vi.advanceTimersByTimeAsync(89_999);
  await expect(Promise.race([outcome, Promise.resolve('waiting')])).resolves.toBe('waiting');
  await vi.advanceTimersByTimeAsync(1);
  await expect(outcome).resolves.toBe('TimeoutError');
});

it('gives up a body that stops coming', async () => {
  let signal: AbortSignal | null | undefined;
  vi.stubGlobal('fetch', (_: unknown, init: RequestInit) => {
    signal = init.signal;
    return Promise.resolve(new Response('{'));
  });
  await timely('/api/meetings');
  await vi.advanceTimersByTimeAsync(119_999);
  expect(signal?.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(signal?.aborted).toBe(true);
});

it('lets its caller stop it, before and while it runs', async () => {
  silent();
  const stop = new AbortController();
  const outcome = timely('/api/meetings', { signal: stop.signal }).catch((thrown: Error) => thrown.name);
  stop.abort();
  await expect(outcome).resolves.toBe('AbortError');
  const fetched = silent();
  void timely('/api/meetings', { signal: stop.signal }).catch(() => undefined);
  expect(fetched.mock.calls[0]?.[1].signal?.aborted).toBe(true);
});
