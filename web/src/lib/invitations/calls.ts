import { answer, api } from '#lib/api/client.ts';
import type { Delegate, DelegateChange, DelegateList, DelegateRole, NewDelegate } from './types.ts';

const meeting = (meeting_id: number) => ({ params: { path: { meeting_id } } });
const asked = (request_id: number) => ({ params: { path: { request_id } } });

/** Everybody: more than any meeting has. */
export const everybody = 20_000;
const pageSize = 500;

/** What one asks of the server about delegates, links and requests. All throw ApiError. */
export const delegatesApi = {
  /** At most `limit` (else all) of a point, of those without one (`online`), or of everybody; asked for page by page. */
  list: async (
    meeting_id: number,
    {
      limit = everybody,
      ...asked
    }: {
      point_id?: number;
      online?: boolean;
      q?: string;
      reach?: Delegate['link'][];
      limit?: number;
    },
    signal?: AbortSignal,
  ): Promise<DelegateList> => {
    const some = (offset: number) => {
      const query = { ...asked, offset, limit: Math.min(pageSize, limit - offset) };
      return answer(
        api.GET('/api/meetings/{meeting_id}/delegates', { params: { path: { meeting_id }, query }, signal }),
      );
    };
    const first = await some(0);
    const delegates = [...first.delegates];
    while (delegates.length < Math.min(limit, first.total)) {
      const more = await some(delegates.length);
      if (more.delegates.length === 0) break;
      delegates.push(...more.delegates);
    }
    return { ...first, delegates };
  },
  add: (id: number, point_id: number | null, role: DelegateRole, people: NewDelegate[]) =>
    answer(
      api.POST('/api/meetings/{meeting_id}/delegates', { ...meeting(id), body: { point_id, role, people } }),
    ),
  /** `revision`: what the editor saw; if it is another by now, nothing is saved ("edited-meanwhile"). */
  edit: (delegate_id: number, body: DelegateChange, revision?: number) =>
    answer(
      api.PATCH('/api/delegates/{delegate_id}', {
        params: { path: { delegate_id }, query: { revision } },
        body,
      }),
    ),
  /** At most 1,000 at once. Says of whom it could not be done, and why. */
  remove: (id: number, delegate_ids: number[]) =>
    answer(
      api.POST('/api/meetings/{meeting_id}/delegates/remove', { ...meeting(id), body: { delegate_ids } }),
    ),
  move: (id: number, delegate_ids: number[], point_id: number | null) =>
    answer(
      api.POST('/api/meetings/{meeting_id}/delegates/move', {
        ...meeting(id),
        body: { delegate_ids, point_id },
      }),
    ),
  letters: (id: number) => answer(api.GET('/api/meetings/{meeting_id}/letters', meeting(id))),
  /** The whole list of a hall (null: of those who follow online) in the order wanted. */
  order: (id: number, point_id: number | null, delegate_ids: number[]) =>
    answer(
      api.PUT('/api/meetings/{meeting_id}/delegates/order', {
        ...meeting(id),
        body: { point_id, delegate_ids },
      }),
    ),
  /** Reads a filled-in workbook; nothing is changed before `apply`. */
  read: (meeting_id: number, file: Blob, apply: boolean) =>
    answer(
      api.POST('/api/meetings/{meeting_id}/delegates/import', {
        params: { path: { meeting_id }, query: { apply } },
        headers: { 'Content-Type': 'application/octet-stream' },
        body: file as never,
        bodySerializer: (body: unknown) => body as Blob,
      }),
    ),
  /** The rows of the same workbook that cannot be taken, as a workbook with the reasons. */
  refused: (meeting_id: number, file: Blob): Promise<Blob> =>
    answer(
      api.POST('/api/meetings/{meeting_id}/delegates/import/refused.xlsx', {
        params: { path: { meeting_id } },
        headers: { 'Content-Type': 'application/octet-stream' },
        body: file as never,
        bodySerializer: (body: unknown) => body as Blob,
        parseAs: 'blob',
      }),
    ) as Promise<Blob>,
  template: (id: number) => `/api/meetings/${id}/delegates/template.xlsx`,
  workbook: (id: number) => `/api/meetings/${id}/delegates.xlsx`,

  /** null: everybody. With `send` by e-mail, else the links are returned to be handed out. */
  links: (id: number, delegate_ids: number[] | null, send: boolean) =>
    answer(api.POST('/api/meetings/{meeting_id}/links', { ...meeting(id), body: { delegate_ids, send } })),
  /** The code before leads nowhere any more. */
  renewCode: (id: number) => answer(api.POST('/api/meetings/{meeting_id}/code', meeting(id))),
  /** Browsers that came by the chair's or the secretary's link. */
  devices: (id: number, signal?: AbortSignal) =>
    answer(api.GET('/api/meetings/{meeting_id}/devices', { ...meeting(id), signal })),
  confirmDevice: (meeting_id: number, session_id: number) =>
    answer(
      api.POST('/api/meetings/{meeting_id}/devices/{session_id}/confirm', {
        params: { path: { meeting_id, session_id } },
      }),
    ),
  endDevice: (meeting_id: number, session_id: number) =>
    answer(
      api.DELETE('/api/meetings/{meeting_id}/devices/{session_id}', {
        params: { path: { meeting_id, session_id } },
      }),
    ),
  revoke: (id: number, delegate_ids: number[]) =>
    answer(api.POST('/api/meetings/{meeting_id}/links/revoke', { ...meeting(id), body: { delegate_ids } })),
  /** Letters for the printer, at most 1,000; the page of letters has them when they are made. */
  print: (id: number, delegate_ids: number[]) =>
    answer(
      api.POST('/api/meetings/{meeting_id}/prints', {
        ...meeting(id),
        body: { delegate_ids, without_email: false },
      }),
    ),
  /** Plates for the table or badges, of a point or of all. */
  cards: (meeting_id: number, form: 'plates' | 'badges', point_id: number | undefined): Promise<Blob> =>
    answer(
      api.GET('/api/meetings/{meeting_id}/name-cards.pdf', {
        params: { path: { meeting_id }, query: { form, point_id } },
        parseAs: 'blob',
      }),
    ) as Promise<Blob>,
  poster: (id: number) => `/api/meetings/${id}/poster.pdf`,
  qrPicture: (id: number) => `/api/meetings/${id}/qr.png`,
  qr: (id: number) => `/api/meetings/${id}/qr.svg`,

  requests: (id: number, signal?: AbortSignal) =>
    answer(api.GET('/api/meetings/{meeting_id}/requests', { ...meeting(id), signal })),
  /** `delegate_id`: the one who asks is this delegate, and gets their way in. */
  grant: (id: number, point_id: number | null, delegate_id: number | null = null) =>
    answer(api.POST('/api/requests/{request_id}/grant', { ...asked(id), body: { point_id, delegate_id } })),
  /** Everybody who waits and stands on the list beyond doubt. */
  grantListed: (id: number) =>
    answer(api.POST('/api/meetings/{meeting_id}/requests/grant-listed', meeting(id))),
  refuse: (id: number) => answer(api.POST('/api/requests/{request_id}/refuse', asked(id))),
};
