import { answer, api } from '#lib/api/client.ts';
import type { HallTestWrite, RehearsalKind, Verdict } from './types.ts';

const meeting = (meeting_id: number) => ({ params: { path: { meeting_id } } });
const point = (meeting_id: number, point_id: number) => ({ params: { path: { meeting_id, point_id } } });
const hall = (point_id: number) => ({ params: { path: { point_id } } });
const rehearsal = (meeting_id: number, rehearsal_id: number) => ({
  params: { path: { meeting_id, rehearsal_id } },
});

/** What one asks of the server before a conference. All throw ApiError. */
export const readinessApi = {
  board: (id: number, signal?: AbortSignal) =>
    answer(api.GET('/api/meetings/{meeting_id}/readiness', { ...meeting(id), signal })),
  remind: (id: number) => answer(api.POST('/api/meetings/{meeting_id}/readiness/reminders', meeting(id))),
  point: (id: number, at: number, signal?: AbortSignal) =>
    answer(api.GET('/api/meetings/{meeting_id}/points/{point_id}/readiness', { ...point(id, at), signal })),
  say: (id: number, at: number, verdict: Verdict, note: string) =>
    answer(
      api.POST('/api/meetings/{meeting_id}/points/{point_id}/verdicts', {
        ...point(id, at),
        body: { verdict, note },
      }),
    ),
  tests: (at: number, signal?: AbortSignal) =>
    answer(api.GET('/api/points/{point_id}/tests', { ...hall(at), signal })),
  tested: (at: number, body: HallTestWrite) =>
    answer(api.POST('/api/points/{point_id}/tests', { ...hall(at), body })),
  rehearsals: (id: number, signal?: AbortSignal) =>
    answer(api.GET('/api/meetings/{meeting_id}/rehearsals', { ...meeting(id), signal })),
  rehearsal: (id: number, at: number, signal?: AbortSignal) =>
    answer(api.GET('/api/meetings/{meeting_id}/rehearsals/{rehearsal_id}', { ...rehearsal(id, at), signal })),
  describe: (id: number, at: number, body: { kind?: RehearsalKind; note?: string }) =>
    answer(api.PATCH('/api/meetings/{meeting_id}/rehearsals/{rehearsal_id}', { ...rehearsal(id, at), body })),
};
