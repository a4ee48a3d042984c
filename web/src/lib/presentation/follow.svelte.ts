import { device } from '#lib/offline/device.ts';
import { readHead } from '#lib/offline/saved.ts';
import { shelf } from '#lib/offline/shelf.svelte.ts';
import { isRefusal } from '#lib/api/errors.ts';
import type { LiveRoom } from '#lib/live/room.svelte.ts';
import type { PresentationEntity } from '#lib/live/types.ts';
import { PaperContent } from '#lib/reader/content.ts';
import { fetchHead } from '#lib/papers/calls.ts';

/** A spot on the page, in parts of it. */
export type Spot = { x: number; y: number };

const laserFades = 2_500;
const retryAfter = 3_000;

/**
 * Follows what a meeting is shown: the content of the presented version, the laser, and whether this reader goes along
 * or looks at pages of their own. The presented page itself is the live entity; only it decides.
 */
export class Follow {
  /** The version on screen, once its pages are known. */
  content = $state.raw<PaperContent>();
  /** It is presented, but not for this reader. */
  refused = $state(false);
  laser = $state.raw<Spot>();
  /** The page looked at while not following; undefined: goes along. */
  ownPage = $state<number>();
  readonly #room: LiveRoom;
  readonly #stops: (() => void)[];
  #wanted: number | undefined;
  #fading: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(room: LiveRoom) {
    this.#room = room;
    this.#stops = [
      room.onSignal('laser', (data) => this.#point(data as { x: number | null; y: number | null })),
      shelf.onGone(({ paper }) => paper === this.presented?.paper_id && this.#drop(true)),
      () => clearTimeout(this.#fading),
      () => clearTimeout(this.#retry),
    ];
  }

  get presented(): PresentationEntity | undefined {
    return this.#room.collection('presentation').get('') as PresentationEntity | undefined;
  }

  get following(): boolean {
    return this.ownPage === undefined;
  }

  /** The page on this screen. */
  get page(): number {
    return this.ownPage ?? this.presented?.page ?? 1;
  }

  /** Call in an effect: sees to it that the presented version's pages are here. */
  load(): void {
    const version = this.presented?.version_id;
    if (version === this.#wanted) return;
    this.#wanted = version;
    this.#drop(false);
    if (version !== undefined) void this.#fetch(version);
  }

  /** Looks at pages of one's own. */
  leave(): void {
    this.ownPage ??= this.page;
  }

  /** Goes along again. */
  rejoin(): void {
    this.ownPage = undefined;
  }

  turn(by: number): void {
    this.leave();
    const last = this.content?.count ?? 1;
    this.ownPage = Math.min(last, Math.max(1, (this.ownPage ?? 1) + by));
  }

  stop(): void {
    this.#wanted = undefined;
    this.#drop(false);
    for (const stop of this.#stops) stop();
  }

  async #fetch(version: number): Promise<void> {
    try {
      const head = (await readHead(await device.db(), version)) ?? (await fetchHead(version));
      if (version === this.#wanted) this.content = new PaperContent(head);
    } catch (thrown) {
      if (version !== this.#wanted) return;
      if (isRefusal(thrown)) this.refused = true;
      else this.#retry = setTimeout(() => version === this.#wanted && void this.#fetch(version), retryAfter);
    }
  }

  #point({ x, y }: { x: number | null; y: number | null }): void {
    clearTimeout(this.#fading);
    this.laser = x === null || y === null ? undefined : { x, y };
    if (this.laser) this.#fading = setTimeout(() => (this.laser = undefined), laserFades);
  }

  #drop(refused: boolean): void {
    clearTimeout(this.#retry);
    this.content?.close();
    this.content = undefined;
    this.refused = refused;
    this.ownPage = undefined;
    this.laser = undefined;
  }
}
