import { getContext, setContext } from 'svelte';
import { answer, api } from '#lib/api/client.ts';
import { Resource, type Loadable } from '#lib/api/resource.svelte.ts';
import type { Meeting, Tree } from '#lib/api/types.ts';
import { MeetingChanges } from './changes.svelte.ts';

/**
 * The meeting that the address names, and the tree of units and points it is part of: fetched once for all pages below
 * that address. Another meeting's address makes another of these.
 */
export class ShownMeeting {
  readonly id: number;
  readonly meeting: Resource<Meeting>;
  readonly tree: Resource<Tree>;
  /** What others change in it meanwhile. */
  readonly changes: MeetingChanges;
  /** For a page that shows nothing before it has both. */
  readonly both: Loadable<{ meeting: Meeting; tree: Tree }>;

  constructor(id: number) {
    const params = { path: { meeting_id: id } };
    const meeting = new Resource((signal) =>
      answer(api.GET('/api/meetings/{meeting_id}', { params, signal })),
    );
    const tree = new Resource((signal) => answer(api.GET('/api/units', { signal })));
    const data = $derived(meeting.data && tree.data && { meeting: meeting.data, tree: tree.data });
    this.id = id;
    this.changes = new MeetingChanges(id);
    this.meeting = meeting;
    this.tree = tree;
    this.both = {
      get data() {
        return data;
      },
      get error() {
        return meeting.error ?? tree.error;
      },
      get loading() {
        return meeting.loading || tree.loading;
      },
      reload: async () => void (await Promise.all([meeting.reload(), tree.reload()])),
    };
  }
}

const key = Symbol('meeting');

/** Call while a component that stands for one meeting is made. */
export const provideMeeting = (shown: ShownMeeting): ShownMeeting => setContext(key, shown);
export const useMeeting = (): ShownMeeting => getContext<ShownMeeting>(key);
