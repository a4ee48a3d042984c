import { answer, api } from '#lib/api/client.ts';
import type { components } from '#lib/api/schema.ts';

type Schemas = components['schemas'];
export type MyReply = Schemas['MyReply'];
export type ReplyWrite = Schemas['ReplyWrite'];
export type Board = Schemas['RepliesBoard'];
export type Figures = Schemas['ReplyFigures'];
export type Reminders = Schemas['ReplyRule'];
export type ReplyRow = Board['people'][number];
export type ReplyState = ReplyRow['state'];

export interface RepliesQuery {
  point_id?: number;
  state?: ReplyState;
  q?: string;
  limit?: number;
  offset?: number;
}

const meeting = (meeting_id: number) => ({ params: { path: { meeting_id } } });
const delegate = (delegate_id: number) => ({ params: { path: { delegate_id } } });

/** What one asks of the server about replies to invitations. All throw ApiError. */
export const repliesApi = {
  mine: (id: number, signal?: AbortSignal) =>
    answer(api.GET('/api/meetings/{meeting_id}/my-reply', { ...meeting(id), signal })),
  reply: (id: number, body: ReplyWrite) =>
    answer(api.PUT('/api/meetings/{meeting_id}/my-reply', { ...meeting(id), body })),
  board: (meeting_id: number, query: RepliesQuery, signal?: AbortSignal) =>
    answer(
      api.GET('/api/meetings/{meeting_id}/replies', { params: { path: { meeting_id }, query }, signal }),
    ),
  /** What a delegate said by telephone. */
  note: (id: number, body: ReplyWrite) =>
    answer(api.PUT('/api/delegates/{delegate_id}/reply', { ...delegate(id), body })),
  decide: (id: number, agree: boolean, reason = '') =>
    answer(api.PUT('/api/delegates/{delegate_id}/substitute', { ...delegate(id), body: { agree, reason } })),
  /** The substitute of this delegate does not come. */
  takeBack: (id: number) => answer(api.DELETE('/api/delegates/{delegate_id}/substitute', delegate(id))),
  reminders: (id: number, signal?: AbortSignal) =>
    answer(api.GET('/api/meetings/{meeting_id}/reply-reminders', { ...meeting(id), signal })),
  setReminders: (id: number, body: { days: number[]; text: string; sms: boolean }) =>
    answer(
      api.PUT('/api/meetings/{meeting_id}/reply-reminders', {
        ...meeting(id),
        body: body as Schemas['ReplyRuleWrite'],
      }),
    ),
  /** Everybody who has not answered is asked again. */
  remindNow: (id: number) => answer(api.POST('/api/meetings/{meeting_id}/reply-reminders/now', meeting(id))),
};
