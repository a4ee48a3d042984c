import { version } from '$app/env';
import { connection } from './connection.svelte.ts';
import { ApiError } from './errors.ts';

/** Of one page: a fault in a loop says the same a thousand times. */
const most = 5;
const told = new Set<string>();

/** What is no fault of a page: refusals, which it shows by itself; what was broken off; an extension's own. */
const isOurs = (thrown: unknown, stack: string) =>
  !(thrown instanceof ApiError) &&
  !(thrown instanceof DOMException && /^(Abort|Timeout|NotAllowed)Error$/.test(thrown.name)) &&
  !/-extension:\/\//.test(stack);

/**
 * Tells the server of a fault in this page, so that it is seen where nobody writes down what the console says. `page`: the
 * route's pattern; no address, no name goes with it (`server/edge/page_faults.py`).
 */
export function tellFault(thrown: unknown, page: string): void {
  const message = (thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)).slice(
    0,
    400,
  );
  const stack = (thrown instanceof Error ? (thrown.stack ?? '') : '').slice(0, 2000);
  if (!connection.up || told.size >= most || told.has(message) || !isOurs(thrown, stack)) return;
  told.add(message);
  void fetch('/api/page-faults', {
    method: 'POST',
    keepalive: true,
    headers: { 'X-Nhipcau': '1', 'Content-Type': 'application/json' },
    body: JSON.stringify({ page, build: version, message, stack }),
  }).catch(() => undefined);
}

/** Hears whatever nobody caught. `page`: the route that is shown, asked when something fails. */
export function watchFaults(page: () => string): void {
  window.addEventListener('error', ({ error, message }) => {
    // Chromium's word for a layout that needs one more turn.
    if (!/^ResizeObserver loop/.test(message)) tellFault(error ?? message, page());
  });
  window.addEventListener('unhandledrejection', ({ reason }) => tellFault(reason, page()));
}
