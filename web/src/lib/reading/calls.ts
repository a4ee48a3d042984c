import { answer, api } from '#lib/api/client.ts';
import type { components } from '#lib/api/schema.ts';
import type { Gap } from './types.ts';

type Schemas = components['schemas'];

export interface BoardQuery {
  paper_id?: number;
  point_id?: number;
  limit?: number;
  offset?: number;
}

const reminders = (meeting_id: number, body: Schemas['ReminderWrite']) =>
  answer(api.POST('/api/meetings/{meeting_id}/reminders', { params: { path: { meeting_id } }, body }));

/** What one asks of the server about reading. All throw ApiError. */
export const readingApi = {
  board: (meeting_id: number, query: BoardQuery = {}, signal?: AbortSignal) =>
    answer(
      api.GET('/api/meetings/{meeting_id}/receipts', { params: { path: { meeting_id }, query }, signal }),
    ),
  workbook: (meeting_id: number) => `/api/meetings/${meeting_id}/receipts.xlsx`,
  /** null: everybody with that gap. */
  remind: (meeting_id: number, gap: Gap, delegate_ids: number[] | null = null) =>
    reminders(meeting_id, { gap, delegate_ids, dry_run: false }),
  /** What `remind` would come to; nobody is told. */
  wouldRemind: (meeting_id: number, gap: Gap, delegate_ids: number[] | null = null) =>
    reminders(meeting_id, { gap, delegate_ids, dry_run: true }),
  search: (query: { q: string; meeting_id?: number; limit: number; offset: number }) =>
    answer(api.GET('/api/search', { params: { query } })),
};
