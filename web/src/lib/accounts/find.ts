import { answer, api } from '#lib/api/client.ts';
import type { Option } from '#lib/ui/Combobox.svelte';

const most = 50;

/**
 * People by name or position, as the server finds them (without diacritics): who is probably meant comes first. `near`:
 * the unit to which they probably belong.
 */
export const peopleFinder =
  (near: () => number | null | undefined) =>
  async (query: string): Promise<Option[]> => {
    const asked = { q: query, near: near() ?? undefined, limit: most };
    const people = await answer(api.GET('/api/people', { params: { query: asked } }));
    return people.map((person) => ({
      id: person.id,
      label: person.full_name,
      detail: [person.title, person.unit_name].filter(Boolean).join(', '),
    }));
  };

/** The same of people who belong where one has a role oneself. */
export const findPeople = peopleFinder(() => null);
