import type { Meeting, Tree } from '#lib/api/types.ts';
import { dateOf, daysBetween, momentAt, onTheWall, timeOf } from '#lib/text/zone.ts';
import { addDays } from '../calendar/days.ts';
import { type AgendaRow, type Draft, draftOf, emptyDraft, length, newRow } from '../draft.ts';
import type { Template, TemplatePlan } from './calls.ts';

const DAY_MS = 86_400_000;

/** What of an earlier meeting is taken over. */
export interface Copied {
  agenda: boolean;
  points: boolean;
  leaders: boolean;
  /** The lists of delegates, once the new meeting is saved. */
  lists: boolean;
}

/** A new meeting like an earlier one: at the same hour, on the next day of the same weekday. */
export function copyOf(meeting: Meeting, what: Copied, people: number, now = new Date()): Draft {
  const was = draftOf(meeting);
  const empty = emptyDraft(was.unit, now);
  const weekday = onTheWall(meeting.starts_at).weekday;
  let next = now.getTime() + DAY_MS;
  while (onTheWall(next).weekday !== weekday) next += DAY_MS;
  return {
    ...was,
    ...span(dateOf(next), was.start, length(was)),
    days: was.days.map((each) => ({ ...each, date: addDays(dateOf(next), apart(was.date, each.date)) })),
    agenda: what.agenda ? was.agenda.map(anew) : empty.agenda,
    points: what.points ? was.points : {},
    chair: what.leaders ? was.chair : null,
    secretary: what.leaders ? was.secretary : null,
    listsFrom: what.lists && people > 0 ? { id: meeting.id, label: meeting.title, people } : null,
  };
}

const apart = (from: string, to: string) => daysBetween(momentAt(from, '12:00'), momentAt(to, '12:00'));

const anew = (row: AgendaRow): AgendaRow => ({ ...row, key: newRow().key, id: null });

/** Days and hours of a meeting that begins then and lasts so many minutes. */
export function span(date: string, start: string, minutes: number) {
  const ends = new Date(momentAt(date, start).getTime() + minutes * 60_000);
  return { date, start, endDate: dateOf(ends), end: timeOf(ends) };
}

/** A new meeting by a template, on the next working day. */
export function draftFrom(template: Template, tree: Tree, now = new Date()): Draft {
  const { plan, people } = template;
  const point = tree.points.find(({ id }) => id === plan.main_point_id);
  const person = (id: number | null | undefined) => (id ? { id, label: people[id] ?? '' } : null);
  const empty = emptyDraft({ id: template.unit_id, label: template.unit_name }, now);
  return {
    ...empty,
    ...span(empty.date, plan.start, plan.minutes),
    days: (plan.days ?? []).map(({ after, start, end }) => ({
      date: addDays(empty.date, after),
      start,
      end,
    })),
    kind: plan.kind,
    address: plan.address ?? '',
    title: titled(plan.title, empty.date),
    description: plan.description ?? '',
    mainPoint: point ? { id: point.id, label: point.name } : null,
    chair: person(plan.chair_id),
    secretary: person(plan.secretary_id),
    agenda: (plan.agenda ?? []).map((item) => ({
      ...newRow(item.minutes),
      kind: item.kind ?? 'item',
      day: item.day ?? 0,
      title: item.title,
      presenter:
        person(item.presenter_id) ?? (item.presenter_text ? { id: null, label: item.presenter_text } : null),
    })),
    points: Object.fromEntries((plan.points ?? []).map(({ point_id, speaker }) => [point_id, speaker ?? ''])),
  };
}

/** What a template keeps of a meeting: all but its day. */
export function planOf(meeting: Meeting, title: string): TemplatePlan {
  const draft = draftOf(meeting);
  return {
    kind: meeting.kind,
    address: meeting.address,
    title,
    description: meeting.description,
    start: draft.start,
    minutes: Math.max(1, length(draft)),
    days: meeting.days,
    main_point_id: meeting.main_point_id,
    chair_id: meeting.chair_id,
    secretary_id: meeting.secretary_id,
    agenda: meeting.agenda.map(({ kind, day, title: named, minutes, presenter_id, presenter_text }) => ({
      kind,
      day,
      title: named,
      minutes,
      presenter_id,
      presenter_text,
    })),
    points: meeting.points.map(({ point_id, speaker }) => ({ point_id, speaker })),
  };
}

/** "Giao ban tuần {tuần}" on that day: "Giao ban tuần 48". Weeks are those of ISO 8601. */
export function titled(pattern: string, date: string): string {
  const { year, month, day } = onTheWall(momentAt(date, '12:00'));
  const values: Record<string, string> = {
    ngày: `${day}/${month}/${year}`,
    tuần: String(weekOf(date)),
    tháng: String(month),
    quý: ['I', 'II', 'III', 'IV'][Math.floor((month - 1) / 3)]!,
    năm: String(year),
  };
  return pattern.replace(/\{([^{}]+)\}/gu, (whole, name: string) => values[name.normalize('NFC')] ?? whole);
}

function weekOf(date: string): number {
  const thursday = new Date(`${date}T00:00:00Z`);
  // The week belongs to the year of its Thursday (ISO 8601).
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  return Math.ceil(((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / DAY_MS + 1) / 7);
}
