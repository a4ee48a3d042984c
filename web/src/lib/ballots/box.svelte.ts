import { ApiError } from '#lib/api/errors.ts';
import { ownKey } from '#lib/belongings.ts';
import { uuid } from '#lib/text/uuid.ts';
import { ballotsApi, type Ballot, type MyVote } from './calls.ts';

/** Crockford's base 32: no letter that is taken for another. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CODE_LENGTH = 10;

function newCode(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(CODE_LENGTH)), (byte) => LETTERS[byte & 31]).join(
    '',
  );
}

interface Waiting {
  marks: string;
  key: string;
  code?: string;
}

const AGAIN_AFTER = 3_000;

/**
 * One's own vote in one ballot. It counts as taken only when the server has said so; until then it is sent again under the
 * same key, so that an answer that was lost makes no second vote.
 */
export class BallotBox {
  readonly #meeting: number;
  readonly #ballot: Ballot;
  readonly #place: string;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** What the server knows; undefined: not asked yet. */
  mine = $state.raw<MyVote | undefined>();
  /** Chosen, and not acknowledged. */
  waiting = $state.raw<Waiting | undefined>();
  sending = $state(false);
  /** Why it was refused. */
  refused = $state('');
  /** Of a secret vote that was taken, until it is hidden. */
  code = $state('');

  constructor(meeting: number, ballot: Ballot) {
    this.#meeting = meeting;
    this.#ballot = ballot;
    this.#place = ownKey(`vote.${ballot.id}`);
    const kept = remembered<{ waiting?: Waiting; code?: string }>(this.#place);
    this.code = kept?.code ?? '';
    this.waiting = kept?.waiting;
    if (this.waiting) void this.#send();
    else void this.ask();
  }

  async ask(): Promise<void> {
    try {
      this.mine = await ballotsApi.own(this.#meeting, this.#ballot.id);
    } catch {
      // Asked again with the next look; the vote itself is judged by the server in any case.
    }
  }

  cast(marks: string): Promise<void> {
    this.waiting = { marks, key: uuid(), code: this.#ballot.secret ? newCode() : undefined };
    this.#keep();
    return this.#send();
  }

  /** The line is back. */
  again(): void {
    if (this.waiting && !this.sending) void this.#send();
  }

  hideCode(): void {
    this.code = '';
    this.#keep();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #send(): Promise<void> {
    const { waiting } = this;
    if (!waiting) return;
    clearTimeout(this.#timer);
    this.sending = true;
    this.refused = '';
    try {
      await ballotsApi.vote(this.#meeting, this.#ballot.id, waiting);
      this.mine = {
        may: true,
        reason: '',
        voted: true,
        marks: this.#ballot.secret ? null : waiting.marks,
      };
      this.code = waiting.code ?? '';
      this.waiting = undefined;
    } catch (thrown) {
      const status = thrown instanceof ApiError ? thrown.status : 0;
      if (status === 0 || status === 429 || status >= 500) {
        if (!this.#closed) this.#timer = setTimeout(() => this.again(), AGAIN_AFTER);
      } else {
        this.refused = (thrown as Error).message;
        this.waiting = undefined;
        void this.ask();
      }
    } finally {
      this.sending = false;
      this.#keep();
    }
  }

  /** For a reload; what was chosen does not outlive the answer. */
  #keep(): void {
    try {
      if (this.waiting || this.code)
        sessionStorage.setItem(this.#place, JSON.stringify({ waiting: this.waiting, code: this.code }));
      else sessionStorage.removeItem(this.#place);
    } catch {
      // Storage is closed: a reload asks the server.
    }
  }
}

function remembered<T>(place: string): T | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(place) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}
