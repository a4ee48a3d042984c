import { answer, api } from '#lib/api/client.ts';
import type { Meeting } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';
import { number } from '#lib/text/format.ts';
import { kindInside, pointsCount } from './words.ts';

export type StepName = 'invite' | 'withdraw' | 'open' | 'close' | 'cancel' | 'start' | 'end' | 'reopen';

/** A step of a meeting's life: its verb, the question before it and what it does in words. */
export interface Step {
  name: StepName;
  verb: string;
  question: string;
  text: string;
  done: string;
  look: 'primary' | 'danger';
  /** Asks why; everybody concerned, or the log, is told. */
  reason?: { label: string; hint?: string };
  /** Is done now and then: stands in the menu. */
  tucked?: boolean;
}

const reopenWithin = 24 * 3600_000;

function step(name: StepName, meeting: Meeting): Step {
  const kind = kindInside(meeting.kind);
  const count = number(meeting.points.length);
  const steps: Record<StepName, Omit<Step, 'name'>> = {
    invite: {
      verb: m.step_invite({ kind }),
      question: m.step_invite_question({ count, kind }),
      text: m.step_invite_text({ kind }),
      done: m.step_invite_done({ count }),
      look: 'primary',
    },
    withdraw: {
      verb: m.step_withdraw(),
      question: m.step_withdraw_question({ kind }),
      text: m.step_withdraw_text({ count }),
      done: m.step_withdraw_done(),
      look: 'danger',
      tucked: true,
    },
    open: {
      verb: m.step_open(),
      question: m.step_open_question(),
      text: m.step_open_text({ count }),
      done: m.step_open_done(),
      look: 'primary',
    },
    close: {
      verb: m.step_close(),
      question: m.step_close_question(),
      text: m.step_close_text(),
      done: m.step_close_done(),
      look: 'primary',
    },
    cancel: {
      verb: m.step_cancel({ kind }),
      question: m.step_cancel_question({ kind, title: meeting.title }),
      text: m.step_cancel_text({ people: told(meeting) }),
      done: m.step_cancel_done({ kind }),
      look: 'danger',
      reason: { label: m.step_cancel_reason(), hint: m.reason_hint() },
      tucked: true,
    },
    start: {
      verb: m.step_start({ kind }),
      question: m.step_start_question({ kind }),
      text: m.step_start_text({ point: meeting.main_point_name }),
      done: m.step_start_done(),
      look: 'primary',
    },
    end: {
      verb: m.step_end({ kind }),
      question: m.step_end_question({ kind, title: meeting.title }),
      text: m.step_end_text({ count }),
      done: m.step_end_done(),
      look: 'danger',
    },
    reopen: {
      verb: m.step_reopen(),
      question: m.step_reopen_question({ kind }),
      text: m.step_reopen_text(),
      done: m.step_reopen_done(),
      look: 'primary',
      reason: { label: m.step_reopen_reason() },
    },
  };
  return { name, ...steps[name] };
}

/** What this person may do next with the meeting: the main step first, if there is one. */
export function nextSteps(meeting: Meeting, now = Date.now()): { main: Step | null; others: Step[] } {
  const { organise, conduct, operate } = meeting.my;
  const runs = organise || conduct || operate;
  const make = (name: StepName) => step(name, meeting);
  switch (meeting.state) {
    case 'draft':
      return { main: organise ? make('invite') : null, others: [] };
    case 'invited':
      return { main: runs ? make('open') : null, others: organise ? [make('cancel'), make('withdraw')] : [] };
    case 'postponed':
      return { main: null, others: organise ? [make('cancel')] : [] };
    case 'cancelled':
      return { main: null, others: [] };
    case 'open':
      return {
        main: runs ? make('start') : null,
        others: [...(runs ? [make('close')] : []), ...(organise ? [make('cancel')] : [])],
      };
    case 'running':
      return { main: null, others: runs ? [make('end')] : [] };
    case 'ended': {
      const recent = meeting.ended_at !== null && now - Date.parse(meeting.ended_at) < reopenWithin;
      return { main: null, others: recent && (organise || conduct) ? [make('reopen')] : [] };
    }
  }
}

/** Whom a change of plan is told to. */
export function told(meeting: Meeting): string {
  const points = pointsCount(meeting.points.length);
  const people = meeting.lists?.people ?? 0;
  return people > 0 ? m.told_people({ points, count: number(people) }) : points;
}

/** Takes the step; the meeting as it is afterwards. `reason` where the step asks for one. */
export function take(name: StepName, meetingId: number, reason = ''): Promise<Meeting> {
  const params = { path: { meeting_id: meetingId } };
  switch (name) {
    case 'invite':
      return answer(api.POST('/api/meetings/{meeting_id}/invite', { params }));
    case 'withdraw':
      return answer(api.POST('/api/meetings/{meeting_id}/withdraw', { params }));
    case 'open':
      return answer(api.POST('/api/meetings/{meeting_id}/open', { params }));
    case 'close':
      return answer(api.POST('/api/meetings/{meeting_id}/close', { params }));
    case 'cancel':
      return answer(api.POST('/api/meetings/{meeting_id}/cancel', { params, body: { reason } }));
    case 'start':
      return answer(api.POST('/api/meetings/{meeting_id}/start', { params }));
    case 'end':
      return answer(api.POST('/api/meetings/{meeting_id}/end', { params }));
    case 'reopen':
      return answer(api.POST('/api/meetings/{meeting_id}/reopen', { params, body: { reason } }));
  }
}
