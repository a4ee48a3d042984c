import { ApiError, isRefusal, sentence } from '#lib/api/errors.ts';
import { device } from '#lib/offline/device.ts';
import { readHead } from '#lib/offline/saved.ts';
import { shelf } from '#lib/offline/shelf.svelte.ts';
import { PaperContent } from './content.ts';
import { Seen } from './seen.ts';
import { fetchHead, fetchReceipts } from '#lib/papers/calls.ts';
import type { Library, Paper, VersionHead } from '#lib/papers/types.ts';

/** Why there is nothing to read. */
export type Problem =
  | { kind: 'recalled'; reason: string }
  | { kind: 'locked'; opensAt: string }
  | { kind: 'gone' | 'not-ready' | 'offline' }
  | { kind: 'error'; text: string };

export interface Wanted {
  version?: number;
  page?: number;
}

/** How long the server is asked for the last page read elsewhere, before it is page 1. */
const lastPageWithin = 600;

/** One paper being read: what it is, where one is in it, and what becomes of it meanwhile. */
export class Reading {
  readonly meeting: number;
  readonly paperId: number;
  paper = $state.raw<Paper>();
  content = $state.raw<PaperContent>();
  problem = $state.raw<Problem>();
  page = $state(1);
  /** The pages on screen, the one being read first. */
  visible: readonly number[] = [];
  /** Set by whatever shows the pages: brings a page, and a height in it (0 … 1), to the top. */
  bring: (page: number, part?: number) => void = () => {};
  /** An older version was asked for by its id. */
  #asked: number | undefined;
  #seen: Seen | undefined;
  #closed = false;
  #remembered = 0;
  #turn = 0;
  readonly #stopHearing: () => void;

