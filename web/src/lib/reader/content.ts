import { connection } from '#lib/api/connection.svelte.ts';
import { device } from '#lib/offline/device.ts';
import { readPicture, readTexts } from '#lib/offline/saved.ts';
import { fetchTexts, pictureAddress } from '#lib/papers/calls.ts';
import type { PictureWidth, TextLine, VersionHead } from '#lib/papers/types.ts';

/** So few pages' text a request, that the first is there quickly on a weak line; many, when all are wanted. */
const few = 4;
const many = 20;
/** Pictures from the device that stay in memory. */
const pictures = 40;

/** The pages of one version: from this device where they are saved, else from the server. */
export class PaperContent {
  readonly head: VersionHead;
  readonly #texts = new Map<number, Promise<TextLine[]>>();
  readonly #urls = new Map<number, string>();
  #closed = false;

  constructor(head: VersionHead) {
    this.head = head;
  }

  get version(): number {
    return this.head.version.id;
  }

  get count(): number {
    return this.head.pages.length;
  }

  /** What is printed on a page ("iii"), else its number. */
  label(page: number): string {
    return this.#labels[page - 1] ?? String(page);
  }

  /** Pages are called otherwise than by their number. */
  get labelled(): boolean {
    return this.#labels.length > 0;
  }

  /** The page that somebody means who types this: what is printed on it first, then the number. */
  pageOf(typed: string): number | undefined {
    const said = typed.trim().toLowerCase();
    const at = this.#labels.findIndex((label) => label.toLowerCase() === said);
    if (at >= 0) return at + 1;
    return /^\d+$/.test(said) ? Number(said) : undefined;
  }

  /** A paper that this device has kept since before there were any has none. */
  get #labels(): string[] {
    return (this.head as Partial<VersionHead>).page_labels ?? [];
  }

  /** Height by width of a page, from 1. */
  ratio(page: number): number {
    const [width, height] = this.head.pages[page - 1] ?? [1, Math.SQRT2];
    return height / width;
  }

  /** The lines of a page. Rejects without a line where it is not saved; asking again tries again. */
  text(page: number): Promise<TextLine[]> {
    const known = this.#texts.get(page);
    if (known) return known;
    const first = page - ((page - 1) % few);
    return this.#load(first, Math.min(first + few - 1, this.count)).then((load) => load.get(page) ?? []);
  }

  /** The text of all pages, as it comes; `each` gets them in no particular order. */
  async allTexts(each: (page: number, lines: TextLine[]) => void, signal: AbortSignal): Promise<void> {
    for (let first = 1; first <= this.count && !signal.aborted; first += many) {
      const last = Math.min(first + many - 1, this.count);
      const wanted = range(first, last);
      if (wanted.some((page) => !this.#texts.has(page))) await this.#load(first, last);
      for (const page of wanted) {
        const lines = await this.#texts.get(page);
        if (!signal.aborted) each(page, lines ?? []);
      }
    }
  }

  /** An address of a page's picture: of the saved bytes, else the server's. */
  async picture(page: number, width: PictureWidth): Promise<string> {
    const known = width === 900 ? this.#urls.get(page) : undefined;
    if (known) return known;
    const saved = width === 900 ? await readPicture(await device.db(), this.version, page) : undefined;
    if (!saved || this.#closed) return pictureAddress(this.version, page, width);
    const url = URL.createObjectURL(new Blob([saved], { type: 'image/webp' }));
    this.#urls.set(page, url);
    for (const [oldest, old] of this.#urls) {
      if (this.#urls.size <= pictures) break;
      this.#urls.delete(oldest);
      URL.revokeObjectURL(old);
    }
    return url;
  }

  /** Recalled, or left: nothing of it stays in memory. */
  close(): void {
    this.#closed = true;
    for (const url of this.#urls.values()) URL.revokeObjectURL(url);
    this.#urls.clear();
    this.#texts.clear();
  }

  async #load(first: number, last: number): Promise<Map<number, TextLine[]>> {
    const load = this.#read(first, last);
    for (const page of range(first, last)) {
      const lines = load.then((texts) => texts.get(page) ?? []);
      lines.catch(() => this.#texts.delete(page));
      this.#texts.set(page, lines);
    }
    return load;
  }

  async #read(first: number, last: number): Promise<Map<number, TextLine[]>> {
    const saved = await readTexts(await device.db(), this.version, first, last);
    if (saved.size === last - first + 1) return saved;
    return fetchTexts(this.version, first, last);
  }
}

/** Whether sharper pictures may be asked for: not without a line, nor where the reader saves data. */
export function mayLoadSharp(): boolean {
  const line = (navigator as { connection?: { saveData?: boolean } }).connection;
  return connection.up && line?.saveData !== true;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
