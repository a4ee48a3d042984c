import { SvelteMap } from 'svelte/reactivity';
import { connection } from '#lib/api/connection.svelte.ts';
import { ApiError, isRefusal } from '#lib/api/errors.ts';
import type { Paper } from '#lib/papers/types.ts';
import type { SavedVersion } from './database.ts';
import { device } from './device.ts';
import type { Libraries } from './libraries.svelte.ts';
import { network } from './network.ts';
import { plan, type Choice, type Situation, type Wish } from './planner.ts';
import { askToStay, measured } from './quota.ts';
import { noteReceipt } from './receipts.ts';
import { dropPaper, dropVersion, mark } from './saved.ts';
import { DeviceFull, saveVersion } from './saver.ts';

/** How a paper stands on this device. `part`: 0 … 1 of its pages. */
export type Standing = { state: 'saving' | 'partly' | 'saved'; version: number; part: number; bytes: number };

const key = 'nhipcau.offline';

/** Fetches the papers that the plan asks for, one after the other, and takes those off that it does not allow. */
export class Downloads {
  choice = $state<Choice>('wifi');
  /** The last attempt found no room. */
  full = $state(false);
  /** Bytes of this app on the device, and how many it may have; undefined where the browser does not tell. */
  usage = $state.raw<{ used: number; most: number }>();
  /** By paper id. */
  readonly standings = new SvelteMap<number, Standing>();
  /** Somebody is here whose papers are kept. */
  working = false;
  readonly #libraries: Libraries;
  readonly #refused: (wish: Wish) => Promise<void>;
  /** Versions to save because somebody pressed it, not yet begun. */
  readonly #asked = new Set<number>();
  /** The paper being read, and the one being saved. */
  #open: number | undefined;
  #saving: number | undefined;
  /** Papers taken off this device by hand. */
  #declined = new Set<number>();
  #work: AbortController | undefined;
  #pursuing = false;
  #again = false;

  /** `refused`: the server does not hand out a paper (any more). */
  constructor(libraries: Libraries, refused: (wish: Wish) => Promise<void>) {
    this.#libraries = libraries;
    this.#refused = refused;
    try {
      const chosen = localStorage.getItem(key);
      if (chosen === 'always' || chosen === 'wifi' || chosen === 'never') this.choice = chosen;
    } catch {
      // Storage is closed: Wi-Fi only, as for everybody who never chose.
    }
  }

  choose(choice: Choice): void {
    this.choice = choice;
    try {
      localStorage.setItem(key, choice);
    } catch {
      // It then holds until the page is closed.
    }
    this.#work?.abort();
    void this.pursue();
  }

  /** What lies here from earlier. */
  async recollect(): Promise<void> {
    const db = await device.db();
    this.#declined = new Set((await db?.get('facts', 'declined')) as number[] | undefined);
    await this.#look();
  }

