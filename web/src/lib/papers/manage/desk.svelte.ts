import { getContext, setContext } from 'svelte';
import { sentence } from '#lib/api/errors.ts';
import { Resource } from '#lib/api/resource.svelte.ts';
import type { Meeting, Tree } from '#lib/api/types.ts';
import { branches, type Branch } from '#lib/organisations/tree.ts';
import { m } from '#lib/paraglide/messages.js';
import { number } from '#lib/text/format.ts';
import { toasts } from '#lib/ui/toasts.svelte.ts';
import { papersApi } from './calls.ts';
import { asChosen, placed, shelves } from './order.ts';
import type { Library, Paper } from './types.ts';
import { type Uploads, uploadsOf } from './uploads.svelte.ts';

/** Everything the papers page works on: the library, the files on their way, and what who-may-read is chosen from. */
export class LibraryDesk {
  readonly library: Resource<Library>;
  readonly uploads: Uploads;
  /** The unit tree with this meeting's points alone. */
  readonly branches: Branch[];
  /** The one paper whose details are unfolded, and which part of them. */
  opened = $state<{ paper: number; part: 'info' | 'rights' | 'versions' }>();
  announced = $state('');

  constructor(
    readonly meeting: Meeting,
    tree: Tree,
  ) {
    this.library = new Resource((signal) => papersApi.library(meeting.id, signal));
    this.uploads = uploadsOf(meeting.id);
    this.uploads.arrived = () => void this.#arrived();
    const members = new Set(meeting.points.map(({ point_id }) => point_id));
    this.branches = branches({ units: tree.units, points: tree.points.filter(({ id }) => members.has(id)) });
  }

  readonly papers = $derived.by(() => this.library.data?.papers ?? []);
  /** Items that papers may belong to: breaks have none. */
  readonly items = $derived.by(() => this.meeting.agenda.filter(({ kind }) => kind !== 'break'));
  readonly shelves = $derived.by(() => shelves(this.papers, this.items));
  readonly manages = $derived.by(() => this.library.data?.can_manage ?? false);
  /** Something is being converted: look often. */
  readonly working = $derived(
    this.papers.some(({ pending }) => pending?.state === 'queued' || pending?.state === 'working'),
  );

  mayUpload(item: number | null): boolean {
    const to = this.library.data?.upload_to;
    return item === null ? (to?.meeting ?? false) : (to?.items.includes(item) ?? false);
  }

  itemName(item: number | null): string {
    return this.meeting.agenda.find(({ id }) => id === item)?.title ?? m.papers_whole_meeting();
  }

  /** Puts in what the server made of a paper. */
  put(paper: Paper): void {
    const library = this.library.data;
    if (!library) return;
    const papers = library.papers.map((each) => (each.id === paper.id ? paper : each));
    this.library.put({ ...library, papers });
  }

  /** Moves a paper before place `to` of an item's shelf: at once on screen, then at the server. */
  async move(paper: Paper, item: number | null, to: number): Promise<void> {
    const library = this.library.data;
    if (!library) return;
    this.uploads.arranged();
    const papers = placed(library.papers, this.items, paper.id, item, to);
    this.library.put({ ...library, papers });
    const shelf = papers.filter(({ item_id }) => item_id === item);
    this.announced = m.papers_moved({
      title: paper.title,
      number: number(shelf.findIndex(({ id }) => id === paper.id) + 1),
      total: number(shelf.length),
      item: this.itemName(item),
    });
    try {
      if (paper.item_id !== item) await papersApi.edit(paper.id, { item_id: item });
      await papersApi.order(
        this.meeting.id,
        papers.map(({ id }) => id),
      );
    } catch (thrown) {
      toasts.show(sentence(thrown), 'error');
    }
    await this.library.reload();
  }

  /** The last of the files sent together puts them all into the order in which they were chosen. */
  async #arrived(): Promise<void> {
    const settled = this.uploads.under.length === 0;
    // Not `reload`: a look that began earlier might answer, and not know the last of them.
    const library = settled ? await papersApi.library(this.meeting.id).catch(() => undefined) : undefined;
    if (!library || this.uploads.under.length > 0) return this.library.reload();
    this.library.put(library);
    const wrong = this.shelves.flatMap(
      ({ item, papers }) =>
        asChosen(
          papers.map(({ id }) => id),
          this.uploads.chosen(item),
        ) ?? [],
    );
    this.uploads.arranged();
    if (wrong.length === 0) return;
    // Nobody asked for it, so a failure is no news: the order can be changed by hand.
    await papersApi.order(this.meeting.id, wrong).catch(() => undefined);
    await this.library.reload();
  }

  async restore(paper: Paper): Promise<void> {
    this.put(await papersApi.restore(paper.id));
    toasts.show(m.papers_restored({ title: paper.title }));
  }
}

const context = Symbol('library desk');
export const provideDesk = (desk: LibraryDesk): LibraryDesk => setContext(context, desk);
export const useDesk = (): LibraryDesk => getContext<LibraryDesk>(context);
