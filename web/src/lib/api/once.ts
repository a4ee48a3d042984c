import { timely } from './timely.ts';

/** What makes something new at the server: repeated without a key, a lost answer would leave two of it. */
const making = [
  /^\/api\/meetings$/,
  /^\/api\/meetings\/\d+\/(delegates|links|reminders)$/,
  /^\/api\/m\/[^/]+\/requests$/,
  /^\/api\/(people|links|units|points)$/,
  /^\/api\/exchange\/batches$/,
];
/** In ms, before each further try. */
const waits = [1_000, 3_000];

/**
 * Keys of requests whose answer never came, by what they ask. The same request again is the same intent, if a page's own
 * tries were in vain and somebody presses the button once more.
 */
const unanswered = new Map<string, string>();

/** 128 random bits; `crypto.randomUUID` is missing on pages without TLS. */
export function newKey(): string {
  const bits = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bits, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** `timely`, and for what makes something: with a key, tried again on a line that loses answers, never done twice. */
export async function once(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method !== 'POST' || !making.some((path) => path.test(pathname))) return timely(request);
  const intent = `${pathname}\n${await request.clone().text()}`;
  const key = unanswered.get(intent) ?? newKey();
  unanswered.set(intent, key);
  request.headers.set('Idempotency-Key', key);
  for (const wait of waits) {
    try {
      const response = await timely(request.clone());
      if (!(await isUnsettled(response))) return settled(intent, response);
    } catch (thrown) {
      // Who has waited for so long without a word is told; the next press goes on with the same key.
      const late = thrown instanceof DOMException && thrown.name === 'TimeoutError';
      if (late || request.signal.aborted || !navigator.onLine) throw thrown;
    }
    await new Promise((resolve) => setTimeout(resolve, wait * (0.7 + 0.6 * Math.random())));
  }
  const response = await timely(request.clone());
  return (await isUnsettled(response)) ? response : settled(intent, response);
}

function settled(intent: string, response: Response): Response {
  unanswered.delete(intent);
  return response;
}

/** A proxy answered for a server that is away, or the first of two tries is still under way. */
async function isUnsettled(response: Response): Promise<boolean> {
  if (response.status === 409) {
    const body = (await response
      .clone()
      .json()
      .catch(() => undefined)) as { code?: string } | undefined;
    return body?.code === 'still-running';
  }
  return [502, 503, 504].includes(response.status);
}
