import { answer, api } from '#lib/api/client.ts';
import type { Option } from '#lib/ui/Combobox.svelte';

const most = 50;

/** People by name, title or unit, as the server finds them (without diacritics). */
export async function findPeople(query: string): Promise<Option[]> {
  const people = await answer(api.GET('/api/people', { params: { query: { q: query } } }));
  return people.slice(0, most).map((person) => ({
    id: person.id,
    label: person.full_name,
    detail: [person.title, person.unit_name].filter(Boolean).join(', '),
  }));
}
