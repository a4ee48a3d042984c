import { answer } from './client.ts';

type Query = Record<string, string | number | boolean | null | undefined>;
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** `/api/people` with a query; what is undefined, null or empty is left out. */
export function address(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

/**
 * One request by its address, where `api` does not fit: bodies that are files, addresses made elsewhere. Answers and
 * refuses as `answer` does. A `body` that is a Blob goes as it is, everything else as JSON; undefined for no content.
 */
export function ask<T>(method: Method, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { 'X-Nhipcau': '1' };
  const raw = body instanceof Blob;
  if (body !== undefined && !raw) headers['Content-Type'] = 'application/json';
  const sent = fetch(path, {
    method,
    headers,
    credentials: 'same-origin',
    body: body === undefined ? undefined : raw ? body : JSON.stringify(body),
  });
  return answer<T>(
    sent.then(async (response) => {
      const content = await response.json().catch(() => undefined);
      return response.ok ? { data: content as T, response } : { error: content, response };
    }),
  );
}
