import { request } from '#lib/api/request.ts';
import type { CheckHow, CheckKind, Count, HallPerson, PointPeople, Turnout } from './types.ts';

export interface Checks {
  delegate_ids: number[];
  kind: CheckKind;
  how: CheckHow;
  reason?: string;
}

const point = (meeting: number, id: number) => `/api/meetings/${meeting}/points/${id}`;

/** What one asks of the server about who is there. All throw ApiError. */
export const turnoutApi = {
  turnout: (meeting: number) => request<Turnout>('GET', `/api/meetings/${meeting}/people`),
  people: (meeting: number, id: number) => request<PointPeople>('GET', `${point(meeting, id)}/people`),
  check: (meeting: number, id: number, checks: Checks) =>
    request<{ people: HallPerson[]; count: Count }>('POST', `${point(meeting, id)}/checks`, checks),
  headcount: (meeting: number, id: number, count: number, note: string) =>
    request<unknown>('POST', `${point(meeting, id)}/headcount`, { count, note }),
  substitute: (
    meeting: number,
    id: number,
    who: { delegate_id: number; full_name: string; title: string; email: string | null },
  ) => request<unknown>('POST', `${point(meeting, id)}/substitutes`, who),
  signOff: (meeting: number, id: number, note: string) =>
    request<unknown>('POST', `${point(meeting, id)}/sign-off`, { note }),
  withdraw: (meeting: number, id: number) => request<unknown>('DELETE', `${point(meeting, id)}/sign-off`),
  workbook: (meeting: number) => `/api/meetings/${meeting}/people.xlsx`,
  report: (meeting: number) => `/api/meetings/${meeting}/people.pdf`,
};
