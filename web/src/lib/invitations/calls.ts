import { address, request } from '#lib/api/request.ts';
import type {
  AccessRequest,
  Delegate,
  DelegateChange,
  DelegateList,
  ImportReport,
  LinksReport,
  NewDelegate,
} from './types.ts';

/** What one asks of the server about delegates, links and requests. All throw ApiError. */
export const delegatesApi = {
  list: (meeting: number, query: { point_id?: number | null; q?: string } = {}) =>
    request<DelegateList>('GET', address(`/api/meetings/${meeting}/delegates`, query)),
  add: (meeting: number, point: number | null, role: string, people: NewDelegate[]) =>
    request<unknown>('POST', `/api/meetings/${meeting}/delegates`, { point_id: point, role, people }),
  edit: (delegate: number, change: DelegateChange) =>
    request<Delegate>('PATCH', `/api/delegates/${delegate}`, change),
  remove: (delegate: number) => request<void>('DELETE', `/api/delegates/${delegate}`),
  /** Reads a filled-in workbook; nothing is changed before `apply`. */
  read: (meeting: number, file: Blob, apply: boolean) =>
    request<ImportReport>('POST', address(`/api/meetings/${meeting}/delegates/import`, { apply }), file),
  template: (meeting: number) => `/api/meetings/${meeting}/delegates/template.xlsx`,

  /** null: everybody. With `send` by e-mail, else the links are returned to be handed out. */
  links: (meeting: number, delegates: number[] | null, send: boolean) =>
    request<LinksReport>('POST', `/api/meetings/${meeting}/links`, { delegate_ids: delegates, send }),
  revoke: (meeting: number, delegates: number[]) =>
    request<void>('POST', `/api/meetings/${meeting}/links/revoke`, { delegate_ids: delegates }),
  invitations: (meeting: number, delegates: number[]) =>
    address(`/api/meetings/${meeting}/invitations.pdf`, { delegate_ids: delegates.join(',') }),
  qr: (meeting: number) => `/api/meetings/${meeting}/qr.svg`,

  requests: (meeting: number) => request<AccessRequest[]>('GET', `/api/meetings/${meeting}/requests`),
  grant: (asked: number, point: number | null) =>
    request<unknown>('POST', `/api/requests/${asked}/grant`, { point_id: point }),
  refuse: (asked: number) => request<unknown>('POST', `/api/requests/${asked}/refuse`),
};
