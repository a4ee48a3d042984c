import type { Meeting, MeetingKind, MeetingWrite } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';
import { isDate, isTime } from '#lib/text/typed.ts';
import { dateOf, daysBetween, momentAt, onTheWall, timeOf } from '#lib/text/zone.ts';
import { addDays } from './calendar/days.ts';
import type { DayHours } from './days.ts';

/** Somebody or something chosen by name; without an id it is only a name ("Văn phòng Tỉnh ủy"). */
export interface Choice {
  id: number | null;
  label: string;
  detail?: string;
}

export interface AgendaRow {
  /** Stays with the row while it is edited and moved. */
  key: string;
  id: number | null;
  /** A break is counted in time; nobody presents anything. */
  kind: Meeting['agenda'][number]['kind'];
  /** Place of its day, from 0. */
  day: number;
  title: string;
  minutes: number;
  presenter: Choice | null;
}

/** A meeting as it is being typed. Plain data: it is compared, merged and kept in the browser's storage as JSON. */
export interface Draft {
  kind: MeetingKind;
  /** How letters speak to people; '': as the kind has it. */
  address: Meeting['address'];
  title: string;
  description: string;
  unit: Choice | null;
  date: string;
  start: string;
  endDate: string;
  end: string;
  /** Hours of each, where there are several; the first begins with the meeting, the last ends with it. */
  days: DayHours[];
  mainPoint: Choice | null;
  chair: Choice | null;
  secretary: Choice | null;
  agenda: AgendaRow[];
  /** Member points and who speaks for each, by point id. */
  points: Record<number, string>;
  /** The earlier meeting whose lists of delegates are taken over once this one is saved, with how many people. */
  listsFrom: { id: number; label: string; people: number } | null;
}

export type Fields = Record<string, string>;

const DAY_MS = 86_400_000;

let rows = 0;
export function newRow(minutes = 15): AgendaRow {
  return {
    key: `new-${Date.now()}-${rows++}`,
    id: null,
    kind: 'item',
    day: 0,
    title: '',
    minutes,
    presenter: null,
  };
}

/** An empty form: a conference next working day from 07:30 to 11:00, opened and closed. */
export function emptyDraft(unit: Choice | null, now = new Date()): Draft {
  let next = now.getTime() + DAY_MS;
  while ([0, 6].includes(onTheWall(next).weekday)) next += DAY_MS;
  const date = dateOf(next);
  return {
    kind: 'hoi-nghi',
    address: '',
    title: '',
    description: '',
    unit,
    date,
    start: '07:30',
    endDate: date,
    end: '11:00',
    days: [],
    mainPoint: null,
    chair: null,
    secretary: null,
    agenda: [
      { ...newRow(10), title: m.agenda_opening() },
      { ...newRow(15), title: m.agenda_closing() },
    ],
    points: {},
    listsFrom: null,
  };
}

export function draftOf(meeting: Meeting): Draft {
  const start = new Date(meeting.starts_at);
  const end = new Date(meeting.ends_at);
  const choice = (id: number | null, label: string, detail?: string) =>
    id === null ? null : { id, label, ...(detail && { detail }) };
  return {
    kind: meeting.kind,
    address: meeting.address,
    title: meeting.title,
    description: meeting.description,
    unit: choice(meeting.unit_id, meeting.unit_name),
    date: dateOf(start),
    start: timeOf(start),
    endDate: dateOf(end),
    end: timeOf(end),
    days: meeting.days.map(({ after, ...hours }) => ({ ...hours, date: addDays(dateOf(start), after) })),
    mainPoint: choice(meeting.main_point_id, meeting.main_point_name),
    chair: choice(meeting.chair_id, meeting.chair_name, meeting.chair_title),
    secretary: choice(meeting.secretary_id, meeting.secretary_name, meeting.secretary_title),
    agenda: meeting.agenda.map((item) => ({
      key: String(item.id),
      id: item.id,
      kind: item.kind,
      day: item.day,
      title: item.title,
      minutes: item.minutes,
      presenter: item.presenter_id
        ? choice(item.presenter_id, item.presenter_name, item.presenter_title)
        : item.presenter_text
          ? { id: null, label: item.presenter_text }
          : null,
    })),
    points: Object.fromEntries(meeting.points.map((point) => [point.point_id, point.speaker])),
    listsFrom: null,
  };
}

