import { answer, api } from '#lib/api/client.ts';
import type { components } from '#lib/api/schema.ts';

type Schemas = components['schemas'];
export type Ballot = Schemas['BallotEntity'];
export type BallotList = Schemas['BallotList'];
export type BallotWrite = Schemas['BallotWrite'];
export type Outcome = Schemas['Outcome'];
export type OptionResult = Schemas['OptionResult'];
export type MyVote = Schemas['MyVote'];
export type HallTally = Schemas['HallTally'];
export type TallyWrite = Schemas['TallyWrite'];
export type Codes = Schemas['CodesOut'];
export type Halls = Schemas['HallsOut'];
export type HallsState = Schemas['HallFigures']['state'];
export type Step = 'open' | 'close' | 'publish';

const at = (meeting: number, ballot: number) => ({
  params: { path: { meeting_id: meeting, ballot_id: ballot } },
});
const base = '/api/meetings/{meeting_id}/ballots/{ballot_id}' as const;

/** Files of a vote that is counted. */
export const ballotFile = (
  meeting: number,
  ballot: number,
  name: 'record.pdf' | 'record.docx' | 'votes.xlsx',
) => `/api/meetings/${meeting}/ballots/${ballot}/${name}`;

export const ballotsApi = {
  list: (meeting: number, signal?: AbortSignal) =>
    answer(
      api.GET('/api/meetings/{meeting_id}/ballots', { params: { path: { meeting_id: meeting } }, signal }),
    ),
  create: (meeting: number, body: BallotWrite) =>
    answer(
      api.POST('/api/meetings/{meeting_id}/ballots', { params: { path: { meeting_id: meeting } }, body }),
    ),
  edit: (meeting: number, ballot: number, body: BallotWrite) =>
    answer(api.PUT(base, { ...at(meeting, ballot), body })),
  remove: (meeting: number, ballot: number) => answer(api.DELETE(base, at(meeting, ballot))),
  step: (meeting: number, ballot: number, step: Step) =>
    answer(api.POST(`${base}/${step}`, at(meeting, ballot))),
  void: (meeting: number, ballot: number, reason: string) =>
    answer(api.POST(`${base}/void`, { ...at(meeting, ballot), body: { reason } })),
  show: (meeting: number, ballot: number, shown: boolean) =>
    answer(api.PUT(`${base}/shown`, { ...at(meeting, ballot), body: { shown } })),
  own: (meeting: number, ballot: number) => answer(api.GET(`${base}/vote`, at(meeting, ballot))),
  vote: (meeting: number, ballot: number, body: Schemas['VoteWrite']) =>
    answer(api.POST(`${base}/vote`, { ...at(meeting, ballot), body })),
  codes: (meeting: number, ballot: number, code: string, offset: number) =>
    answer(
      api.GET(`${base}/codes`, {
        params: { path: { meeting_id: meeting, ballot_id: ballot }, query: { code, offset, limit: 100 } },
      }),
    ),
  hall: (meeting: number, ballot: number, point: number) =>
    answer(
      api.GET(`${base}/points/{point_id}`, {
        params: { path: { meeting_id: meeting, ballot_id: ballot, point_id: point } },
      }),
    ),
  halls: (meeting: number, ballot: number, state: HallsState, offset: number, signal?: AbortSignal) =>
    answer(
      api.GET(`${base}/tallies`, {
        params: { path: { meeting_id: meeting, ballot_id: ballot }, query: { state, offset, limit: 100 } },
        signal,
      }),
    ),
  count: (meeting: number, ballot: number, point: number, body: TallyWrite) =>
    answer(
      api.POST(`${base}/points/{point_id}/tallies`, {
        params: { path: { meeting_id: meeting, ballot_id: ballot, point_id: point } },
        body,
      }),
    ),
  confirm: (meeting: number, ballot: number, tally: number) =>
    answer(
      api.POST(`${base}/tallies/{tally_id}/countersign`, {
        params: { path: { meeting_id: meeting, ballot_id: ballot, tally_id: tally } },
      }),
    ),
  withdraw: (meeting: number, ballot: number, tally: number) =>
    answer(
      api.DELETE(`${base}/tallies/{tally_id}`, {
        params: { path: { meeting_id: meeting, ballot_id: ballot, tally_id: tally } },
      }),
    ),
};
