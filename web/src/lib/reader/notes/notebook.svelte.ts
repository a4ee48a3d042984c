import { SvelteMap } from 'svelte/reactivity';
import { connection } from '#lib/api/connection.svelte.ts';
import { ApiError } from '#lib/api/errors.ts';
import { request } from '#lib/api/request.ts';
import { uuid } from '#lib/text/uuid.ts';
import { device } from '#lib/offline/device.ts';
import { shelf } from '#lib/offline/shelf.svelte.ts';
import { merge, most, outgoing, type SyncAnswer } from './merge.ts';
import type { Annotation, Content } from '#lib/papers/annotations.ts';

/** Where what was written is: with the server too, only here, on its way, or only in this window's memory. */
export type NotesState = 'synced' | 'saved' | 'sending' | 'unsafe';

interface Place {
  paper_id: number;
  version_id: number;
  page: number;
}

const pause = 700;
const firstRetry = 2_000;
const longestRetry = 60_000;
/** After a cut, thousands of readers exchange within so many ms; who wrote meanwhile within the shorter time. */
const spread = { unsent: 2_000, synced: 20_000 };
/** Without a line nothing is sent, only looked whether it is back. */
const withoutLine = 3_000;

/**
 * Everything this person wrote into papers. Each change is on the device at once and with the server soon after; what other
 * devices wrote comes in by the same exchange.
 */
class Notebook {
  readonly notes = new SvelteMap<string, Annotation>();
  sending = $state(false);
  /** The device keeps nothing: until sent, notes are only in this window. */
  unsafe = $state(false);
  /** Notes of which two devices had written different texts; both are kept, since the last look. */
  doubled = $state(0);
  readonly unsent = $derived(
    [...this.notes.values()].filter((note) => note.edits > 0 && !note.refused).length,
  );

  #seq = 0;
  #ready: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retry = firstRetry;
  #onceMore = false;
  #turn = 0;
  #batch = most;
  #running: Promise<void> | undefined;
  /** Which notes the last answer was about. */
  #scope = '';
  /** This browser's own name: the server tells by it whose edit an edit follows. */
  #device = uuid();
  /** Made in this window and never sent: deleting them is nobody else's business. */
  readonly #unheard = new Set<string>();
  readonly #others = 'BroadcastChannel' in globalThis ? new BroadcastChannel('nhipcau-notes') : undefined;

  constructor() {
    // Another window of this browser shares the store and wrote into it.
    this.#others?.addEventListener('message', ({ data }) => void this.#reread(data as string[]));
    shelf.onLeave(() => this.#forget());
    shelf.onGone(({ paper }) => {
      for (const note of [...this.notes.values()])
        if (note.paper_id === paper && (note.edits === 0 || note.kind === 'highlight'))
          this.notes.delete(note.id);
    });
  }

  get state(): NotesState {
    if (this.sending) return 'sending';
    if (this.unsent === 0) return 'synced';
    return this.unsafe ? 'unsafe' : 'saved';
  }

  /** Reads what lies on this device, and begins the exchange. */
  open(): Promise<void> {
    this.#ready ??= this.#read().then(
      () => void this.sync(),
      (thrown: unknown) => {
        this.#ready = undefined; // the store could not be read just now: the next who asks tries again
        throw thrown;
      },
    );
    return this.#ready;
  }

  /** Notes, highlights and strokes of one paper that are not deleted. */
  of(paper: number): Annotation[] {
    return [...this.notes.values()].filter((note) => note.paper_id === paper && note.body !== null);
  }

  add(place: Place, content: Content): Annotation {
    const note = {
      id: uuid(),
      ...place,
      ...content,
      revision: 0,
      edits: 1,
      written_at: this.#now(),
    } as Annotation;
    this.#unheard.add(note.id);
    this.#put(note);
    return note;
  }

