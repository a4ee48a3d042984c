import { answer, api } from '#lib/api/client.ts';
import { ApiError } from '#lib/api/errors.ts';
import type { Meeting } from '#lib/api/types.ts';
import { type Draft, draftOf, faults, type Fields, writeOf } from './draft.ts';
import { drop, keep, kept } from './keep.ts';
import { type Collision, same, savedBy } from '#lib/api/merge.ts';
import { itemClashes, type ItemClash, draftCollision, mergedDraft, pointClashes } from './merge.ts';

interface Clash {
  meeting: Meeting;
  parts: Collision<keyof Draft>;
  /** Draft as it was typed here when they were met. */
  mine: Draft;
  who: string;
  at: string;
  /** The agenda items, and who is to speak at the points, that both changed. */
  items: ItemClash[];
  speakers: string[];
}

/**
 * A meeting being typed: the draft, what it began from, and the ways out (save, merge with what others saved, throw away).
 * Keeps the draft in the browser as it grows.
 */
export class Editor {
  draft: Draft;
  /** What is on the server, as far as is known here. */
  #base = $state.raw() as Draft;
  #version = $state(0);
  readonly id: number | 'new';
  errors = $state.raw<Fields>({});
  saving = $state(false);
  /** Somebody else saved meanwhile: their meeting, and in which parts it differs. */
  clash = $state.raw<Clash>();
  /** Points are taken out at which delegates are listed: where, and how many. To be answered before it is saved. */
  stranded = $state.raw<Stranded[]>();
  /** When the typing was kept that this editor took up again; null if there was none. */
  restoredAt = $state<string | null>(null);
  /** Titles of the papers by agenda item, as far as they are known. */
  papers = $state.raw<ReadonlyMap<number, readonly string[]>>(new Map());
  #over = false;

  constructor(start: Draft, meeting?: Meeting) {
    this.id = meeting?.id ?? 'new';
    this.begun = meeting !== undefined && !['draft', 'invited'].includes(meeting.state);
    this.#base = start;
    this.#version = meeting?.version ?? 0;
    const held = kept(this.id);
    const worth = held && !same(held.base, held.draft) && !same(held.draft, start);
    this.draft = $state(structuredClone(worth ? held.draft : start));
    if (worth) {
      this.restoredAt = held.at;
      this.#base = held.base;
      this.#version = held.version;
    }
  }

  /** Its rooms are open, it runs, or it is over. */
  readonly begun: boolean;

  get dirty(): boolean {
    return !this.#over && !same(this.#base, this.draft);
  }

  /** Asks which papers the items have: who removes one is told where they go. */
  async lookForPapers(): Promise<void> {
    if (this.id === 'new') return;
    const params = { path: { meeting_id: this.id } };
    const { papers } = await answer(api.GET('/api/meetings/{meeting_id}/papers', { params }));
    const found = new Map<number, string[]>();
    for (const { item_id, title } of papers)
      if (item_id !== null) found.set(item_id, [...(found.get(item_id) ?? []), title]);
    this.papers = found;
  }

  /** Follows the draft and keeps it; to be called from a component. */
  follow(): void {
    $effect(() => {
      const draft = $state.snapshot(this.draft) as Draft;
      const timer = setTimeout(() => this.keepNow(draft), 400);
      return () => clearTimeout(timer);
    });
    $effect(() => {
      // A fault that has been mended disappears while one types; new ones wait for the next attempt to save.
      const left = faults(this.draft);
      const still = Object.entries(this.errors).filter(([field]) => field in left || !ownFields.test(field));
      if (still.length < Object.keys(this.errors).length) this.errors = Object.fromEntries(still);
    });
  }

