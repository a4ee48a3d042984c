import { answer, api } from '#lib/api/client.ts';
import type { Checks } from './types.ts';

const meeting = (meeting_id: number) => ({ params: { path: { meeting_id } } });
const point = (meeting_id: number, point_id: number) => ({ params: { path: { meeting_id, point_id } } });

export interface SubstituteWrite {
  delegate_id: number;
  full_name: string;
  title: string;
  email: string | null;
}

/** What one asks of the server about who is there. All throw ApiError. */
export const turnoutApi = {
  turnout: (id: number, signal?: AbortSignal) =>
    answer(api.GET('/api/meetings/{meeting_id}/people', { ...meeting(id), signal })),
  people: (id: number, at: number, signal?: AbortSignal) =>
    answer(api.GET('/api/meetings/{meeting_id}/points/{point_id}/people', { ...point(id, at), signal })),
  check: (id: number, at: number, body: Checks) =>
    answer(
      api.POST('/api/meetings/{meeting_id}/points/{point_id}/checks', {
        ...point(id, at),
        body: { reason: '', ...body },
      }),
    ),
  headcount: (id: number, at: number, count: number, note: string) =>
    answer(
      api.POST('/api/meetings/{meeting_id}/points/{point_id}/headcount', {
        ...point(id, at),
        body: { count, note },
      }),
    ),
  substitute: (id: number, at: number, body: SubstituteWrite) =>
    answer(api.POST('/api/meetings/{meeting_id}/points/{point_id}/substitutes', { ...point(id, at), body })),
  withdrawSubstitute: (meeting_id: number, point_id: number, delegate_id: number) =>
    answer(
      api.DELETE('/api/meetings/{meeting_id}/points/{point_id}/substitutes/{delegate_id}', {
        params: { path: { meeting_id, point_id, delegate_id } },
      }),
    ),
  signOff: (id: number, at: number, note: string) =>
    answer(
      api.POST('/api/meetings/{meeting_id}/points/{point_id}/sign-off', {
        ...point(id, at),
        body: { note },
      }),
    ),
  withdraw: (id: number, at: number) =>
    answer(api.DELETE('/api/meetings/{meeting_id}/points/{point_id}/sign-off', point(id, at))),
  workbook: (id: number) => `/api/meetings/${id}/people.xlsx`,
  report: (id: number) => `/api/meetings/${id}/people.pdf`,
};
