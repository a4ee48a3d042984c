import { address, ask } from '#lib/api/ask.ts';
import type { Board, Gap, Reminded, SearchResult } from './types.ts';

/** What one asks of the server about reading. All throw ApiError. */
export const readingApi = {
  board: (meeting: number, paper: number | null) =>
    ask<Board>('GET', address(`/api/meetings/${meeting}/receipts`, { paper_id: paper })),
  /** null: everybody with that gap. */
  remind: (meeting: number, delegates: number[] | null, gap: Gap) =>
    ask<Reminded>('POST', `/api/meetings/${meeting}/reminders`, { delegate_ids: delegates, gap }),
  search: (query: { q: string; meeting_id?: number | null; limit: number; offset: number }) =>
    ask<SearchResult>('GET', address('/api/search', query)),
};
