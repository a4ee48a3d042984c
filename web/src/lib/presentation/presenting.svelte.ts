import { createContext, untrack } from 'svelte';
import { session } from '#lib/accounts/session.svelte.ts';
import { answer, api } from '#lib/api/client.ts';
import { Resource } from '#lib/api/resource.svelte.ts';
import type { Meeting } from '#lib/api/types.ts';
import { Acts } from '#lib/live/acts.svelte.ts';
import { Follow } from './follow.svelte.ts';
import type { LiveRoom } from '#lib/live/room.svelte.ts';
import type { PresentationEntity } from '#lib/live/types.ts';
import { hearLibrary } from '#lib/offline/hearing.ts';
import { shelf } from '#lib/offline/shelf.svelte.ts';
import type { Box, Library, Paper } from '#lib/papers/types.ts';
import { toasts } from '#lib/ui/toasts.svelte.ts';
import { Pointer, type Spot } from './pointer.ts';
import { sameRegion } from './region.ts';
import { successors, type Person } from './successors.ts';
import { Turner } from './turner.ts';

/**
 * One's part in what the meeting is shown: choosing the paper, its page, the part of it, the laser, and who goes on. What
 * is shown is the live entity; nothing changes here before it does.
 */
export class Presenting {
  readonly room: LiveRoom;
  readonly meetingId: number;
  readonly follow: Follow;
  readonly acts: Acts;
  /** Undefined until `keep` has met a room that is there. */
  meeting = $state.raw<Resource<Meeting>>();
  /** The panel is in view. */
  open = $state(false);
  /** Looking for another paper while one is shown. */
  choosing = $state(false);
  /** Where oneself points; drawn at once, without the way over the server. */
  spot = $state.raw<Spot>();
  /** Halls that cannot see the paper one chose. */
  unseen = $state.raw<{ paper: number; points: string[] }>();

  /** What one presented, when that was ended for one. */
  ended = $state.raw<{ paper: number; title: string }>();

  readonly #ownFollow: boolean;
  #presented: { paper: number; title: string } | undefined;
  readonly #turner = new Turner((page) => this.acts.run('page.turn', { page }));
  readonly #pointer = new Pointer((spot) => {
    // Passing: what does not arrive is followed by the next.
    this.room.command('page.point', spot ?? { x: null, y: null }).catch(() => undefined);
  });
  #stopHearing: (() => void) | undefined;

  /** `follow`: the page's own, where it has one; such a page hears of changes in the library itself. */
  constructor(room: LiveRoom, meetingId: number, follow?: Follow) {
    this.room = room;
    this.meetingId = meetingId;
    this.follow = follow ?? new Follow(room);
    this.#ownFollow = follow === undefined;
    this.acts = new Acts(room);
  }

  /** Call in an effect, as long as the page is there. */
  keep(): void {
    this.follow.load();
    this.#turner.seen(this.shown?.page);
    this.#watch();
    if (this.room.known && !this.meeting) untrack(() => this.#begin());
  }

  close(): void {
    this.#pointer.lift();
    this.#stopHearing?.();
    if (this.#ownFollow) this.follow.stop();
  }

  get shown(): PresentationEntity | undefined {
    return this.follow.presented;
  }

  get library(): Library | undefined {
    return shelf.libraries.get(this.meetingId);
  }

  /** Papers taken back, as the live channel tells it: at once, where the library comes later. */
  get recalled(): number[] {
    const library = this.room.collection('library').get('') as { recalled: number[] } | undefined;
    return library?.recalled ?? [];
  }

  get me(): number | undefined {
    return session.me?.person_id ?? undefined;
  }

  /** Oneself presents. */
  get mine(): boolean {
    return this.shown !== undefined && this.me !== undefined && this.shown.presenter_id === this.me;
  }

  /** One is asked to go on with it. */
  get offered(): boolean {
    return this.me !== undefined && this.shown?.offered_to === this.me;
  }

  get #my(): Meeting['my'] | undefined {
    return this.meeting?.data?.my;
  }

  get mayPresent(): boolean {
    return this.#my?.present === true;
  }

  get mayTake(): boolean {
    return this.shown !== undefined && !this.mine && this.#my?.conduct === true;
  }

  get mayStop(): boolean {
    return this.shown !== undefined && (this.mine || this.directs);
  }

  /** Runs the meeting or its picture. */
  get directs(): boolean {
    return this.#my?.conduct === true || this.#my?.operate === true;
  }

  /** May put another paper in the place of the one shown. */
  get mayChoose(): boolean {
    return this.mayPresent && (this.shown === undefined || this.mine || this.#my?.conduct === true);
  }

  /** Halls keep to a grid of pictures, and show no page in it. */
  get hidden(): boolean {
    return this.room.stage?.layout.startsWith('grid') === true;
  }

  get successors(): Person[] {
    const meeting = this.meeting?.data;
    return meeting ? successors(meeting, this.shown?.presenter_id) : [];
  }

  get live(): boolean {
    return this.room.phase.name === 'live';
  }

  async present(paper: Paper, page = 1): Promise<void> {
    try {
      const { unseen_points: points } = await this.acts.ask('page.present', { paper_id: paper.id, page });
      this.unseen = points.length > 0 ? { paper: paper.id, points } : undefined;
      this.choosing = false;
    } catch (refusal) {
      toasts.show((refusal as Error).message, 'error');
    }
  }

  /** Ends it; one's own end is no news. */
  async stop(): Promise<void> {
    this.#presented = undefined;
    await this.acts.ask('page.stop');
  }

  turn(step: number): void {
    if (this.mine && this.live) this.#turner.by(step, this.shown!.page_count);
  }

  goTo(page: number): void {
    if (this.mine && this.live) this.#turner.to(page, this.shown!.page_count);
  }

  async zoom(region: Box | null): Promise<void> {
    if (!sameRegion(this.shown?.region ?? null, region)) await this.acts.run('page.zoom', { region });
  }

  /** Points at a spot; undefined: no longer. */
  point(spot: Spot | undefined): void {
    this.spot = spot;
    if (spot) this.#pointer.move(spot);
    else this.#pointer.lift();
  }

  #watch(): void {
    const { shown, mine } = this;
    const begun = this.room.meeting?.state === 'open' || this.room.meeting?.state === 'running';
    untrack(() => {
      if (shown) this.ended = undefined;
      else if (this.#presented && begun) {
        this.ended = this.#presented;
        // Why it ended stands in the library: taken back, or not for oneself any more.
        void shelf.load(this.meetingId).catch(() => undefined);
      }
      const title = this.follow.content?.head.paper.title ?? this.#presented?.title ?? '';
      this.#presented = mine && shown ? { paper: shown.paper_id, title } : undefined;
    });
  }

  #begin(): void {
    const params = { path: { meeting_id: this.meetingId } };
    this.meeting = new Resource((signal) =>
      answer(api.GET('/api/meetings/{meeting_id}', { params, signal })),
    );
    if (this.#ownFollow) this.#stopHearing = hearLibrary(this.room, this.meetingId);
    // Without an answer one only watches; the live channel says what is wrong, if anything is.
    session.load().catch(() => undefined);
  }
}

export const [usePresenting, providePresenting] = createContext<Presenting>();
