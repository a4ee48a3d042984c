import { address, request } from '#lib/api/request.ts';
import type { Library, Pack, Paper, PaperWrite, PolicyWrite, Readers } from './types.ts';

/** What one asks of the server about a meeting's papers. All throw ApiError. */
export const papersApi = {
  library: (meeting: number) => request<Library>('GET', `/api/meetings/${meeting}/papers`),
  edit: (paper: number, change: PaperWrite) => request<Paper>('PATCH', `/api/papers/${paper}`, change),
  remove: (paper: number) => request<void>('DELETE', `/api/papers/${paper}`),
  recall: (paper: number, reason: string) =>
    request<Paper>('POST', `/api/papers/${paper}/recall`, { reason }),
  restore: (paper: number) => request<Paper>('POST', `/api/papers/${paper}/restore`),
  /** Runs a version once more that failed on our side. */
  retry: (paper: number) => request<Paper>('POST', `/api/papers/${paper}/retry`),
  order: (meeting: number, papers: number[]) =>
    request<unknown>('PUT', `/api/meetings/${meeting}/papers/order`, { paper_ids: papers }),

  /** null: as its agenda item. */
  setPolicy: (paper: number, policy: PolicyWrite | null) =>
    request<unknown>('PUT', `/api/papers/${paper}/policy`, policy),
  itemPolicy: (item: number) => request<PolicyWrite | null>('GET', `/api/items/${item}/paper-policy`),
  setItemPolicy: (item: number, policy: PolicyWrite | null) =>
    request<unknown>('PUT', `/api/items/${item}/paper-policy`, policy),
  readers: (paper: number) => request<Readers>('GET', `/api/papers/${paper}/readers`),

  pack: (meeting: number, point: number | null) =>
    request<Pack>('GET', address(`/api/meetings/${meeting}/pack`, { point_id: point })),
  makePack: (meeting: number, point: number | null) =>
    request<Pack>('POST', `/api/meetings/${meeting}/pack`, point === null ? {} : { point_id: point }),
  packFile: (meeting: number, point: number | null) =>
    address(`/api/meetings/${meeting}/pack.pdf`, { point_id: point }),
};