  /** Changes the body; null deletes. Also brings back what was deleted. */
  write(note: Annotation, body: Annotation['body']): void {
    const here = this.notes.get(note.id);
    if (!here && body === null) return;
    const base = here ?? { ...note, revision: 0, edits: 0 };
    const changed = {
      ...base,
      body,
      edits: base.edits + 1,
      written_at: this.#now(),
      refused: undefined,
    } as Annotation;
    if (body === null && this.#unheard.delete(note.id)) this.#remove(note.id);
    else this.#put(changed);
  }

  /** Exchanges with the server until nothing is left to send. Failures are tried again by themselves. */
  sync(): Promise<void> {
    clearTimeout(this.#timer);
    // An exchange under way may have been answered already: what made us ask may be newer.
    if (this.#running) this.#onceMore = true;
    this.#running ??= this.#exchange().finally(() => {
      this.#running = undefined;
      if (this.#onceMore) this.#soon(0);
      this.#onceMore = false;
    });
    return this.#running;
  }

  /** The line is back: exchanges at some time within the spread. */
  syncSoon(): void {
    this.#soon(Math.random() * (this.unsent > 0 ? spread.unsent : spread.synced));
  }

  async #exchange(): Promise<void> {
    await this.#ready;
    if (!connection.up) return this.#soon(withoutLine);
    const sent = outgoing(this.notes.values(), this.#batch);
    this.sending = sent.length > 0;
    for (const { change } of sent) this.#unheard.delete(change.id);
    try {
      const changes = sent.map(({ change }) => change);
      const answer = await request<SyncAnswer>('/api/notes/sync', {
        method: 'POST',
        body: { device: this.#device, turn: await this.#nextTurn(), since: this.#seq, changes },
      });
      this.#retry = firstRetry;
      this.#batch = most;
      await this.#take(merge(this.notes, sent, answer), answer);
      if (answer.more || this.#seq !== answer.seq) return this.#soon(0);
      if (outgoing(this.notes.values()).length > 0) this.#soon(pause);
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) return;
      if (thrown instanceof ApiError && thrown.status === 413 && sent.length > 1) {
        this.#batch = Math.ceil(sent.length / 2); // long strokes: fewer at a time
        return this.#soon(0);
      }
      this.#soon(this.#retry);
      this.#retry = Math.min(this.#retry * 2, longestRetry);
    } finally {
      this.sending = false;
    }
  }

  /** Grows with each request of this browser, in whichever window: the server tells an overtaken one by it. */
  async #nextTurn(): Promise<number> {
    const db = await device.db();
    if (!db) return ++this.#turn;
    const tx = db.transaction('facts', 'readwrite');
    this.#turn = Math.max(this.#turn, Number((await tx.store.get('notes-turn')) ?? 0)) + 1;
    await tx.store.put(this.#turn, 'notes-turn');
    await tx.done.catch(() => undefined);
    return this.#turn;
  }

  async #take(merged: ReturnType<typeof merge>, answer: SyncAnswer): Promise<void> {
    for (const note of merged.put) this.notes.set(note.id, note);
    for (const id of merged.remove) this.notes.delete(id);
    this.doubled += answer.kept.length;
    // Another sign-in reaches other notes: what lies between is asked for from the beginning.
    const another = this.#scope !== '' && this.#scope !== answer.scope;
    this.#scope = answer.scope;
    this.#seq = another ? 0 : answer.seq;
    const db = await device.db();
    if (!db) return;
    const tx = db.transaction(['notes', 'facts'], 'readwrite');
    for (const note of merged.put) void tx.objectStore('notes').put($state.snapshot(note) as Annotation);
    for (const id of merged.remove) void tx.objectStore('notes').delete(id);
    void tx.objectStore('facts').put(this.#seq, 'notes-seq');
    void tx.objectStore('facts').put(this.#scope, 'notes-scope');
    await tx.done.catch(() => (this.unsafe = true));
    this.#others?.postMessage([...merged.put.map(({ id }) => id), ...merged.remove]);
  }

  #put(note: Annotation): void {
    this.notes.set(note.id, note);
    void this.#keep(note);
    this.#soon(pause);
  }

  #remove(id: string): void {
    this.notes.delete(id);
    void device.db().then((db) => db?.delete('notes', id));
  }

  async #keep(note: Annotation): Promise<void> {
    try {
      const db = await device.db();
      if (!db) this.unsafe = true;
      else await db.put('notes', $state.snapshot(note) as Annotation);
      this.#others?.postMessage([note.id]);
    } catch {
      this.unsafe = true; // no room: it is in this window and goes to the server from here
    }
  }

  #soon(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.sync(), delay);
  }

  async #read(): Promise<void> {
    const db = await device.db();
    if (!db) return;
    this.#seq = Number((await db.get('facts', 'notes-seq')) ?? 0);
    this.#scope = String((await db.get('facts', 'notes-scope')) ?? '');
    const named = await db.get('facts', 'device');
    if (typeof named === 'string') this.#device = named;
    else await db.put('facts', this.#device, 'device').catch(() => undefined);
    for (const note of await db.getAll('notes')) if (!this.notes.has(note.id)) this.notes.set(note.id, note);
  }

  async #reread(ids: string[]): Promise<void> {
    const db = await device.db();
    if (!db || !this.#ready) return;
    for (const id of ids) {
      const note = await db.get('notes', id);
      if (note) this.notes.set(id, note);
      else this.notes.delete(id);
    }
    this.#seq = Number((await db.get('facts', 'notes-seq')) ?? this.#seq);
  }

  #now(): string {
    return new Date().toISOString();
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.notes.clear();
    this.#seq = 0;
    this.#scope = '';
    this.#unheard.clear();
    this.#ready = undefined;
    this.doubled = 0;
  }
}

export const notebook = new Notebook();
