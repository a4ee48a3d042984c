import { ownHeaders } from './acting.ts';
import { answer } from './client.ts';
import { timely } from './timely.ts';

/**
 * Requests that the typed client is not made for: bytes, uploads of what was written without a line, addresses that are
 * data. Refusals are ApiErrors, as with `api`.
 */
interface Sending {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  signal?: AbortSignal;
  /** Outlives the page that sends it. */
  keepalive?: boolean;
}

export function request<T>(path: string, sending: Sending = {}): Promise<T> {
  return answer<T>(
    sent(path, sending, (response) => (response.status === 204 ? undefined : response.json())),
  );
}

export function bytes(path: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  return answer<ArrayBuffer>(sent(path, { signal }, (response) => response.arrayBuffer()));
}

async function sent<T>(path: string, sending: Sending, read: (response: Response) => unknown) {
  const { method = 'GET', body, signal, keepalive } = sending;
  const headers = ownHeaders();
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const response = await timely(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
    keepalive,
    credentials: 'same-origin',
  });
  if (response.ok) return { data: (await read(response)) as T, response };
  const error: unknown = await response.json().catch(() => undefined);
  return { error, response };
}