export function startsAt(draft: Draft): Date {
  return momentAt(draft.date, draft.start);
}

export function endsAt(draft: Draft): Date {
  return momentAt(draft.endDate, draft.end);
}

/** The meeting's length in minutes; 0 while the times are not yet right. */
export function length(draft: Draft): number {
  const minutes = (endsAt(draft).getTime() - startsAt(draft).getTime()) / 60_000;
  return Number.isFinite(minutes) && minutes > 0 ? Math.round(minutes) : 0;
}

/** What is missing or wrong, by field; empty when the draft can be sent. */
export function faults(draft: Draft): Fields {
  const found: Fields = {};
  if (!draft.title.trim()) found.title = m.fault_title();
  if (!draft.unit?.id) found.unit_id = m.fault_unit();
  if (!isDate(draft.date) || !isTime(draft.start)) found.starts_at = m.fault_time();
  else if (!isDate(draft.endDate) || !isTime(draft.end)) found.ends_at = m.fault_time();
  else if (length(draft) === 0) found.ends_at = m.fault_end();
  draft.days.forEach((day, index) => {
    if (!isDate(day.date) || !isTime(day.start) || !isTime(day.end)) found[`days.${index}`] = m.fault_time();
    else if (day.end <= day.start) found[`days.${index}`] = m.fault_end();
    else if (index > 0 && day.date <= draft.days[index - 1]!.date)
      found[`days.${index}`] = m.fault_day_order();
  });
  if (!draft.mainPoint?.id) found.main_point_id = m.fault_main_point();
  if (draft.chair?.id === null) found.chair_id = m.combobox_unchosen();
  if (draft.secretary?.id === null) found.secretary_id = m.combobox_unchosen();
  draft.agenda.forEach((row, index) => {
    if (!row.title.trim()) found[`agenda.${index}.title`] = m.fault_item_title();
    if (!(Number.isInteger(row.minutes) && row.minutes >= 1 && row.minutes <= 600))
      found[`agenda.${index}.minutes`] = m.fault_item_minutes();
  });
  return found;
}

/** The request body. Call only when `faults` is empty. */
export function writeOf(draft: Draft): MeetingWrite {
  const main = draft.mainPoint?.id ?? 0;
  const points = { [main]: '', ...draft.points };
  return {
    kind: draft.kind,
    address: draft.address,
    title: draft.title.trim(),
    description: draft.description.trim(),
    unit_id: draft.unit?.id ?? 0,
    starts_at: startsAt(draft).toISOString(),
    ends_at: endsAt(draft).toISOString(),
    days: draft.days.map(({ date, start, end }) => ({
      after: daysBetween(momentAt(draft.date, '12:00'), momentAt(date, '12:00')),
      start,
      end,
    })),
    main_point_id: main,
    chair_id: draft.chair?.id ?? null,
    secretary_id: draft.secretary?.id ?? null,
    agenda: draft.agenda.map((row) => ({
      id: row.id,
      kind: row.kind,
      day: row.day,
      title: row.title.trim(),
      minutes: row.minutes,
      ...presenterOf(row),
    })),
    points: Object.entries(points).map(([id, speaker]) => ({
      point_id: Number(id),
      speaker: speaker.trim(),
    })),
  };
}

function presenterOf({ kind, presenter }: AgendaRow) {
  const named = kind === 'break' ? null : presenter;
  return {
    presenter_id: named?.id ?? null,
    presenter_text: named && named.id === null ? named.label.trim() : '',
  };
}

/** A draft that was kept by an earlier version, with what it did not have yet. */
export const completed = (draft: Draft): Draft => ({
  ...draft,
  days: draft.days ?? [],
  agenda: draft.agenda.map((row) => ({ ...row, kind: row.kind ?? 'item', day: row.day ?? 0 })),
});

/** Its first day, or today its hour, is over: a record of what was held, or a slip of the pen. */
export function isPast(draft: Draft, now: Date): boolean {
  const begins = momentAt(draft.date, draft.start || '23:59');
  return !Number.isNaN(begins.getTime()) && begins < now;
}
