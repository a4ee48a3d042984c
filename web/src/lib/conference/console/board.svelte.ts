import { createContext } from 'svelte';
import { CONSOLE_TILES } from '#lib/media/plan.ts';
import type { FloorHolder, PointEntity, RequestEntity, TurnEntity } from '#lib/live/types.ts';
import { m } from '#lib/paraglide/messages.js';
import { pointStates, type PointState } from '#lib/ui/StateMark.svelte';
import { toasts } from '#lib/ui/toasts.svelte.ts';
import type { Conference } from '../conference.svelte.ts';
import { flawsOf } from '../flaws.ts';
import { tileCount } from '../screens.ts';
import { turnClock } from '#lib/speaking/clock.ts';
import { isHere, waiting } from '#lib/speaking/queue.ts';
import { standing, standingSince, standingWord, troubles } from '../standing.ts';
import { fold } from '#lib/text/fold.ts';
import { spansOf, type Span } from '../wall.ts';

export type BoardView = 'wall' | 'tree' | 'tiles';

const VIEW = 'nhipcau.console.view';
/** So few points are looked at as pictures, absent ones with them. */
const FEW = 30;

const QUIET = 0.2;
/** Seconds that one press adds to a turn. */
const MORE = 60;
const SETTLE = 250;
/** The media node has turned the slots over this long after the server said yes, ms. */
const SWITCHES = 400;

/** What an operator has before them: which view, which point is chosen, whom they listen to. */
export class Board {
  readonly conference: Conference;
  #view = $state<BoardView | undefined>(remembered());
  /** The point whose panel is open. */
  chosen = $state<number | undefined>();
  /** The point that keys move from. */
  cursor = $state<number | undefined>();
  filter = $state<PointState | undefined>();
  /** The roll call's panel is wanted; while one is under way it is there anyway. */
  rollCall = $state(false);
  search = $state('');
  page = $state(0);
  /** The point listened to before it goes on air. */
  preview = $state<number | undefined>();

  /** What the slots carry by now: a picture under another name would be worse than none. */
  switched = $state.raw<{ preview?: number; tiles: readonly number[] }>({ tiles: [] });

  readonly #stops: (() => void)[] = [];
  #sent = '';
  #settle: ReturnType<typeof setTimeout> | undefined;
  #switching: ReturnType<typeof setTimeout> | undefined;

  constructor(conference: Conference) {
    this.conference = conference;
    this.#stops.push(
      conference.room.onSnapshot(() => {
        this.#sent = '';
        this.#sendView();
      }),
      $effect.root(() => {
        $effect(() => this.#sendView());
        $effect(() => conference.sound.volume('audio-', this.preview === undefined ? 1 : QUIET));
      }),
    );
  }

