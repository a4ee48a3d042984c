import { SvelteMap } from 'svelte/reactivity';
import { ownerOf } from '#lib/accounts/session.svelte.ts';
import { answer, api } from '#lib/api/client.ts';
import { connection } from '#lib/api/connection.svelte.ts';
import { ApiError, isRefusal } from '#lib/api/errors.ts';
import type { Me, MeetingSummary } from '#lib/api/types.ts';
import { fetchLibrary } from '#lib/papers/calls.ts';
import type { Library, Paper } from '#lib/papers/types.ts';
import type { SavedVersion } from './database.ts';
import { m } from '#lib/paraglide/messages.js';
import { toasts } from '#lib/ui/toasts.svelte.ts';
import { device } from './device.ts';
import { forget, keep, kept } from './kept.svelte.ts';
import { network, onNetwork } from './network.ts';
import { isComing, plan, type Choice, type Wish } from './planner.ts';
import { askToStay, measured } from './quota.ts';
import { noteReceipt, sendReceipts } from './receipts.ts';
import { dropPaper, dropVersion, mark } from './saved.ts';
import { DeviceFull, saveVersion } from './saver.ts';

/** How a paper stands on this device. `part`: 0 … 1 of its pages. */
export type Standing = { state: 'saving' | 'partly' | 'saved'; version: number; part: number; bytes: number };

/** A paper that may not be read any more, and why. */
export type Gone = { paper: number; meeting: number; why: 'recalled' | 'rights' };

const key = 'nhipcau.offline';
const libraryKey = (meeting: number) => `library:${meeting}`;
const refreshEvery = 10 * 60_000;
/** Opened with a line, a meeting renews its agenda anyway. */
const agendaEvery = 12 * 3_600_000;
const receiptsEvery = 20_000;

/**
 * The papers on this device: those of the coming meetings are fetched ahead, those that may no longer be read are taken off.
 * One for the app; `start` when it is known who is signed in.
 */
class Shelf {
  choice = $state<Choice>('wifi');
  /** The last attempt found no room. */
  full = $state(false);
  /** The browser keeps nothing here: a private window, or storage closed by a setting. */
  closed = $state(false);
  /** Bytes of this app on the device, and how many it may have; undefined where the browser does not tell. */
  usage = $state.raw<{ used: number; most: number }>();
  readonly libraries = new SvelteMap<number, Library>();
  /** By paper id. */
  readonly standings = new SvelteMap<number, Standing>();
  readonly #onGone = new Set<(gone: Gone) => void>();
  readonly #onLeave = new Set<() => void>();
  readonly #stopping: (() => void)[] = [];
  /** Libraries that came from the server since the start; what is only remembered decides nothing. */
  readonly #fresh = new Set<number>();
  /** Versions to save because somebody pressed it, not yet begun. */
  readonly #asked = new Set<number>();
  /** The paper being read, and the one being saved. */
  #open: number | undefined;
  #saving: number | undefined;
  /** Papers taken off this device by hand. */
  #declined = new Set<number>();
  #meetings: MeetingSummary[] | undefined;
  #owner: string | undefined;
  #work: AbortController | undefined;
  #pursuing = false;
  #again = false;

  constructor() {
    try {
      const chosen = localStorage.getItem(key);
      if (chosen === 'always' || chosen === 'wifi' || chosen === 'never') this.choice = chosen;
    } catch {
      // Storage is closed: Wi-Fi only, as for everybody who never chose.
    }
  }

