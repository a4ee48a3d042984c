import { getContext, setContext } from 'svelte';
import { sentence } from '#lib/api/errors.ts';
import { Resource } from '#lib/api/resource.svelte.ts';
import type { Meeting, Tree } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';
import { fits } from '#lib/text/fold.ts';
import { number, said } from '#lib/text/format.ts';
import { toasts } from '#lib/ui/toasts.svelte.ts';
import type { Option } from '#lib/ui/Combobox.svelte';
import { delegatesApi } from './calls.ts';
import type { Delegate, DelegateList, DelegatePoint, Letters, LinksReport, ManyReport } from './types.ts';
import { delegatesCount, reachGroups, type ReachGroup } from './words.ts';

/** Of a search's answer; more is no help. */
const foundMost = 300;
const namedMost = 5;

/** The delegates page at work: one point's list at a time (a meeting may have 12,000 people), or what a search found. */
export class DelegateDesk {
  readonly list: Resource<DelegateList>;
  /** How far the invitations have come. */
  readonly letters: Resource<Letters>;
  point = $state<number | null>();
  query = $state('');
  /** Those alone whose invitation has come so far, in the whole meeting. */
  reach = $state<ReachGroup>();
  selected = $state.raw<ReadonlySet<number>>(new Set());
  editing = $state<number>();
  #asked: { point?: number | null; q?: string; reach?: ReachGroup; most?: number };

  constructor(
    readonly meeting: Meeting,
    readonly tree: Tree,
    point: number | null | undefined,
  ) {
    this.point = point;
    this.#asked = { point };
    this.list = new Resource((signal) => this.#fetch(signal));
    this.letters = new Resource(() => delegatesApi.letters(meeting.id));
  }

  readonly points = $derived.by((): DelegatePoint[] => this.list.data?.points ?? []);
  /** Letters can go out from here. */
  readonly mailReady = $derived.by(() => this.list.data?.mail_ready !== false);
  readonly people = $derived.by(() => this.list.data?.delegates ?? []);
  readonly total = $derived.by(() => this.list.data?.lists.people ?? 0);
  readonly chosen = $derived(this.people.filter(({ id }) => this.selected.has(id)));

  readonly #depths = new Map<number, number>();

  /** How far below the top of the tree a unit is; the top's is 0. */
  depthOf(unit: number): number {
    const known = this.#depths.get(unit);
    if (known !== undefined) return known;
    const above = this.tree.units.find(({ id }) => id === unit)?.parent_id;
    const depth = above === null || above === undefined ? 0 : this.depthOf(above) + 1;
    this.#depths.set(unit, depth);
    return depth;
  }

  pointName(point: number | null): string {
    if (point === null) return m.delegates_no_point();
    return this.meeting.points.find(({ point_id }) => point_id === point)?.name ?? '';
  }

  /** Shows a point's list, or with a query whoever fits in the whole meeting, or whose invitation has come so far. */
  show(point: number | null | undefined, query = '', reach?: ReachGroup): void {
    this.point = point;
    this.query = query;
    this.reach = reach;
    this.selected = new Set();
    this.editing = undefined;
    this.#asked = query.trim() || reach ? { q: query.trim(), reach } : { point };
    void this.list.reload();
  }

  /** More of what was found. */
  more(): void {
    this.#asked = { ...this.#asked, most: (this.#asked.most ?? foundMost) + foundMost };
    void this.list.reload();
  }

  async #fetch(signal: AbortSignal): Promise<DelegateList> {
    const { point, q, reach, most = foundMost } = this.#asked;
    if (q || reach) {
      const states = reach && [...reachGroups[reach].states];
      return delegatesApi.list(this.meeting.id, { q, reach: states, limit: most }, signal);
    }
    if (typeof point === 'number') return delegatesApi.list(this.meeting.id, { point_id: point }, signal);
    if (point === null) return delegatesApi.list(this.meeting.id, { online: true }, signal);
    // Nobody chosen yet: the figures of the points alone.
    const figures = await delegatesApi.list(this.meeting.id, { limit: 1 }, signal);
    return { ...figures, total: 0, delegates: [] };
  }

