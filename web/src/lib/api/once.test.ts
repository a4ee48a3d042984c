import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { once } from './once.ts';

type Outcome = number | 'lost' | 'still-running';

/** A server behind a line that does with each request what is said, in this order. */
function server(...outcomes: Outcome[]) {
  const keys: (string | null)[] = [];
  vi.stubGlobal('navigator', { onLine: true });
  vi.stubGlobal('fetch', (request: Request) => {
    keys.push(request.headers.get('Idempotency-Key'));
    const outcome = outcomes.shift() ?? 201;
    if (outcome === 'lost') return Promise.reject(new TypeError('Failed to fetch'));
    if (outcome === 'still-running')
      return Promise.resolve(new Response('{"code":"still-running"}', { status: 409 }));
    return Promise.resolve(new Response('{"id":7}', { status: outcome }));
  });
  return keys;
}

function post(path = '/api/meetings', body = '{"title":"Giao ban"}'): Promise<number | string> {
  const request = new Request(`http://hop.test${path}`, { method: 'POST', body });
  const outcome = once(request).then(
    ({ status }) => status,
    (thrown: Error) => thrown.message,
  );
  return vi.advanceTimersByTimeAsync(10_000).then(() => outcome);
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('asks again with the same key until an answer comes', async () => {
  const keys = server('lost', 'still-running', 201);
  expect(await post()).toBe(201);
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
});

it('keeps the key of an intent that was never answered, and only of that', async () => {
  const keys = server('lost', 'lost', 'lost', 201, 201, 201);
  expect(await post()).toBe('Failed to fetch');
  expect(await post()).toBe(201);
  expect(keys[3]).toBe(keys[0]);
  expect(await post()).toBe(201); // the same once more, on purpose
  expect(keys[4]).not.toBe(keys[0]);
  await post('/api/meetings', '{"title":"Khác"}');
  expect(keys[5]).not.toBe(keys[4]);
});

it('takes a refusal for an answer, and lets everything else be', async () => {
  const keys = server(422, 'lost');
  expect(await post()).toBe(422);
  expect(await post('/api/session')).toBe('Failed to fetch');
  expect(keys[1]).toBeNull();
});
