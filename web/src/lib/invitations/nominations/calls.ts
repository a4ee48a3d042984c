import { answer, api } from '#lib/api/client.ts';
import type { components } from '#lib/api/schema.ts';

type Schemas = components['schemas'];
export type Board = Schemas['NominationBoard'];
export type Row = Board['points'][number];
export type Call = Schemas['CallWrite'];
export type Contact = Schemas['ContactWrite'];
export type Nomination = Schemas['NominationOut'];
export type Person = Schemas['NamedWrite']['people'][number];
export type Filter = NonNullable<Row['state'] | 'missing'>;

export interface Asked {
  state?: Filter;
  unit_id?: number;
  q?: string;
  limit?: number;
  offset?: number;
}

const of = (meeting_id: number) => ({ params: { path: { meeting_id } } });
const at = (meeting_id: number, point_id: number) => ({ params: { path: { meeting_id, point_id } } });

/** What the organiser asks of the points' own lists. All throw ApiError. */
export const nominationsApi = {
  board: (meeting_id: number, query: Asked, signal?: AbortSignal) =>
    answer(
      api.GET('/api/meetings/{meeting_id}/nominations', { params: { path: { meeting_id }, query }, signal }),
    ),
  ask: (id: number, body: Call) =>
    answer(api.PUT('/api/meetings/{meeting_id}/nominations', { ...of(id), body })),
  remind: (id: number) => answer(api.POST('/api/meetings/{meeting_id}/nominations/remind', of(id))),
  lockAll: (id: number) => answer(api.POST('/api/meetings/{meeting_id}/nominations/lock', of(id))),
  lock: (id: number, point: number) =>
    answer(api.POST('/api/meetings/{meeting_id}/points/{point_id}/nomination/lock', at(id, point))),
  reopen: (id: number, point: number, until: string) =>
    answer(
      api.POST('/api/meetings/{meeting_id}/points/{point_id}/nomination/reopen', {
        ...at(id, point),
        body: { until },
      }),
    ),
  setContact: (id: number, point: number, body: Contact) =>
    answer(
      api.PUT('/api/meetings/{meeting_id}/points/{point_id}/nomination/contact', { ...at(id, point), body }),
    ),
  /** A private link to hand on; with `renew` the one before opens nothing any more. */
  link: async (id: number, point: number, renew: boolean): Promise<string> => {
    const { path } = await answer(
      api.POST('/api/meetings/{meeting_id}/points/{point_id}/nomination/link', {
        ...at(id, point),
        body: { renew },
      }),
    );
    return new URL(path, location.origin).href;
  },
};

/** One point's list, for who makes it: by the private link's `key`, else as who is signed in. */
export class OwnList {
  constructor(
    readonly meeting: number,
    readonly point: number,
    readonly key: string,
  ) {}

  get #at() {
    return {
      params: { path: { meeting_id: this.meeting, point_id: this.point } },
      headers: this.key ? { 'X-List-Key': this.key } : {},
    };
  }

  read = (signal?: AbortSignal) =>
    answer(api.GET('/api/meetings/{meeting_id}/points/{point_id}/nomination', { ...this.#at, signal }));

  find = (q: string) =>
    answer(
      api.GET('/api/meetings/{meeting_id}/points/{point_id}/nomination/people', {
        ...this.#at,
        params: { ...this.#at.params, query: { q } },
      }),
    );

  add = (people: Person[]) =>
    answer(
      api.POST('/api/meetings/{meeting_id}/points/{point_id}/nomination/people', {
        ...this.#at,
        body: { people },
      }),
    );

  takeBack = (delegate_id: number) =>
    answer(
      api.DELETE('/api/meetings/{meeting_id}/points/{point_id}/nomination/people/{delegate_id}', {
        ...this.#at,
        params: { path: { ...this.#at.params.path, delegate_id } },
      }),
    );

  submit = () => answer(api.POST('/api/meetings/{meeting_id}/points/{point_id}/nomination/submit', this.#at));
}
