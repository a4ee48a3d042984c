import { answer, api } from '#lib/api/client.ts';
import type { PaperWrite, PolicyWrite } from './types.ts';

const paper = (paper_id: number) => ({ params: { path: { paper_id } } });
const meeting = (meeting_id: number) => ({ params: { path: { meeting_id } } });
const item = (item_id: number) => ({ params: { path: { item_id } } });

/**
 * What one asks of the server about a meeting's papers. All throw ApiError. `revision`: what the editor saw; if it is
 * another by now, nothing is saved ("edited-meanwhile").
 */
export const papersApi = {
  library: (id: number, signal?: AbortSignal) =>
    answer(api.GET('/api/meetings/{meeting_id}/papers', { ...meeting(id), signal })),
  edit: (paper_id: number, body: PaperWrite, revision?: number) =>
    answer(
      api.PATCH('/api/papers/{paper_id}', { params: { path: { paper_id }, query: { revision } }, body }),
    ),
  remove: (id: number) => answer(api.DELETE('/api/papers/{paper_id}', paper(id))),
  recall: (id: number, reason: string) =>
    answer(api.POST('/api/papers/{paper_id}/recall', { ...paper(id), body: { reason } })),
  restore: (id: number) => answer(api.POST('/api/papers/{paper_id}/restore', paper(id))),
  /** Runs a version once more that failed on our side. */
  retry: (id: number) => answer(api.POST('/api/papers/{paper_id}/retry', paper(id))),
  /** A word in its body that looked like a mark of secrecy is none. */
  overruleMark: (id: number, reason: string) =>
    answer(api.POST('/api/papers/{paper_id}/overrule-mark', { ...paper(id), body: { reason } })),
  order: (id: number, paper_ids: number[]) =>
    answer(api.PUT('/api/meetings/{meeting_id}/papers/order', { ...meeting(id), body: { paper_ids } })),

  /** null: as its agenda item. */
  setPolicy: (paper_id: number, body: PolicyWrite | null, revision: number) =>
    answer(
      api.PUT('/api/papers/{paper_id}/policy', { params: { path: { paper_id }, query: { revision } }, body }),
    ),
  itemPolicy: (id: number, signal?: AbortSignal) =>
    answer(api.GET('/api/items/{item_id}/paper-policy', { ...item(id), signal })),
  setItemPolicy: (item_id: number, body: PolicyWrite | null, revision: number) =>
    answer(
      api.PUT('/api/items/{item_id}/paper-policy', {
        params: { path: { item_id }, query: { revision } },
        body,
      }),
    ),
  readers: (id: number) => answer(api.GET('/api/papers/{paper_id}/readers', paper(id))),
  /** Who could read with a policy that is not saved yet. */
  readersWith: (id: number, body: PolicyWrite) =>
    answer(api.POST('/api/meetings/{meeting_id}/papers/readers', { ...meeting(id), body })),
};
