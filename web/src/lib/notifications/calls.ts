import { answer, api } from '#lib/api/client.ts';
import type { components } from '#lib/api/schema.ts';

export type Notification = components['schemas']['NoticeOut'];

export const noticesApi = {
  list: () => answer(api.GET('/api/notices')),
  /** null: all of them. */
  read: (ids: number[] | null) => answer(api.POST('/api/notices/read', { body: { ids } })),
};
