import { address, ask } from '#lib/api/ask.ts';
import type {
  AccessRequest,
  Delegate,
  DelegateChange,
  DelegateList,
  DelegateRole,
  ImportReport,
  LinksReport,
  NewDelegate,
} from './types.ts';

/** What one asks of the server about delegates, links and requests. All throw ApiError. */
export const delegatesApi = {
  list: (meeting: number, query: { point_id?: number | null; q?: string } = {}) =>
    ask<DelegateList>('GET', address(`/api/meetings/${meeting}/delegates`, query)),
  add: (meeting: number, point: number | null, role: DelegateRole, people: NewDelegate[]) =>
    ask<unknown>('POST', `/api/meetings/${meeting}/delegates`, { point_id: point, role, people }),
  edit: (delegate: number, change: DelegateChange) =>
    ask<Delegate>('PATCH', `/api/delegates/${delegate}`, change),
  remove: (delegate: number) => ask<void>('DELETE', `/api/delegates/${delegate}`),
  /** Reads a filled-in workbook; nothing is changed before `apply`. */
  read: (meeting: number, file: Blob, apply: boolean) =>
    ask<ImportReport>('POST', address(`/api/meetings/${meeting}/delegates/import`, { apply }), file),
  template: (meeting: number) => `/api/meetings/${meeting}/delegates/template.xlsx`,

  /** null: everybody. With `send` by e-mail, else the links are returned to be handed out. */
  links: (meeting: number, delegates: number[] | null, send: boolean) =>
    ask<LinksReport>('POST', `/api/meetings/${meeting}/links`, { delegate_ids: delegates, send }),
  revoke: (meeting: number, delegates: number[]) =>
    ask<void>('POST', `/api/meetings/${meeting}/links/revoke`, { delegate_ids: delegates }),
  /** One page each, at most 1,000; null: everybody. */
  invitations: (meeting: number, delegates: number[] | null) =>
    address(`/api/meetings/${meeting}/invitations.pdf`, { delegate_ids: delegates?.join(',') }),
  qr: (meeting: number) => `/api/meetings/${meeting}/qr.svg`,

  requests: (meeting: number) => ask<AccessRequest[]>('GET', `/api/meetings/${meeting}/requests`),
  /** `delegate`: the one who asks is this delegate, and gets their way in. */
  grant: (asked: number, point: number | null, delegate: number | null = null) =>
    ask<unknown>('POST', `/api/requests/${asked}/grant`, { point_id: point, delegate_id: delegate }),
  refuse: (asked: number) => ask<unknown>('POST', `/api/requests/${asked}/refuse`),
};