  constructor(meeting: number, paperId: number) {
    this.meeting = meeting;
    this.paperId = paperId;
    this.#stopHearing = shelf.onGone(({ paper, why }) => {
      if (paper !== this.paperId) return;
      const known = this.#reason(shelf.libraries.get(meeting));
      this.#withdraw(known ?? (why === 'recalled' ? { kind: 'recalled', reason: '' } : { kind: 'gone' }));
    });
  }

  /** A newer version than the one on screen, which nobody asked to stay with. */
  get newer(): number | undefined {
    const newest = this.paper?.version?.id;
    return newest !== undefined && this.content && newest !== this.content.version ? newest : undefined;
  }

  /** The version on screen was opened as an older one on purpose. */
  get isOlder(): boolean {
    return this.#asked !== undefined && this.newer !== undefined;
  }

  /** Opens the newest version, or the one wanted: from this device at once, checked with the server beside. */
  async open(wanted: Wanted = {}): Promise<void> {
    const turn = ++this.#turn;
    this.#asked = wanted.version;
    this.problem = undefined;
    const known = await shelf.known(this.meeting);
    this.paper ??= known?.papers.find((paper) => paper.id === this.paperId);
    const checked = shelf.load(this.meeting);
    checked.catch(() => undefined);
    try {
      const first = wanted.version ?? this.paper?.version?.id;
      const saved = first === undefined ? undefined : await readHead(await device.db(), first);
      if (saved) await this.#show(saved, wanted.page, turn);
      else if (first !== undefined && this.paper?.my.read) {
        const head = await fetchHead(first).catch((refusal: unknown) => {
          if (isRefusal(refusal)) return undefined; // the library below says it better
          throw refusal;
        });
        if (head) await this.#show(head, wanted.page, turn);
      }
      const library = await checked;
      if (turn !== this.#turn) return;
      this.follow(library);
      const newest = wanted.version ?? this.paper?.version?.id;
      if (this.problem || newest === undefined) return;
      if (!this.content) await this.#show(await fetchHead(newest), wanted.page, turn);
      else if (wanted.version === undefined && this.content.version !== newest && !saved)
        await this.#show(await fetchHead(newest), wanted.page, turn);
    } catch (thrown) {
      if (turn === this.#turn) this.#failed(thrown);
    }
  }

  /** The library changed: recalled, locked, replaced, or readable at last. */
  follow(library: Library): void {
    if (this.#closed) return;
    const paper = library.papers.find((one) => one.id === this.paperId);
    const reason = this.#reason(library);
    if (paper) this.paper = paper;
    if (reason) return this.#withdraw(reason);
    if (this.problem && this.problem.kind !== 'error') void this.open({ version: this.#asked });
  }

  /** Goes to the newest version, on the same page. */
  async renew(): Promise<void> {
    await this.open({ page: this.page, version: undefined });
    const newest = this.paper?.version?.id;
    if (newest === undefined || this.content?.version === newest) return;
    try {
      await this.#show(await fetchHead(newest), this.page, this.#turn);
    } catch (thrown) {
      if (!(thrown instanceof ApiError && thrown.code === 'offline')) this.#failed(thrown);
      throw thrown;
    }
  }

  /** Goes to a page, and to a height in it. */
  jump(page: number, part = 0): void {
    if (!this.content) return;
    this.page = Math.min(Math.max(Math.round(page), 1), this.content.count);
    this.bring(this.page, part);
  }

  /** The pages before the eyes; remembers the place for the next time. */
  look(page: number, visible: readonly number[]): void {
    this.visible = visible;
    this.page = page;
    if (page !== this.#remembered) void this.#remember();
  }

  close(): void {
    this.#closed = true;
    this.#turn++;
    this.#stopHearing();
    void this.#remember();
    this.#seen?.stop();
    this.content?.close();
  }

  async #show(head: VersionHead, page: number | undefined, turn: number): Promise<void> {
    if (head.pages.length === 0) throw new Error('A version without pages');
    const start = page ?? (await this.#lastPage(head.version.id));
    if (turn !== this.#turn || this.#closed) return;
    if (this.content?.version === head.version.id) return;
    this.#seen?.stop();
    this.content?.close();
    this.page = Math.min(Math.max(start, 1), head.pages.length);
    this.visible = [this.page];
    this.paper ??= head.paper;
    this.content = new PaperContent(head);
    this.#seen = new Seen(head.version.id, () => this.visible);
    this.problem = undefined;
    shelf.prefer(this.paperId);
  }

  async #lastPage(version: number): Promise<number> {
    const here = await (await device.db())?.get('places', this.paperId);
    if (here) return here.page;
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, lastPageWithin));
    const receipts = fetchReceipts(this.meeting).catch(() => undefined);
    const known = await Promise.race([receipts, late]);
    return known?.[version]?.last_page || 1;
  }

  async #remember(): Promise<void> {
    const version = this.content?.version;
    if (version === undefined) return;
    this.#remembered = this.page;
    const place = { paper_id: this.paperId, version_id: version, page: this.page, at: Date.now() };
    await (await device.db())?.put('places', place).catch(() => undefined);
  }

  #reason(library: Library | undefined): Problem | undefined {
    const paper = library?.papers.find((one) => one.id === this.paperId);
    if (!library) return undefined;
    if (!paper) return { kind: 'gone' };
    if (paper.my.manage && paper.version) return undefined;
    if (paper.recalled_at !== null) return { kind: 'recalled', reason: paper.recall_reason };
    if (paper.state === 'locked' && paper.opens_at) return { kind: 'locked', opensAt: paper.opens_at };
    if (!paper.my.read) return { kind: 'gone' };
    return paper.version ? undefined : { kind: 'not-ready' };
  }

  /** Takes the content off the screen. */
  #withdraw(problem: Problem): void {
    this.#turn++;
    this.#seen?.stop();
    this.#seen = undefined;
    this.content?.close();
    this.content = undefined;
    this.problem = problem;
  }

  #failed(thrown: unknown): void {
    if (thrown instanceof ApiError) {
      const { code, details } = thrown;
      if (code === 'offline') {
        if (!this.content) this.problem = { kind: 'offline' };
        return;
      }
      if (code === 'recalled')
        return this.#withdraw({ kind: 'recalled', reason: this.paper?.recall_reason ?? '' });
      if (code === 'locked')
        return this.#withdraw({ kind: 'locked', opensAt: String(details.opens_at ?? '') });
      if (isRefusal(thrown)) return this.#withdraw({ kind: 'gone' });
    }
    if (!this.content) this.problem = { kind: 'error', text: sentence(thrown) };
  }
}