  select(ids: readonly number[], on: boolean): void {
    const next = new Set(this.selected);
    for (const id of ids) {
      if (on) next.add(id);
      else next.delete(id);
    }
    this.selected = next;
  }

  readonly findPoints = (query: string): Option[] =>
    this.meeting.points
      .filter(({ name }) => fits(name, query))
      .slice(0, 50)
      .map(({ point_id, name }) => ({ id: point_id, label: name }));

  async remove(gone: readonly Delegate[]): Promise<void> {
    const result = await delegatesApi.remove(
      this.meeting.id,
      gone.map(({ id }) => id),
    );
    this.selected = new Set();
    this.editing = undefined;
    await this.list.reload();
    const done = new Set(result.done);
    const off = gone.filter(({ id }) => done.has(id));
    this.#tellLeft(result);
    if (off.length > 0)
      toasts.show(m.delegates_removed({ count: delegatesCount(off.length) }), 'info', {
        label: m.undo(),
        run: () => void this.#putBack(off),
      });
  }

  async #putBack(gone: readonly Delegate[]): Promise<void> {
    try {
      const places = new Map<string, Delegate[]>();
      for (const delegate of gone) {
        const place = `${delegate.point_id}|${delegate.role}`;
        places.set(place, [...(places.get(place) ?? []), delegate]);
      }
      for (const [first, ...others] of places.values())
        if (first)
          await delegatesApi.add(
            this.meeting.id,
            first.point_id,
            first.role,
            [first, ...others].map(({ person_id }) => ({ person_id })),
          );
      toasts.show(m.delegates_removed_undone({ count: delegatesCount(gone.length) }));
    } catch (thrown) {
      toasts.show(sentence(thrown), 'error');
    }
    await this.list.reload();
  }

  async move(people: readonly Delegate[], point: number): Promise<void> {
    const result = await delegatesApi.move(
      this.meeting.id,
      people.map(({ id }) => id),
      point,
    );
    this.selected = new Set();
    await this.list.reload();
    this.#tellLeft(result);
    if (result.done.length > 0)
      toasts.show(
        m.delegates_moved({ count: delegatesCount(result.done.length), point: this.pointName(point) }),
      );
  }

  /** Puts the list that is shown into this order: at once on screen, then at the server. */
  async order(people: readonly Delegate[]): Promise<void> {
    const list = this.list.data;
    const point = this.point;
    if (!list || point === undefined) return;
    this.list.put({ ...list, delegates: [...people] });
    try {
      await delegatesApi.order(
        this.meeting.id,
        point,
        people.map(({ id }) => id),
      );
    } catch (thrown) {
      toasts.show(sentence(thrown), 'error');
      await this.list.reload();
    }
  }

  /** Of whom it could not be done, by name and with the reason. */
  #tellLeft({ done, left }: ManyReport): void {
    if (left.length === 0) return;
    const names = left
      .slice(0, namedMost)
      .map((each) =>
        m.delegates_left_one({ name: each.full_name || m.delegates_left_unnamed(), why: said(each) }),
      )
      .join(', ');
    toasts.show(
      m.delegates_some_left({
        done: number(done.length),
        count: number(left.length),
        names: left.length > namedMost ? `${names}…` : names,
      }),
      'error',
    );
  }

  /** Sends personal links by e-mail; null: to everybody. */
  async send(ids: number[] | null): Promise<LinksReport> {
    const report = await delegatesApi.links(this.meeting.id, ids, true);
    void this.list.reload();
    return report;
  }

  /** A fresh personal link to hand out. The one before stops working. */
  async linkOf(delegate: Delegate): Promise<string> {
    const { links } = await delegatesApi.links(this.meeting.id, [delegate.id], false);
    void this.list.reload();
    return new URL(links[0]?.path ?? '/', location.origin).href;
  }
}

const context = Symbol('delegate desk');
export const provideDelegates = (desk: DelegateDesk): DelegateDesk => setContext(context, desk);
export const useDelegates = (): DelegateDesk => getContext<DelegateDesk>(context);
