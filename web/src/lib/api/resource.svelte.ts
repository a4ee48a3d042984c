import { ApiError, sentence } from './errors.ts';

/** What a page needs of something fetched, to show it in whichever state it is. */
export type Loadable<T> = Pick<Resource<T>, 'data' | 'error' | 'loading' | 'reload'>;

/**
 * Something fetched for a page: its data, or why it is not there. Data stays while it is fetched again. The signal ends what
 * is under way when the page (or the value derived from what it shows) that made this is left, or asks anew: on a weak line
 * nobody waits behind an answer that nobody wants.
 */
export class Resource<T> {
  data = $state.raw<T>();
  error = $state.raw<{ text: string; code: string; status: number }>();
  loading = $state(false);
  #fetch: (signal: AbortSignal) => Promise<T>;
  #turn = 0;
  #work: AbortController | undefined;

  constructor(fetch: (signal: AbortSignal) => Promise<T>) {
    this.#fetch = fetch;
    whenLeft(() => this.#end());
    void this.reload();
  }

  async reload(): Promise<void> {
    this.#end();
    const turn = this.#turn;
    const work = (this.#work = new AbortController());
    this.loading = true;
    try {
      const data = await this.#fetch(work.signal);
      if (turn !== this.#turn) return;
      this.data = data;
      this.error = undefined;
    } catch (thrown) {
      if (turn !== this.#turn) return;
      const known = thrown instanceof ApiError ? thrown : null;
      this.error = { text: sentence(thrown), code: known?.code ?? 'error', status: known?.status ?? 0 };
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }

  /** Puts in what a command returned, in place of fetching it; an older answer under way is then ignored. */
  put(data: T): void {
    this.#end();
    this.data = data;
    this.error = undefined;
    this.loading = false;
  }

  /** Whatever comes after this is ignored. Changes nothing that is shown: it is called while a derived value goes. */
  #end(): void {
    this.#turn++;
    this.#work?.abort();
    this.#work = undefined;
  }
}

function whenLeft(end: () => void): void {
  try {
    $effect(() => end);
  } catch {
    // Made by a press of a button: it ends when it is asked again.
  }
}
