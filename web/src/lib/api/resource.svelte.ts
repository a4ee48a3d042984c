import { ApiError, sentence } from './errors.ts';

/** What a page needs of something fetched, to show it in whichever state it is. */
export type Loadable<T> = Pick<Resource<T>, 'data' | 'error' | 'loading' | 'reload'>;

/** Something fetched for a page: its data, or why it is not there. Data stays while it is fetched again. */
export class Resource<T> {
  data = $state.raw<T>();
  error = $state.raw<{ text: string; code: string; status: number }>();
  loading = $state(false);
  #fetch: () => Promise<T>;
  #turn = 0;

  constructor(fetch: () => Promise<T>) {
    this.#fetch = fetch;
    void this.reload();
  }

  async reload(): Promise<void> {
    const turn = ++this.#turn;
    this.loading = true;
    try {
      const data = await this.#fetch();
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
    this.#turn++;
    this.data = data;
    this.error = undefined;
    this.loading = false;
  }
}
