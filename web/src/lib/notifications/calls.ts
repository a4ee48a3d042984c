import { ask } from '#lib/api/ask.ts';

export interface Notification {
  id: number;
  kind: string;
  data: Record<string, unknown>;
  /** Where it leads in the app. */
  path: string;
  created_at: string;
  read_at: string | null;
}

export interface NoticeList {
  unread: number;
  notices: Notification[];
}

export const noticesApi = {
  list: () => ask<NoticeList>('GET', '/api/notices'),
  /** null: all of them. */
  read: (ids: number[] | null) => ask<unknown>('POST', '/api/notices/read', { ids }),
};
