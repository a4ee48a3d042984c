import createClient from 'openapi-fetch';
import { ownHeaders } from './acting.ts';
import { connection } from './connection.svelte.ts';
import { apiError, offlineError } from './errors.ts';
import type { paths } from './schema.ts';
import { once } from './once.ts';

let signedOut: () => void = () => {};

/** Says what to do when the session has ended (the app goes to the sign-in page and comes back after it). */
export function onSignedOut(action: () => void): void {
  signedOut = action;
}

let otherPerson: () => void = () => {};

/** Says what to do when somebody else has signed in on this device meanwhile. */
export function onOtherPerson(action: () => void): void {
  otherPerson = action;
}

/**
 * The typed client. Unsafe requests carry `X-Nhipcau`, without which the server refuses them: a foreign page cannot set it.
 */
export const api = createClient<paths>({
  credentials: 'same-origin',
  fetch: once,
});
api.use({
  onRequest({ request }) {
    for (const [name, value] of Object.entries(ownHeaders())) request.headers.set(name, value);
    return request;
  },
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/**
 * Waits for a request of `api` and returns its data: `const me = await answer(api.GET('/api/session'))`.
 *
 * Throws ApiError for every refusal, and for no answer at all (`code` "offline"). A 401 also leads to the sign-in page,
 * unless `expectSignedOut`.
 */
export async function answer<T>(request: Promise<Answer<T>>, expectSignedOut = false): Promise<T> {
  let got: Answer<T>;
  try {
    got = await request;
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'AbortError') throw thrown;
    connection.failed();
    throw offlineError();
  }
  connection.worked();
  if (got.response.ok) return got.data as T;
  if (got.response.status === 401 && !expectSignedOut) signedOut();
  const refusal = apiError(got.error, got.response.status);
  if (refusal.code === 'other-person') otherPerson();
  throw refusal;
}
