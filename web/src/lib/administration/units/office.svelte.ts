import { getContext, setContext } from 'svelte';
import { session } from '#lib/accounts/session.svelte.ts';
import { Resource } from '#lib/api/resource.svelte.ts';
import type { Point, Tree, Unit } from '#lib/api/types.ts';
import { grouped, sorted } from '#lib/lists.ts';
import { inOrder, lineage, unitsByParent } from '#lib/organisations/tree.ts';
import { fits } from '#lib/text/fold.ts';
import type { Option } from '#lib/ui/Combobox.svelte';
import { dateOf } from '#lib/text/zone.ts';
import { unitsApi } from './calls.ts';

/** The tree of units as an administrator keeps it: also what is closed. One for all pages of its part. */
export class UnitsOffice {
  readonly tree = new Resource<Tree>(unitsApi.tree);
  showClosed = $state(false);
  readonly today = dateOf(new Date());

  readonly byId = $derived(new Map(this.#units().map((unit) => [unit.id, unit])));
  readonly #below = $derived(unitsByParent(this.#units()));
  readonly #points = $derived(
    grouped(sorted(this.tree.data?.points ?? [], inOrder), (point) => point.unit_id),
  );

  #units(): Unit[] {
    return this.tree.data?.units ?? [];
  }

  isOver = (unit: Unit): boolean => unit.valid_until !== null && unit.valid_until < this.today;

  /** Units directly below; null: the topmost that one sees. */
  below(unit_id: number | null): Unit[] {
    return (this.#below.get(unit_id) ?? []).filter((unit) => this.showClosed || !this.isOver(unit));
  }

  points(unit_id: number): Point[] {
    return (this.#points.get(unit_id) ?? []).filter((point) => this.showClosed || point.closed_at === null);
  }

  /** From the top down, the unit itself last. */
  lineage = (unit: Unit): Unit[] => lineage(unit, this.byId);

  /** "Tỉnh Lâm Đồng, Huyện Lạc Dương": where a unit is. */
  within = (unit: Unit): string =>
    this.lineage(unit)
      .slice(0, -1)
      .map((above) => above.name)
      .join(', ');

  /** Units whose name, code or point fits. */
  found(query: string): { unit: Unit; point?: Point }[] {
    return this.#units()
      .filter((unit) => this.showClosed || !this.isOver(unit))
      .flatMap((unit) => {
        if (fits([unit.name, unit.code, unit.former_code].filter(Boolean).join(' '), query))
          return [{ unit }];
        const point = this.points(unit.id).find(({ name }) => fits(name, query));
        return point ? [{ unit, point }] : [];
      });
  }

  /** For a Combobox. `but`: a unit that is no answer, with all below it. */
  choose =
    (but?: Unit) =>
    (query: string): Option[] =>
      this.#units()
        .filter((unit) => unit.valid_until === null && !(but && unit.path.startsWith(but.path)))
        .filter((unit) => fits(unit.name, query))
        .slice(0, 50)
        .map((unit) => this.option(unit));

  /** For a Combobox: those alone that one administers. */
  chooseOwn = (query: string): Option[] => {
    const own = new Set(
      session.me?.roles.filter(({ role }) => role === 'admin').map(({ unit_id }) => unit_id),
    );
    const paths = this.#units()
      .filter(({ id }) => own.has(id))
      .map(({ path }) => path);
    return this.#units()
      .filter((unit) => !this.isOver(unit) && paths.some((path) => unit.path.startsWith(path)))
      .filter((unit) => fits(unit.name, query))
      .slice(0, 50)
      .map((unit) => this.option(unit));
  };

  option = (unit: Unit): Option => ({ id: unit.id, label: unit.name, detail: this.within(unit) });
}

const context = Symbol('units');
export const provideUnits = (): UnitsOffice => setContext(context, new UnitsOffice());
export const useUnits = (): UnitsOffice => getContext<UnitsOffice>(context);
