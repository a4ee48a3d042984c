import type { Me } from '#lib/api/types.ts';
import { sectionsOf } from '#lib/administration/sections.ts';
import { paths } from '#lib/paths.ts';

/** Where roles are given: the page of people if administration has one, else administration itself. */
export const toPeople = (me: Me | undefined): string =>
  sectionsOf(me).some(({ path }) => path === paths.people) ? paths.people : paths.administration;
