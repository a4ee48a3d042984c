import { createContext } from 'svelte';
import { answer, api } from '#lib/api/client.ts';
import type { Resource } from '#lib/api/resource.svelte.ts';
import type { components } from '#lib/api/schema.ts';
import type { Meeting } from '#lib/api/types.ts';
import { borrowRoom } from '#lib/live/shared.ts';
import type { LiveRoom } from '#lib/live/room.svelte.ts';
import { hearLibrary } from '#lib/offline/hearing.ts';
import { KeptResource } from '#lib/offline/kept.svelte.ts';
import { shelf } from '#lib/offline/shelf.svelte.ts';
import type { Library, Paper } from '#lib/papers/types.ts';
import { repliesApi, type MyReply } from '#lib/replies/calls.ts';
import { Follow } from '#lib/presentation/follow.svelte.ts';

export type MyAttendance = components['schemas']['MyAttendance'];

/** A delegate's seat in one meeting: what all four pages share. Everything shown is kept for when there is no line. */
export class Seat {
  readonly id: number;
  readonly room: LiveRoom;
  readonly follow: Follow;
  readonly meeting: Resource<Meeting>;
  readonly attendance: Resource<MyAttendance>;
  /** What one has answered to the invitation. */
  readonly reply: Resource<MyReply>;
  /** The page that everybody is shown is drawn here. */
  sheet = $state(false);
  readonly #giveBack: () => void;
  readonly #stopHearing: () => void;

  constructor(id: number) {
    this.id = id;
    const { room, giveBack } = borrowRoom(id);
    this.room = room;
    this.#giveBack = giveBack;
    this.follow = new Follow(room);
    this.#stopHearing = hearLibrary(room, id);
    const params = { path: { meeting_id: id } };
    this.meeting = new KeptResource(`meeting:${id}`, id, (signal) =>
      answer(api.GET('/api/meetings/{meeting_id}', { params, signal })),
    );
    this.attendance = new KeptResource(`my-attendance:${id}`, id, (signal) =>
      answer(api.GET('/api/meetings/{meeting_id}/my-attendance', { params, signal })),
    );
    this.reply = new KeptResource(`my-reply:${id}`, id, (signal) => repliesApi.mine(id, signal));
    void shelf.known(id).then(() => shelf.load(id).catch(() => undefined));
  }

  get library(): Library | undefined {
    return shelf.libraries.get(this.id);
  }

  /** The papers of an agenda item; of the whole meeting for null. */
  papersOf(item: number | null): Paper[] {
    return (this.library?.papers ?? []).filter((paper) => paper.item_id === item);
  }

  /** Says that one takes part online, or does no longer. Throws the server's refusal. */
  async goOnline(online: boolean): Promise<void> {
    const params = { path: { meeting_id: this.id } };
    await answer(api.POST('/api/meetings/{meeting_id}/online', { params, body: { online } }));
    await this.attendance.reload();
  }

  /** The line is back: what may have changed is asked for again. */
  renew(): void {
    void this.meeting.reload();
    void this.attendance.reload();
    void this.reply.reload();
  }

  leave(): void {
    this.#stopHearing();
    this.follow.stop();
    this.#giveBack();
  }
}

export const [useSeat, provideSeat] = createContext<() => Seat>();
