import { ownerOf } from '#lib/accounts/session.svelte.ts';
import { connection } from '#lib/api/connection.svelte.ts';
import { isRefusal } from '#lib/api/errors.ts';
import type { Me, MeetingSummary } from '#lib/api/types.ts';
import type { Library, Paper } from '#lib/papers/types.ts';
import { m } from '#lib/paraglide/messages.js';
import { toasts } from '#lib/ui/toasts.svelte.ts';
import { Departures, type Gone } from './departures.ts';
import { device } from './device.ts';
import { Downloads } from './downloads.svelte.ts';
import { Libraries } from './libraries.svelte.ts';
import { onNetwork } from './network.ts';
import { isComing, type Choice } from './planner.ts';
import { sendReceipts } from './receipts.ts';
import { dropPaper } from './saved.ts';

const refreshEvery = 10 * 60_000;
const receiptsEvery = 20_000;

/**
 * The papers on this device: those of the coming meetings are fetched ahead, those that may no longer be read are taken off.
 * One for the app; `start` when it is known who is signed in. What there is, `libraries` knows; `downloads` brings it here;
 * this follows whose they are, and when to look.
 */
class Shelf {
  /** The browser keeps nothing here: a private window, or storage closed by a setting. */
  closed = $state(false);
  readonly #libraries = new Libraries();
  readonly #downloads = new Downloads(this.#libraries, ({ meeting_id: meeting, paper_id: paper }) =>
    this.discard(meeting, [paper], 'rights'),
  );
  readonly #departures = new Departures();
  readonly #stopping: (() => void)[] = [];
  #owner: string | undefined;

  readonly libraries = this.#libraries.all;
  readonly standings = this.#downloads.standings;

  get choice(): Choice {
    return this.#downloads.choice;
  }
  get full(): boolean {
    return this.#downloads.full;
  }
  get usage(): { used: number; most: number } | undefined {
    return this.#downloads.usage;
  }

  /** Begins to keep the papers of who is signed in; again with the same person it does nothing. */
  async start(me: Me): Promise<void> {
    const owner = ownerOf(me);
    if (owner === this.#owner) return;
    this.#halt();
    this.#owner = owner;
    this.#downloads.working = true;
    const lost = await device.belongTo(owner);
    if (lost > 0) toasts.show(m.notes_of_another_lost({ count: lost }), 'info');
    const db = await device.db();
    // Somebody may have left while this was read: nothing of theirs is begun any more.
    if (this.#owner !== owner) return;
    this.closed = db === undefined;
    if (me.person_id === null) return; // a hall's device reads from the line
    await this.#downloads.recollect();
    if (this.#owner !== owner) return;
    const timer = setInterval(
      () => document.visibilityState === 'visible' && void this.refresh(),
      refreshEvery,
    );
    const receipts = setInterval(() => connection.up && void sendReceipts(), receiptsEvery);
    const parting = () => document.visibilityState === 'hidden' && void sendReceipts(true);
    document.addEventListener('visibilitychange', parting);
    this.#stopping.push(
      onNetwork(() => void this.#downloads.pursue()),
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
      for (const { id } of papers) this.#departures.tellGone({ paper: id, meeting, why: 'rights' });
    this.#libraries.clear();
    this.standings.clear();
    this.#departures.tellLeave();
    if (!keepUnsent) return device.clear();
    const db = await device.release();
    if (!db) return;
    const papers = new Set((await db.getAll('versions')).map(({ paper_id }) => paper_id));
    for (const note of await db.getAll('notes')) papers.add(note.paper_id);
    for (const paper of papers) await dropPaper(db, paper);
    await db.clear('answers');
  }

  /** Asks for the meetings and the papers of the coming ones, and sets the device right. */
  async refresh(): Promise<void> {
    let meetings: MeetingSummary[];
    try {
      meetings = await this.#libraries.fetchMeetings();
    } catch {
      return; // without a line, or signed out: both are dealt with elsewhere
    }
    const now = Date.now();
    const wanted = new Set(meetings.filter((one) => isComing(one, now)).map(({ id }) => id));
    const db = await device.db();
    for (const { meeting_id } of (await db?.getAll('versions')) ?? []) wanted.add(meeting_id);
    for (const meeting of wanted) await this.load(meeting).catch(() => undefined);
    for (const meeting of wanted) await this.#libraries.keepAgenda(meeting).catch(() => undefined);
    await this.#downloads.pursue();
  }

  /** A meeting's papers as the server has them now; rejects without a line (see `known`). */
  async load(meeting: number): Promise<Library> {
    try {
      const library = await this.#libraries.fetch(meeting);
      await this.#downloads.purge();
      void this.#downloads.pursue();
      return library;
    } catch (thrown) {
      if (isRefusal(thrown)) await this.#dropMeeting(meeting);
      throw thrown;
    }
  }

  /** A meeting's papers as this device last knew them. */
  known(meeting: number): Promise<Library | undefined> {
    return this.#libraries.known(meeting);
  }

  choose(choice: Choice): void {
    this.#downloads.choose(choice);
  }

  /** Saves a paper because somebody asked for it, whatever the line. */
  save(paper: Paper): Promise<void> {
    return this.#downloads.save(paper);
  }

  /** A paper is being read: if it is to be saved, then before the others. */
  prefer(paper: number): void {
    this.#downloads.prefer(paper);
  }

  /** Takes a paper off the device, until it is asked for again. */
  remove(paper: number): Promise<void> {
    return this.#downloads.remove(paper);
  }

  /** Recalled, or not for this reader any more: gone from the device now, and from whatever shows it. */
  async discard(meeting: number, papers: readonly number[], why: Gone['why']): Promise<void> {
    for (const paper of papers) this.#departures.tellGone({ paper, meeting, why });
    await this.#downloads.drop(papers);
  }

  /** Hears of papers that have to leave the screen at once; returns how to stop. */
  onGone(listener: (gone: Gone) => void): () => void {
    return this.#departures.onGone(listener);
  }

  /** Hears that the person has left this device; returns how to stop. */
  onLeave(listener: () => void): () => void {
    return this.#departures.onLeave(listener);
  }

  async #dropMeeting(meeting: number): Promise<void> {
    const db = await device.db();
    const saved = (await db?.getAllFromIndex('versions', 'meeting', meeting)) ?? [];
    const listed = await this.#libraries.drop(meeting);
    await this.discard(
      meeting,
      [...new Set([...listed, ...saved.map(({ paper_id }) => paper_id)])],
      'rights',
    );
  }

  #halt(): void {
    this.#downloads.halt();
    for (const stop of this.#stopping.splice(0)) stop();
  }
}

export const shelf = new Shelf();