  /** Begins to keep the papers of who is signed in; again with the same person it does nothing. */
  async start(me: Me): Promise<void> {
    const owner = ownerOf(me);
    if (owner === this.#owner) return;
    this.#halt();
    this.#owner = owner;
    const lost = await device.belongTo(owner);
    if (lost > 0) toasts.show(m.notes_of_another_lost({ count: lost }), 'info');
    const db = await device.db();
    // Somebody may have left while this was read: nothing of theirs is begun any more.
    if (this.#owner !== owner) return;
    this.closed = db === undefined;
    if (me.person_id === null) return; // a hall's device reads from the line
    const declined = (await db?.get('facts', 'declined')) as number[] | undefined;
    await this.#recollect();
    if (this.#owner !== owner) return;
    this.#declined = new Set(declined);
    const timer = setInterval(
      () => document.visibilityState === 'visible' && void this.refresh(),
      refreshEvery,
    );
    const receipts = setInterval(() => connection.up && void sendReceipts(), receiptsEvery);
    const parting = () => document.visibilityState === 'hidden' && void sendReceipts(true);
    document.addEventListener('visibilitychange', parting);
    this.#stopping.push(
      onNetwork(() => void this.#pursue()),
      () => clearInterval(timer),
      () => clearInterval(receipts),
      () => document.removeEventListener('visibilitychange', parting),
    );
    void sendReceipts();
    await this.refresh();
  }

  /** The line is back. */
  async resume(): Promise<void> {
    if (!this.#owner) return;
    void sendReceipts();
    await this.refresh();
  }

  /** Signed out, or the session is over: every paper leaves the device. Unsent writing stays if `keepUnsent`. */
  async leave(keepUnsent: boolean): Promise<void> {
    this.#halt();
    this.#owner = undefined;
    for (const { meeting_id: meeting, papers } of this.libraries.values())
      for (const { id } of papers) this.#tellGone(id, meeting, 'rights');
    this.libraries.clear();
    this.standings.clear();
    this.#fresh.clear();
    this.#meetings = undefined;
    for (const listener of this.#onLeave) listener();
    if (!keepUnsent) return device.clear();
    const db = await device.release();
    if (!db) return;
    const papers = new Set((await db.getAll('versions')).map(({ paper_id }) => paper_id));
    for (const note of await db.getAll('notes')) papers.add(note.paper_id);
    for (const paper of papers) await dropPaper(db, paper);
    await db.clear('answers');
  }

  choose(choice: Choice): void {
    this.choice = choice;
    try {
      localStorage.setItem(key, choice);
    } catch {
      // It then holds until the page is closed.
    }
    this.#work?.abort();
    void this.#pursue();
  }

  /** Asks for the meetings and the papers of the coming ones, and sets the device right. */
  async refresh(): Promise<void> {
    try {
      this.#meetings = await answer(api.GET('/api/meetings'));
    } catch {
      return; // without a line, or signed out: both are dealt with elsewhere
    }
    await keep('meetings', null, this.#meetings);
    const now = Date.now();
    const wanted = new Set(this.#meetings.filter((one) => isComing(one, now)).map(({ id }) => id));
    const db = await device.db();
    for (const { meeting_id } of (await db?.getAll('versions')) ?? []) wanted.add(meeting_id);
    for (const meeting of wanted) await this.load(meeting).catch(() => undefined);
    for (const meeting of wanted) await this.#keepAgenda(meeting).catch(() => undefined);
    await this.#pursue();
  }

  /** The agenda that the papers belong to: a delegate may open the meeting for the first time without a line. */
  async #keepAgenda(meeting: number): Promise<void> {
    const place = `meeting:${meeting}`;
    const known = await kept(place);
    if (known && known.at > Date.now() - agendaEvery) return;
    const params = { path: { meeting_id: meeting } };
    await keep(place, meeting, await answer(api.GET('/api/meetings/{meeting_id}', { params })));
  }

  /** A meeting's papers as the server has them now; rejects without a line (see `known`). */
  async load(meeting: number): Promise<Library> {
    try {
      const library = await fetchLibrary(meeting);
      this.libraries.set(meeting, library);
      this.#fresh.add(meeting);
      await keep(libraryKey(meeting), meeting, library);
      await this.#purge();
      void this.#pursue();
      return library;
    } catch (thrown) {
      if (isRefusal(thrown)) await this.#dropMeeting(meeting);
      throw thrown;
    }
  }

  /** A meeting's papers as this device last knew them. */
  async known(meeting: number): Promise<Library | undefined> {
    const here = this.libraries.get(meeting) ?? (await kept<Library>(libraryKey(meeting)))?.value;
    if (here && !this.libraries.has(meeting)) this.libraries.set(meeting, here);
    return here;
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
    await this.#pursue();
  }

  /** A paper is being read: if it is to be saved, then before the others. */
  prefer(paper: number): void {
    this.#open = paper;
    if (this.#saving !== undefined && this.#saving !== paper) this.#work?.abort();
    void this.#pursue();
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

  /** Recalled, or not for this reader any more: gone from the device now, and from whatever shows it. */
  async discard(meeting: number, papers: readonly number[], why: Gone['why']): Promise<void> {
    for (const paper of papers) {
      this.#tellGone(paper, meeting, why);
      this.standings.delete(paper);
    }
    const db = await device.db();
    if (db) for (const paper of papers) await dropPaper(db, paper);
    void this.#measure();
  }

  /** Hears of papers that have to leave the screen at once; returns how to stop. */
  onGone(listener: (gone: Gone) => void): () => void {
    this.#onGone.add(listener);
    return () => this.#onGone.delete(listener);
  }

  /** Hears that the person has left this device; returns how to stop. */
  onLeave(listener: () => void): () => void {
    this.#onLeave.add(listener);
    return () => this.#onLeave.delete(listener);
  }

  #tellGone(paper: number, meeting: number, why: Gone['why']): void {
    for (const listener of this.#onGone) listener({ paper, meeting, why });
  }

  /** What lies here from earlier. */
  async #recollect(): Promise<void> {
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

  async #situation() {
    const db = await device.db();
    const saved = ((await db?.getAll('versions')) ?? []).map((one) => ({
      version_id: one.version_id,
      paper_id: one.paper_id,
      meeting_id: one.meeting_id,
      pinned: one.pinned,
      complete: one.complete_at > 0,
    }));
    return {
      meetings: this.#meetings,
      libraries: [...this.libraries.values()].filter((one) => this.#fresh.has(one.meeting_id)),
      saved,
      asked: this.#asked,
      declined: this.#declined,
      open: this.#open,
      choice: this.choice,
      network: network(),
      now: Date.now(),
    };
  }

  async #purge(): Promise<void> {
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

  async #dropMeeting(meeting: number): Promise<void> {
    const db = await device.db();
    const saved = (await db?.getAllFromIndex('versions', 'meeting', meeting)) ?? [];
    const listed = this.libraries.get(meeting)?.papers.map(({ id }) => id) ?? [];
    this.libraries.delete(meeting);
    this.#fresh.delete(meeting);
    await forget(libraryKey(meeting));
    await this.discard(
      meeting,
      [...new Set([...listed, ...saved.map(({ paper_id }) => paper_id)])],
      'rights',
    );
  }

  /** Fetches what the plan asks for, one paper after the other; a call while it does makes it plan once more. */
  async #pursue(): Promise<void> {
    this.#again = true;
    if (this.#pursuing) return;
    this.#pursuing = true;
    try {
      while (this.#again && connection.up && this.#owner) {
        this.#again = false;
        await this.#fetch(plan(await this.#situation()).fetch);
        await this.#purge();
      }
    } finally {
      this.#pursuing = false;
    }
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
      void this.#recollect();
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
      if (isRefusal(thrown) && thrown.status !== 401)
        return this.discard(wish.meeting_id, [wish.paper_id], 'rights');
      if (thrown instanceof Error && thrown.name === 'Dropped') return;
      throw thrown;
    }
  }

  async #measure(): Promise<void> {
    this.usage = (await measured()) ?? this.usage;
  }

  #halt(): void {
    this.#work?.abort();
    this.#work = undefined;
    for (const stop of this.#stopping.splice(0)) stop();
  }
}

export const shelf = new Shelf();
