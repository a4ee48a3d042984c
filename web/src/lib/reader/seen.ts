import { noteReceipt, sendReceipts } from '#lib/offline/receipts.ts';

const tick = 500;
/** A page counts as seen after this long before the eyes, not when it is leafed past. */
const enough = 1_200;
const noteEvery = 10_000;
/** Nobody has touched the page for so long: the time no longer counts as reading. */
const idleAfter = 3 * 60_000;

/** Counts what of a version was really before somebody's eyes, and notes it for the organiser's receipts. */
export class Seen {
  readonly #version: number;
  readonly #visible: () => readonly number[];
  readonly #shown = new Map<number, number>();
  readonly #told = new Set<number>();
  #news = new Set<number>();
  #milliseconds = 0;
  #lastPage = 0;
  #sinceNote = 0;
  #touched = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #touch = () => (this.#touched = performance.now());
  readonly #hidden = () => {
    if (document.visibilityState === 'hidden') void this.#note();
  };

  /** `visible`: the pages on screen, the one being read first. */
  constructor(version: number, visible: () => readonly number[]) {
    this.#version = version;
    this.#visible = visible;
    this.#timer = setInterval(() => this.#look(), tick);
    for (const kind of ['pointerdown', 'keydown', 'scroll', 'wheel'])
      addEventListener(kind, this.#touch, { passive: true, capture: true });
    document.addEventListener('visibilitychange', this.#hidden);
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const kind of ['pointerdown', 'keydown', 'scroll', 'wheel'])
      removeEventListener(kind, this.#touch, { capture: true });
    document.removeEventListener('visibilitychange', this.#hidden);
    void this.#note().then(() => sendReceipts());
  }

  #look(): void {
    if (document.visibilityState !== 'visible' || performance.now() - this.#touched > idleAfter) return;
    const pages = this.#visible();
    for (const page of pages) {
      const shown = (this.#shown.get(page) ?? 0) + tick;
      this.#shown.set(page, shown);
      if (shown < enough || this.#told.has(page)) continue;
      this.#told.add(page);
      this.#news.add(page);
    }
    if (pages[0]) this.#lastPage = pages[0];
    this.#milliseconds += tick;
    this.#sinceNote += tick;
    const first = this.#told.size > 0 && this.#told.size === this.#news.size;
    if (this.#sinceNote >= noteEvery || (first && this.#sinceNote >= enough)) void this.#note();
  }

  async #note(): Promise<void> {
    if (this.#news.size === 0 && this.#milliseconds < noteEvery / 2) return;
    const entry = {
      version_id: this.#version,
      pages: [...this.#news],
      last_page: this.#lastPage || 1,
      seconds: Math.round(this.#milliseconds / 1000),
      at: new Date().toISOString(),
    };
    this.#news = new Set();
    this.#milliseconds = this.#sinceNote = 0;
    await noteReceipt(entry).catch(() => undefined);
  }
}