  keepNow(draft = $state.snapshot(this.draft) as Draft): void {
    if (this.#over) return;
    if (same(this.#base, draft)) drop(this.id);
    else keep(this.id, { version: this.#version, at: new Date().toISOString(), base: this.#base, draft });
  }

  /** Forgets what was typed. */
  discard(saved: Draft = this.#base): void {
    drop(this.id);
    this.draft = structuredClone(saved);
    this.errors = {};
    this.restoredAt = null;
  }

  /** Puts another draft in the place of what is typed; returns what brings the typed one back. */
  begin(draft: Draft): () => void {
    const before = $state.snapshot(this.draft) as Draft;
    this.draft = structuredClone(draft);
    this.errors = {};
    return () => {
      this.draft = before;
      this.errors = {};
    };
  }

  /** Leaves for good: nothing is kept, nothing is asked. */
  leave(): void {
    this.#over = true;
    drop(this.id);
  }

  /** Marks what is missing or wrong (`errors`), as an attempt to save does. */
  check(): void {
    this.errors = faults($state.snapshot(this.draft) as Draft);
  }

  /** Checks, then sends. The saved meeting, or null when something is to be mended first (`errors`, `clash`). */
  async save(removedPeople?: 'online' | 'off-list'): Promise<Meeting | null> {
    this.stranded = undefined;
    const draft = $state.snapshot(this.draft) as Draft;
    this.errors = faults(draft);
    if (Object.keys(this.errors).length > 0) return null;
    this.saving = true;
    try {
      const meeting = await this.#send(draft, removedPeople);
      this.leave();
      return meeting;
    } catch (thrown) {
      if (!(thrown instanceof ApiError)) throw thrown;
      if (thrown.code === 'delegates-there') {
        this.stranded = thrown.details.points as Stranded[];
        return null;
      }
      if (thrown.code === 'conflict' && this.id !== 'new') {
        await this.#lookAtTheirs(this.id, thrown);
        if (this.clash) return null;
      }
      if (Object.keys(thrown.fields).length === 0) throw thrown;
      this.errors = thrown.fields;
      return null;
    } finally {
      this.saving = false;
    }
  }

  /** Lays what was typed here over what the others saved; it is sent with the next press of save. */
  keepMine(): void {
    if (!this.clash) return;
    const theirs = draftOf(this.clash.meeting);
    const mine = $state.snapshot(this.draft) as Draft;
    this.draft = mergedDraft(this.#base, mine, theirs);
    this.#settle(theirs);
  }

  /** Takes what the others saved, and gives up what was typed here. */
  takeTheirs(): void {
    if (!this.clash) return;
    const theirs = draftOf(this.clash.meeting);
    this.#settle(theirs);
    this.discard(theirs);
  }

  #settle(theirs: Draft): void {
    this.#base = theirs;
    this.#version = this.clash?.meeting.version ?? this.#version;
    this.clash = undefined;
  }

  #send(draft: Draft, removed_people?: 'online' | 'off-list'): Promise<Meeting> {
    const body = writeOf(draft);
    if (this.id === 'new') return answer(api.POST('/api/meetings', { body }));
    const params = { path: { meeting_id: this.id } };
    return answer(
      api.PATCH('/api/meetings/{meeting_id}', {
        params,
        body: { ...body, version: this.#version, removed_people },
      }),
    );
  }

  async #lookAtTheirs(id: number, refusal: ApiError): Promise<void> {
    const meeting = await answer(
      api.GET('/api/meetings/{meeting_id}', { params: { path: { meeting_id: id } } }),
    );
    if (meeting.version === this.#version) return; // refused for another reason, such as the meeting's state
    const mine = $state.snapshot(this.draft) as Draft;
    const theirs = draftOf(meeting);
    this.clash = {
      meeting,
      mine,
      ...savedBy(refusal),
      parts: draftCollision(this.#base, mine, theirs),
      items: itemClashes(this.#base, mine, theirs),
      speakers: pointClashes(this.#base, mine, theirs).map((id) => theirs.points[id] ?? ''),
    };
  }
}

export interface Stranded {
  point_id: number;
  name: string;
  delegates: number;
}

const ownFields =
  /^(title|unit_id|starts_at|ends_at|main_point_id|chair_id|secretary_id|days\.\d+|agenda\.\d+\.(title|minutes))$/;
