import { answer, api } from '#lib/api/client.ts';
import type { components } from '#lib/api/schema.ts';

type Schemas = components['schemas'];
export type SmsWrite = Schemas['SmsWrite'];
export type SmsPreview = Schemas['SmsPreview'];

const meeting = (meeting_id: number) => ({ params: { path: { meeting_id } } });

/** What one asks of the server about text messages. All throw ApiError. */
export const smsApi = {
  /** What would be sent, counted. */
  preview: (id: number, body: SmsWrite, signal?: AbortSignal) =>
    answer(api.POST('/api/meetings/{meeting_id}/sms/preview', { ...meeting(id), body, signal })),
  send: (id: number, body: SmsWrite) =>
    answer(api.POST('/api/meetings/{meeting_id}/sms', { ...meeting(id), body })),
  /** How far they are. */
  progress: (id: number) => answer(api.GET('/api/meetings/{meeting_id}/sms', meeting(id))),
};