  /** Saves a paper because somebody asked for it, whatever the line. */
  async save(paper: Paper): Promise<void> {
    const db = await device.db();
    if (!db || !paper.version) return;
    void askToStay();
    const version = paper.version.id;
    if (!(await mark(db, version, { pinned: true }))) this.#asked.add(version);
    this.#declined.delete(paper.id);
    await db.put('facts', [...this.#declined], 'declined');
    this.full = false;
    this.#work?.abort();
    await this.pursue();
  }

  /** A paper is being read: if it is to be saved, then before the others. */
  prefer(paper: number): void {
    this.#open = paper;
    if (this.#saving !== undefined && this.#saving !== paper) this.#work?.abort();
    void this.pursue();
  }

  /** Takes a paper off the device, until it is asked for again. */
  async remove(paper: number): Promise<void> {
    const db = await device.db();
    if (!db) return;
    for (const version of await db.getAllKeysFromIndex('versions', 'paper', paper))
      await dropVersion(db, version);
    this.standings.delete(paper);
    this.#declined.add(paper);
    await db.put('facts', [...this.#declined], 'declined');
    void this.#measure();
  }

  /** These may not be read any more. */
  async drop(papers: readonly number[]): Promise<void> {
    for (const paper of papers) this.standings.delete(paper);
    const db = await device.db();
    if (db) for (const paper of papers) await dropPaper(db, paper);
    void this.#measure();
  }

  /** Takes off what the plan does not allow here. */
  async purge(): Promise<void> {
    const db = await device.db();
    if (!db) return;
    for (const { version_id, paper_id, reason } of plan(await this.#situation()).drop) {
      if (reason === 'rights') {
        await dropPaper(db, paper_id);
        this.standings.delete(paper_id);
      } else {
        await dropVersion(db, version_id);
        if (this.standings.get(paper_id)?.version === version_id) this.standings.delete(paper_id);
      }
    }
  }

  /** Fetches what the plan asks for, one paper after the other; a call while it does makes it plan once more. */
  async pursue(): Promise<void> {
    this.#again = true;
    if (this.#pursuing) return;
    this.#pursuing = true;
    try {
      while (this.#again && connection.up && this.working) {
        this.#again = false;
        await this.#fetch(plan(await this.#situation()).fetch);
        await this.purge();
      }
    } finally {
      this.#pursuing = false;
    }
  }

  /** Nobody is here any more. */
  halt(): void {
    this.working = false;
    this.#work?.abort();
    this.#work = undefined;
  }

  async #look(): Promise<void> {
    const db = await device.db();
    for (const saved of (await db?.getAll('versions')) ?? []) this.#stand(saved, 'partly');
    void this.#measure();
  }

  #stand(saved: SavedVersion, unless: 'saving' | 'partly'): void {
    const shown = this.standings.get(saved.paper_id);
    // A complete older version still counts until the newer one is complete.
    if (shown && shown.version > saved.version_id && shown.state === 'saved') return;
    this.standings.set(saved.paper_id, {
      state: saved.complete_at > 0 ? 'saved' : unless,
      version: saved.version_id,
      part: saved.head.pages.length > 0 ? saved.pictures_saved / saved.head.pages.length : 1,
      bytes: saved.bytes,
    });
  }

  async #situation(): Promise<Situation> {
    const db = await device.db();
    const saved = ((await db?.getAll('versions')) ?? []).map((one) => ({
      version_id: one.version_id,
      paper_id: one.paper_id,
      meeting_id: one.meeting_id,
      pinned: one.pinned,
      complete: one.complete_at > 0,
    }));
    return {
      meetings: this.#libraries.meetings,
      libraries: this.#libraries.fresh,
      saved,
      asked: this.#asked,
      declined: this.#declined,
      open: this.#open,
      choice: this.choice,
      network: network(),
      now: Date.now(),
    };
  }

  async #fetch(wishes: Wish[]): Promise<void> {
    const db = await device.db();
    if (!db || wishes.length === 0) return;
    const work = (this.#work = new AbortController());
    try {
      for (const wish of wishes) {
        if (work.signal.aborted) return;
        this.#saving = wish.paper_id;
        await this.#saveOne(wish, work.signal);
      }
      this.full = false;
    } catch (thrown) {
      if (thrown instanceof DeviceFull) this.full = true;
      else if (!(thrown instanceof ApiError) && !work.signal.aborted) throw thrown;
    } finally {
      if (this.#work === work) this.#work = undefined;
      this.#saving = undefined;
      void this.#look();
    }
  }

  async #saveOne(wish: Wish, signal: AbortSignal): Promise<void> {
    const db = await device.db();
    if (!db) return;
    try {
      const wanted = this.#asked.has(wish.version_id) ? { ...wish, pinned: true } : wish;
      void askToStay();
      const saved = await saveVersion(db, wanted, (now) => this.#stand(now, 'saving'), signal);
      await noteReceipt({ version_id: saved.version_id, delivered: true, at: new Date().toISOString() });
    } catch (thrown) {
      // This one is not to be had (any more); the others are.
      if (isRefusal(thrown) && thrown.status !== 401) return this.#refused(wish);
      if (thrown instanceof Error && thrown.name === 'Dropped') return;
      throw thrown;
    }
  }

  async #measure(): Promise<void> {
    this.usage = (await measured()) ?? this.usage;
  }
}
