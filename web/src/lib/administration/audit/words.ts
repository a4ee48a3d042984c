import { m } from '#lib/paraglide/messages.js';
import type { Entry, Group } from './calls.ts';

export const groupWords: Record<Group, () => string> = {
  'sign-in': m.audit_group_sign_in,
  people: m.audit_group_people,
  units: m.audit_group_units,
  meetings: m.audit_group_meetings,
  delegates: m.audit_group_delegates,
  papers: m.audit_group_papers,
  conference: m.audit_group_conference,
  attendance: m.audit_group_attendance,
  system: m.audit_group_system,
};

const kinds: Record<string, (said: { id: string }) => string> = {
  person: m.audit_kind_person,
  point: m.audit_kind_point,
  unit: m.audit_kind_unit,
  meeting: m.audit_kind_meeting,
  paper: m.audit_kind_paper,
  ballot: m.audit_kind_ballot,
  delegate: m.audit_kind_delegate,
  session: m.audit_kind_session,
  link: m.audit_kind_link,
  route: m.audit_kind_route,
};

/** On what something was done: by name, else by kind and number. */
export function subjectWord(entry: Entry): string {
  if (entry.subject_name) return entry.subject_name;
  if (entry.subject_type === 'audit' || entry.subject_type === 'demo') return '';
  const id = entry.subject_id;
  return kinds[entry.subject_type]?.({ id }) ?? m.audit_kind_other({ kind: entry.subject_type, id });
}

export function whoWord(entry: Entry): string {
  if (entry.actor_name === 'system') return m.audit_by_system();
  return entry.actor_name || m.audit_by_nobody();
}

const facts: Record<string, () => string> = {
  name: m.fact_name,
  full_name: m.fact_full_name,
  title: m.fact_title,
  reason: m.fact_reason,
  why: m.fact_why,
  count: m.fact_count,
  deleted: m.fact_deleted,
  times: m.fact_times,
  code: m.fact_code,
  version: m.fact_version,
  page: m.fact_page,
  pages: m.fact_pages,
  form: m.fact_form,
  file_name: m.fact_file_name,
  changed: m.fact_changed,
  points: m.fact_points,
  delegates: m.fact_delegates,
  email: m.fact_email,
  phone: m.fact_phone,
  login: m.fact_login,
  password: m.fact_password,
  disabled: m.fact_disabled,
  added: m.fact_added,
  removed: m.fact_removed,
  unit_id: m.fact_unit_id,
  person_id: m.fact_person_id,
  point_id: m.fact_point_id,
  link_id: m.fact_link_id,
  meeting_id: m.fact_meeting_id,
  meeting: m.fact_meeting_id,
  address: m.fact_address,
  filter: m.fact_filter,
  problem: m.fact_problem,
  replaced: m.fact_replaced,
  present: m.fact_present,
  ready: m.fact_ready,
  topic: m.fact_topic,
};

function valueWord(value: unknown): string {
  if (typeof value === 'boolean') return value ? m.audit_yes() : m.audit_no();
  if (Array.isArray(value)) return value.map(valueWord).join(', ');
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return String(value);
}

/** What an entry says beside its sentence: what is known by a word first, the rest under its own name. */
export function factWords(entry: Entry): { key: string; name: string; value: string }[] {
  return Object.entries(entry.facts)
    .filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0))
    .map(([key, value]) => ({ key, name: facts[key]?.() ?? key, value: valueWord(value) }));
}
