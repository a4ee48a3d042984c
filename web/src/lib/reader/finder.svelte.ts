import type { PaperContent } from './content.ts';
import { grouped } from '#lib/lists.ts';
import { foldPage, hitsOn, phrase, singleWords, type FoldedPage, type Hit } from './find.ts';
import type { Box } from '#lib/papers/types.ts';

/** More than this nobody leafs through; the search then says so. */
const most = 1_000;

/** Search inside one paper: reads its text once, then answers while one types. */
export class Finder {
  query = $state('');
  hits = $state.raw<Hit[]>([]);
  /** Of `hits`; -1 before any is looked at. */
  current = $state(-1);
  /** Part of the pages that have been read, 0 … 1. */
  progress = $state(0);
  /** No line, and the paper is not saved here: only what was read so far is searched. */
  cut = $state(false);
  /** The phrase stands nowhere; its words do. */
  scattered = $state(false);
  readonly #content: PaperContent;
  readonly #pages = new Map<number, FoldedPage>();
  #reading: Promise<void> | undefined;
  readonly #stop = new AbortController();
  readonly #byPage = $derived(grouped(this.hits, ({ page }) => page));

  constructor(content: PaperContent) {
    this.#content = content;
  }

  get busy(): boolean {
    return this.query !== '' && this.progress < 1 && !this.cut;
  }

  /** Looks for the words; the page being read decides which hit comes first. */
  async search(query: string, from: number): Promise<void> {
    this.query = query.trim();
    this.current = -1;
    this.#look();
    if (!this.query) return;
    this.#reading ??= this.#read();
    await this.#reading;
    if (this.query === query.trim() && this.current < 0 && this.hits.length > 0)
      this.current = Math.max(
        this.hits.findIndex(({ page }) => page >= from),
        0,
      );
  }

  /** The next or previous hit, round the ends; undefined where there is none. */
  step(direction: 1 | -1): Hit | undefined {
    if (this.hits.length === 0) return undefined;
    this.current = (this.current + direction + this.hits.length) % this.hits.length;
    return this.hits[this.current];
  }

  /** What to mark on a page. */
  marks(page: number): { box: Box; current: boolean }[] {
    const now = this.hits[this.current];
    return (this.#byPage.get(page) ?? []).flatMap((hit) =>
      hit.boxes.map((box) => ({ box, current: hit === now })),
    );
  }

  /** The folded words to mark in flowing text. */
  get wanted(): string[] {
    if (!this.query) return [];
    return this.scattered ? singleWords(this.query) : [phrase(this.query)];
  }

  close(): void {
    this.#stop.abort();
  }

  async #read(): Promise<void> {
    this.cut = false;
    try {
      await this.#content.allTexts((page, lines) => {
        this.#pages.set(page, foldPage(lines));
        this.progress = this.#pages.size / this.#content.count;
        if (page % 20 === 0 || page === this.#content.count) this.#look();
      }, this.#stop.signal);
    } catch {
      this.cut = true;
      this.#reading = undefined;
    }
    this.#look();
  }

  #look(): void {
    const wanted = phrase(this.query);
    let hits = this.#gather([wanted], false);
    this.scattered = false;
    if (hits.length === 0 && this.#pages.size > 0) {
      const words = singleWords(this.query);
      if (words.length > 1) hits = this.#gather(words, true);
      this.scattered = hits.length > 0;
    }
    const now = this.hits[this.current];
    this.hits = hits.slice(0, most);
    if (now)
      this.current = this.hits.findIndex((hit) => hit.page === now.page && same(hit.boxes[0], now.boxes[0]));
  }

  #gather(wanted: string[], whole: boolean): Hit[] {
    const found: Hit[] = [];
    for (let page = 1; page <= this.#content.count && found.length < most; page++) {
      const folded = this.#pages.get(page);
      if (!folded) continue;
      const here = wanted.flatMap((words) => hitsOn(page, folded, words, whole));
      if (wanted.length > 1)
        here.sort((a, b) => a.boxes[0]![1] - b.boxes[0]![1] || a.boxes[0]![0] - b.boxes[0]![0]);
      found.push(...here);
    }
    return found;
  }
}

function same(a: Box | undefined, b: Box | undefined): boolean {
  return a !== undefined && b !== undefined && a[0] === b[0] && a[1] === b[1];
}
