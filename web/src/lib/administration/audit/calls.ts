import { answer, api } from '#lib/api/client.ts';
import type { components, paths } from '#lib/api/schema.ts';
import { day } from '#lib/text/format.ts';
import type { Option } from '#lib/ui/Combobox.svelte';
import { momentAt } from '#lib/text/zone.ts';

type Schemas = components['schemas'];
export type Entry = Schemas['AuditOut'];
export type EntryPage = Schemas['AuditPage'];
export type ChainState = Schemas['ChainState'];
export type Group = Entry['group'];
type Query = NonNullable<paths['/api/audit']['get']['parameters']['query']>;

/** What the page shows, as its address says it. */
export interface Filter {
  person?: number;
  unit?: number;
  meeting?: number;
  group?: Group;
  /** Days, "2026-11-25", both included. */
  from?: string;
  to?: string;
}

const isDay = (text: string | null): text is string => /^\d{4}-\d\d-\d\d$/.test(text ?? '');

export function filterOf(params: Pick<URLSearchParams, 'get'>): Filter {
  const number = (name: string) => Number(params.get(name)) || undefined;
  const [from, to, group] = [params.get('from'), params.get('to'), params.get('group')];
  return {
    person: number('person'),
    unit: number('unit'),
    meeting: number('meeting'),
    group: (group as Group | null) ?? undefined,
    from: isDay(from) ? from : undefined,
    to: isDay(to) ? to : undefined,
  };
}

/** "?person=7&group=papers"; empty without a filter. */
export function searchOf(filter: Filter): string {
  const set = Object.entries(filter).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(set.map(([name, value]) => [name, String(value)])).toString();
  return query && `?${query}`;
}

export function queryOf({ person, unit, meeting, group, from, to }: Filter): Query {
  const query: Query = {};
  if (person) query.person_id = person;
  if (unit) query.unit_id = unit;
  if (meeting) query.meeting_id = meeting;
  if (group) query.group = group;
  if (from) query.since = momentAt(from, '00:00').toISOString();
  if (to) query.until = new Date(momentAt(to, '00:00').getTime() + 86_400_000).toISOString();
  return query;
}

export const auditApi = {
  page: (filter: Filter, before?: number, signal?: AbortSignal) =>
    answer(
      api.GET('/api/audit', {
        params: { query: { ...queryOf(filter), ...(before ? { before } : {}) } },
        ...(signal ? { signal } : {}),
      }),
    ),
  /** Meetings by words of their title, the newest first. */
  findMeetings: async (q: string): Promise<Option[]> => {
    const found = await answer(api.GET('/api/meetings', { params: { query: { q, limit: 50 } } }));
    return found.map(({ id, title, starts_at }) => ({ id, label: title, detail: day(starts_at) }));
  },
  /** Where a file of it is. */
  file: (filter: Filter, form: 'xlsx' | 'csv') => {
    const pairs = Object.entries(queryOf(filter)).map(([name, value]) => [name, String(value)]);
    const query = new URLSearchParams(pairs).toString();
    return `/api/audit.${form}${query && `?${query}`}`;
  },
  chain: (signal?: AbortSignal) => answer(api.GET('/api/audit/chain', signal ? { signal } : {})),
  check: () => answer(api.POST('/api/audit/chain')),
};