  close(): void {
    clearTimeout(this.#settle);
    clearTimeout(this.#switching);
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** The view chosen here before; else pictures of few points, the wall of many. */
  get view(): BoardView {
    const state = this.conference.room.meeting?.state;
    if (state === 'ended') return this.#view === 'tree' ? 'tree' : 'wall';
    return this.#view ?? (this.few && (state === 'open' || state === 'running') ? 'tiles' : 'wall');
  }

  set view(view: BoardView) {
    this.#view = view;
    localStorage.setItem(VIEW, view);
  }

  get few(): boolean {
    return this.order.length <= FEW;
  }

  /** Points kept among the halls' small pictures. */
  get pinned(): number[] {
    return this.conference.room.stage?.pinned ?? [];
  }

  get points(): PointEntity[] {
    return [...this.conference.room.points.values()];
  }

  /** Where points stand in the tree; equal text means that rows need not be built anew. */
  readonly #shape: string = $derived.by(
    () =>
      this.points.map(({ id, unit_id, main }) => `${id}:${unit_id}:${main}`).join() +
      this.conference.room.units.size,
  );

  readonly spans: Span[] = $derived.by(() =>
    this.#shape ? spansOf(this.points, this.conference.room.units) : [],
  );

  /** All points, in the order of the wall. */
  readonly order: number[] = $derived.by(() => this.spans.flatMap(({ points }) => points));

  /** Who asks to speak, the next to be called first. */
  readonly waiting: RequestEntity[] = $derived.by(() => waiting(this.conference.room));

  /** Whom the key for it would call: the first whose hall is here. */
  get next(): RequestEntity | undefined {
    return this.waiting.find(({ point_id }) => isHere(this.point(point_id)));
  }

  /** Seconds spoken by each point so far, with the turns that last. */
  readonly spoken: ReadonlyMap<number, number> = $derived.by(() => {
    const { room } = this.conference;
    const seconds = new Map([...room.spoken.values()].map((each) => [each.point_id, each.seconds]));
    for (const turn of room.turns)
      seconds.set(turn.point_id, (seconds.get(turn.point_id) ?? 0) + turnClock(turn, room.ticker.now).spent);
    return seconds;
  });

  /** A point and, if somebody of it is named, who. */
  nameOf({ point_id, name }: { point_id: number; name: string }): string {
    return [name, this.point(point_id)?.short_name].filter(Boolean).join(', ');
  }

  /** What is left of the budgets that somebody who asks would speak from, in seconds; those that there are. */
  left(request: RequestEntity): { point?: number; branch?: number; person?: number } {
    const rules = this.conference.room.queue?.rules;
    if (!rules) return {};
    const of = (minutes: number, used: number) => (minutes > 0 ? minutes * 60 - used : undefined);
    const span = this.spans.find(({ points }) => points.includes(request.point_id));
    const branch = (span?.points ?? []).reduce((sum, id) => sum + (this.spoken.get(id) ?? 0), 0);
    return {
      point: of(rules.point_minutes, this.spoken.get(request.point_id) ?? 0),
      branch: of(rules.branch_minutes, branch),
      person: of(rules.person_minutes, request.seconds),
    };
  }

  readonly troubles = $derived.by(() => troubles(this.points));

  /** Points in the room that would not be seen or heard. */
  readonly flawed = $derived.by(() => this.points.filter((point) => flawsOf(point).length > 0));

  /** How many points stand in each state. */
  readonly counts: Record<PointState, number> = $derived.by(() => {
    const counts = Object.fromEntries(pointStates.map((state) => [state, 0])) as Record<PointState, number>;
    for (const point of this.points) counts[this.standing(point)] += 1;
    return counts;
  });

  readonly present: number = $derived.by(() => this.points.filter((point) => this.isIn(point)).length);

  readonly #needle: string = $derived.by(() => fold(this.search.trim()));

  point(id: number | undefined): PointEntity | undefined {
    return id === undefined ? undefined : this.conference.room.points.get(String(id));
  }

  standing(point: PointEntity): PointState {
    return standing(point, this.conference.room.stage, this.ended);
  }

  standingWord(point: PointEntity): string {
    return standingWord(point, this.conference.room.stage, this.ended);
  }

  /** Nobody is here any more; what is shown is who was. */
  get ended(): boolean {
    return this.conference.room.meeting?.state === 'ended';
  }

  /** Whether a point counts as here; after the end, as having been. */
  isIn(point: PointEntity): boolean {
    return this.ended ? point.attended : point.presence === 'ready' || point.presence === 'testing';
  }

  /** Whether filter and search leave this point lit. */
  matches(point: PointEntity): boolean {
    if (this.filter && this.standing(point) !== this.filter) return false;
    return this.#needle === '' || fold(`${point.name} ${point.short_name}`).includes(this.#needle);
  }

  /** The points of the page of small pictures in view; only these are sent here. */
  readonly connected: number[] = $derived.by(() =>
    this.order.filter((id) => {
      const point = this.point(id);
      const here = point?.presence === 'ready' || point?.presence === 'testing';
      return point && (here || this.few) && this.matches(point);
    }),
  );

  readonly pages: number = $derived.by(() => Math.max(1, Math.ceil(this.connected.length / CONSOLE_TILES)));

  readonly tiles: number[] = $derived.by(() => {
    const page = Math.min(this.page, this.pages - 1);
    return this.connected.slice(page * CONSOLE_TILES, (page + 1) * CONSOLE_TILES);
  });

  turn(by: number): void {
    this.page = Math.min(this.pages - 1, Math.max(0, Math.min(this.page, this.pages - 1) + by));
  }

  choose(id: number | undefined): void {
    this.chosen = id;
    if (id !== undefined) this.cursor = id;
    else this.preview = undefined;
  }

  listen(id: number | undefined): void {
    this.preview = id;
    if (id !== undefined) this.choose(id);
  }

  /** Commands reach the server; while the line is cut none does. */
  get live(): boolean {
    return this.conference.room.phase.name === 'live';
  }

  /** Who has the floor beside the main point, oldest first. */
  get guests(): FloorHolder[] {
    const { meeting, stage } = this.conference.room;
    return (stage?.floor ?? []).filter(({ point_id }) => point_id !== meeting?.main_point_id);
  }

  /** The guests whose turn a call of this point would end. */
  replaced(id: number): FloorHolder[] {
    return this.guests.filter(({ point_id }) => point_id !== id);
  }

  /** Since when a point stands as its mark says. */
  standingSince(point: PointEntity): string | undefined {
    return this.ended ? undefined : standingSince(point, this.conference.room.stage);
  }

  /**
   * Calls a point, or one of those who ask there, in the place of who speaks now, or (`keep`) beside them. What a call
   * ended can be undone.
   */
  async call(id: number, keep = false, request?: number): Promise<void> {
    const { acts } = this.conference;
    const ended = keep ? [] : this.replaced(id);
    const called = await (request === undefined
      ? acts.run('floor.give', { point_id: id, keep })
      : acts.run('speaking.call', { request_id: request, keep }));
    if (!called) return;
    if (this.preview === id) this.preview = undefined;
    if (ended.length === 0) return;
    const name = this.point(id)?.name ?? '';
    const names = ended.map((holder) => holder.name).join(', ');
    toasts.show(m.call_replaced({ name, ended: names }), 'info', {
      label: m.undo(),
      run: () => void this.#giveBack(ended),
    });
  }

  /** The clock stands, or goes on. */
  pauseTurn(turn: TurnEntity): Promise<boolean> {
    return this.conference.acts.run(turn.paused_since ? 'turn.resume' : 'turn.pause', { turn_id: turn.id });
  }

  extendTurn(turn: TurnEntity): Promise<boolean> {
    return this.conference.acts.run('turn.extend', { turn_id: turn.id, seconds: MORE });
  }

  /** The floor as it was before a call: its holders again, the last of them on stage. */
  async #giveBack(holders: FloorHolder[]): Promise<void> {
    for (const [index, { point_id }] of holders.entries())
      if (!(await this.conference.acts.run('floor.give', { point_id, keep: index > 0 }))) return;
  }

  /** Keeps a point among the halls' small pictures, or lets it go; a layout without any gets a row of them. */
  async pin(id: number): Promise<void> {
    const { acts, room } = this.conference;
    const now = room.stage?.layout ?? 'stage';
    const pinned = this.pinned.includes(id)
      ? this.pinned.filter((other) => other !== id)
      : [...this.pinned, id];
    const layout = tileCount(now) > 0 ? now : 'stage-row';
    await acts.run('layout.set', { layout, pinned });
  }

  /** Tells the server what this board alone wants to see. Points come and go in bursts; one message does. */
  #sendView(): void {
    const wanted = {
      preview: this.preview ?? null,
      tiles: this.view === 'tiles' ? this.tiles : [],
    };
    const text = JSON.stringify(wanted);
    const { room } = this.conference;
    clearTimeout(this.#settle);
    clearTimeout(this.#switching);
    if (text === this.#sent || !room.known) return;
    this.#settle = setTimeout(
      () => {
        this.#sent = text;
        room.command('view.set', wanted).then(
          () => {
            this.#switching = setTimeout(() => {
              this.switched = { preview: wanted.preview ?? undefined, tiles: wanted.tiles };
            }, SWITCHES);
          },
          () => (this.#sent = ''),
        );
      },
      this.#sent === '' ? 0 : SETTLE,
    );
  }
}

function remembered(): BoardView | undefined {
  const view = localStorage.getItem(VIEW);
  return view === 'wall' || view === 'tree' || view === 'tiles' ? view : undefined;
}

export const [useBoard, provideBoard] = createContext<Board>();
