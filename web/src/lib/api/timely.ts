/** Without the head of an answer by then the line counts as dead: a half-dead one would be waited for for ever. In ms. */
const HEAD_WITHIN = 20_000;
/** Whoever writes may have started work that takes longer: a list of thousands is read, a pack is put together. */
const HEAD_OF_WRITE_WITHIN = 90_000;
/** The whole of it; on the weakest line a page's picture takes ten seconds. */
const WHOLE_WITHIN = 120_000;

/**
 * `fetch` that does not wait for ever: it rejects with a DOMException "TimeoutError", also while the body is read. A signal
 * of the caller's own works beside it (`AbortSignal.any` came after the browsers we serve).
 */
export async function timely(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const given = init.signal ?? (input instanceof Request ? input.signal : undefined);
  const method = init.method ?? (input instanceof Request ? input.method : 'GET');
  const stop = new AbortController();
  const follow = () => stop.abort(given?.reason);
  if (given?.aborted) follow();
  given?.addEventListener('abort', follow, { once: true });
  const late = () => stop.abort(new DOMException('No answer in time', 'TimeoutError'));
  const head = setTimeout(late, method === 'GET' || method === 'HEAD' ? HEAD_WITHIN : HEAD_OF_WRITE_WITHIN);
  // Once the body has been read an abort changes nothing.
  setTimeout(late, WHOLE_WITHIN + (method === 'GET' ? 0 : HEAD_OF_WRITE_WITHIN));
  try {
    return await fetch(input, { ...init, signal: stop.signal });
  } finally {
    clearTimeout(head);
  }
}
