import { answer, api } from '#lib/api/client.ts';
import type { Tree } from '#lib/api/types.ts';
import { unitsBelow } from '#lib/organisations/tree.ts';
import { fits } from '#lib/text/fold.ts';
import type { Choice } from './draft.ts';

const most = 50;

/**
 * People by name or position, as the server finds them (without diacritics): who is probably meant comes first. `near`:
 * the unit to which they probably belong.
 */
export const peopleFinder =
  (near: () => number | null | undefined) =>
  async (query: string): Promise<Choice[]> => {
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

/** Search over the units one may plan for. */
export function unitFinder(tree: Tree, planned: readonly number[]): (query: string) => Choice[] {
  const all = unitsBelow(tree.units, planned).map(({ unit, within }) => ({
    id: unit.id,
    label: unit.name,
    detail: within,
  }));
  return (query) => all.filter(({ label }) => fits(label, query)).slice(0, most);
}

/** Search over bridge points; those of the meeting's own unit come first. */
export function pointFinder(tree: Tree, unit: () => number | null | undefined): (query: string) => Choice[] {
  const names = new Map(tree.units.map((each) => [each.id, each.name]));
  return (query) => {
    const own = unit();
    return tree.points
      .filter((point) => fits(`${point.name} ${names.get(point.unit_id) ?? ''}`, query))
      .sort((a, b) => Number(b.unit_id === own) - Number(a.unit_id === own))
      .slice(0, most)
      .map((point) => ({ id: point.id, label: point.name, detail: names.get(point.unit_id) }));
  };
}
