import { defaultOptions, type DetailedError, type PreviousUpload, Upload } from 'tus-js-client';
import { ownHeaders } from '#lib/api/acting.ts';
import { connection } from '#lib/api/connection.svelte.ts';
import { apiError } from '#lib/api/errors.ts';
import { newKey } from '#lib/api/once.ts';
import { m } from '#lib/paraglide/messages.js';
import { fingerprint, idOf, type Place, pauses, retryable, share } from './sending.ts';

export type SendState = 'waiting' | 'sending' | 'held' | 'paused' | 'refused' | 'done';

/** What a piece of an upload may weigh: at 300 kbit/s half a minute, so that a broken line loses little. */
const piece = 1024 * 1024;
const atOnce = 2;

let count = 0;

/** One file on its way. `held`: the line is gone, it goes on by itself. `refused`: the server said no, with `problem`. */
export class Sending {
  readonly key = ++count;
  state = $state<SendState>('waiting');
  sent = $state(0);
  problem = $state('');
  upload: Upload | undefined;
  /** The place for it that is asked for: an answer that was lost is the same one's again. */
  asked = newKey();
  /** The new paper that came of it. */
  paper: number | undefined;

  constructor(
    readonly file: File,
    readonly place: Place,
  ) {}
}

/** A file whose upload was cut short by a closed page. Choosing the same file again goes on where it stopped. */
export interface Leftover {
  key: string;
  name: string;
  size: number;
  place: Place;
}

/** The files on their way to one meeting. Lives as long as the app is open: leaving the page does not stop it. */
export class Uploads {
  list = $state<Sending[]>([]);
  leftovers = $state.raw<Leftover[]>([]);
  /** Called after each file that arrived or was refused. */
  arrived: () => void = () => {};
  readonly #meeting: number;

  constructor(meeting: number) {
    this.#meeting = meeting;
    void this.#findLeftovers();
  }

  /** 0 … 1 over all that is on its way. */
  readonly progress = $derived.by(() => share(this.list.filter(({ state }) => state !== 'refused')));
  readonly under = $derived(this.list.filter(({ state }) => !['done', 'refused'].includes(state)));
  readonly moving = $derived(this.under.some(({ state }) => state !== 'paused'));

