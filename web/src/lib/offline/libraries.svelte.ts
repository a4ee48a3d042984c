import { SvelteMap } from 'svelte/reactivity';
import { answer, api } from '#lib/api/client.ts';
import type { MeetingSummary } from '#lib/api/types.ts';
import { fetchLibrary } from '#lib/papers/calls.ts';
import type { Library } from '#lib/papers/types.ts';
import { forget, keep, kept } from './kept.svelte.ts';

const libraryKey = (meeting: number) => `library:${meeting}`;
/** Opened with a line, a meeting renews its agenda anyway. */
const agendaEvery = 12 * 3_600_000;

/** Which meetings there are and which papers they have: as the server says, and as this device remembers. */
export class Libraries {
  /** By meeting. */
  readonly all = new SvelteMap<number, Library>();
  /** undefined while the server was not asked. */
  meetings: MeetingSummary[] | undefined;
  /** Libraries that came from the server since the start; what is only remembered decides nothing. */
  readonly #fresh = new Set<number>();

  get fresh(): Library[] {
    return [...this.all.values()].filter((one) => this.#fresh.has(one.meeting_id));
  }

  /** Rejects without a line, and when the server refuses it. */
  async fetch(meeting: number): Promise<Library> {
    const library = await fetchLibrary(meeting);
    this.all.set(meeting, library);
    this.#fresh.add(meeting);
    await keep(libraryKey(meeting), meeting, library);
    return library;
  }

  /** As this device last knew it. */
  async known(meeting: number): Promise<Library | undefined> {
    const here = this.all.get(meeting) ?? (await kept<Library>(libraryKey(meeting)))?.value;
    if (here && !this.all.has(meeting)) this.all.set(meeting, here);
    return here;
  }

  /** Rejects without a line, or signed out. */
  async fetchMeetings(): Promise<MeetingSummary[]> {
    this.meetings = await answer(api.GET('/api/meetings'));
    await keep('meetings', null, this.meetings);
    return this.meetings;
  }

  /** The agenda that the papers belong to: a delegate may open the meeting for the first time without a line. */
  async keepAgenda(meeting: number): Promise<void> {
    const place = `meeting:${meeting}`;
    const known = await kept(place);
    if (known && known.at > Date.now() - agendaEvery) return;
    const params = { path: { meeting_id: meeting } };
    await keep(place, meeting, await answer(api.GET('/api/meetings/{meeting_id}', { params })));
  }

  /** Not for this reader any more; returns the papers it listed. */
  async drop(meeting: number): Promise<number[]> {
    const listed = this.all.get(meeting)?.papers.map(({ id }) => id) ?? [];
    this.all.delete(meeting);
    this.#fresh.delete(meeting);
    await forget(libraryKey(meeting));
    return listed;
  }

  clear(): void {
    this.all.clear();
    this.#fresh.clear();
    this.meetings = undefined;
  }
}