  add(files: Iterable<File>, place: Omit<Place, 'meeting'>): void {
    if (this.under.length === 0) this.list = this.list.filter(({ state }) => state === 'refused');
    for (const file of files) {
      const known = this.leftovers.find(({ name, size }) => name === file.name && size === file.size);
      const sending = new Sending(file, known?.place ?? { ...place, meeting: this.#meeting });
      this.list.push(sending);
      if (file.size === 0) {
        sending.state = 'refused';
        sending.problem = m.papers_file_empty();
      }
    }
    this.#next();
  }

  /** The papers of one place that came of the files sent together, in the order in which these were chosen. */
  chosen(item: number | null): number[] {
    return this.list.flatMap(({ place, paper }) => (paper && place.item === item ? [paper] : []));
  }

  /** They stand as somebody has put them. */
  arranged(): void {
    for (const sending of this.list) sending.paper = undefined;
  }

  pause(sending: Sending): void {
    sending.state = 'paused';
    void sending.upload?.abort();
    this.#next();
  }

  resume(sending: Sending): void {
    sending.state = 'waiting';
    sending.problem = '';
    this.#next();
  }

  pauseAll(): void {
    for (const sending of this.under) this.pause(sending);
  }

  resumeAll(): void {
    for (const sending of this.under) if (sending.state === 'paused') sending.state = 'waiting';
    this.#next();
  }

  /** Takes a file off the list; what the server has of it is thrown away. */
  drop(sending: Sending): void {
    this.list = this.list.filter(({ key }) => key !== sending.key);
    if (sending.state !== 'done') void sending.upload?.abort(true).catch(() => {});
    this.#next();
  }

  async forget(leftover: Leftover): Promise<void> {
    this.leftovers = this.leftovers.filter(({ key }) => key !== leftover.key);
    await defaultOptions.urlStorage.removeUpload(leftover.key);
  }

  #next(): void {
    const busy = this.list.filter(({ state }) => state === 'sending' || state === 'held').length;
    for (const sending of this.list.filter(({ state }) => state === 'waiting').slice(0, atOnce - busy))
      void this.#send(sending);
  }

  async #send(sending: Sending): Promise<void> {
    sending.state = 'sending';
    const { place, file } = sending;
    const upload = (sending.upload ??= new Upload(file, {
      endpoint: `/api/meetings/${place.meeting}/uploads`,
      chunkSize: piece,
      retryDelays: pauses,
      headers: ownHeaders(),
      removeFingerprintOnSuccess: true,
      metadata: {
        filename: file.name,
        ...(place.item === null ? {} : { item_id: String(place.item) }),
        ...(place.paper === null ? {} : { paper_id: String(place.paper) }),
        ...(place.note ? { note: place.note } : {}),
      },
      fingerprint: (of: File) => Promise.resolve(fingerprint(of, place)),
      onBeforeRequest: (request) => {
        if (request.getMethod() === 'POST') request.setHeader('Idempotency-Key', sending.asked);
      },
      onUploadUrlAvailable: () => {
        sending.asked = newKey();
      },
      onProgress: (sent) => {
        sending.sent = sent;
        if (sending.state === 'held') sending.state = 'sending';
        connection.worked();
      },
      onShouldRetry: (error) => {
        const again = retryable(error.originalResponse?.getStatus());
        if (again && sending.state === 'sending') sending.state = 'held';
        return again && sending.state !== 'paused';
      },
      onError: (error) => this.#failed(sending, error as DetailedError),
      onSuccess: ({ lastResponse }) => {
        if (place.paper === null) sending.paper = idOf(lastResponse.getHeader('Nhipcau-Paper')) ?? undefined;
        sending.sent = file.size;
        sending.state = 'done';
        this.leftovers = this.leftovers.filter(({ name, size }) => name !== file.name || size !== file.size);
        this.arrived();
        this.#next();
      },
    }));
    if (upload.url === null) {
      const [earlier] = (await upload.findPreviousUploads()).reverse();
      if (earlier) upload.resumeFromPreviousUpload(earlier);
    }
    if (sending.state === 'sending') upload.start();
  }

  #failed(sending: Sending, error: DetailedError): void {
    if (sending.state === 'paused') return;
    const answer = error.originalResponse;
    if (!answer || answer.getStatus() === 0) {
      sending.state = 'paused';
      sending.problem = m.error_offline();
      connection.failed();
    } else {
      sending.state = 'refused';
      sending.problem = apiError(bodyOf(answer.getBody()), answer.getStatus()).message;
      this.arrived();
    }
    this.#next();
  }

  async #findLeftovers(): Promise<void> {
    const all: PreviousUpload[] = await defaultOptions.urlStorage.findAllUploads().catch(() => []);
    this.leftovers = all
      .filter(({ urlStorageKey }) => urlStorageKey.startsWith(`tus::nhipcau-${this.#meeting}-`))
      .map(({ urlStorageKey, size, metadata }) => ({
        key: urlStorageKey,
        name: metadata.filename ?? '',
        size: size ?? 0,
        place: {
          meeting: this.#meeting,
          item: idOf(metadata.item_id),
          paper: idOf(metadata.paper_id),
          note: metadata.note ?? '',
        },
      }));
  }
}

function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const known = new Map<number, Uploads>();

/** The uploads of a meeting, the same object each time. */
export function uploadsOf(meeting: number): Uploads {
  const uploads = known.get(meeting) ?? new Uploads(meeting);
  known.set(meeting, uploads);
  return uploads;
}

/** Whether any file of any meeting is under way: closing the window would stop it. */
export const anyUnderWay = (): boolean => [...known.values()].some(({ moving }) => moving);
