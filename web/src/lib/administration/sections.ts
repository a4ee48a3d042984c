import type { Me } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';
import { paths } from '#lib/paths.ts';

/** A part of administration, with a tab of its own. */
export interface Section {
  path: string;
  word: () => string;
  /** The whole system's, of who administers all of it; the others show each administrator their branch. */
  system?: boolean;
}

/** In the order of the tabs. The first that one may see is where administration opens. */
const sections: Section[] = [
  { path: paths.units, word: m.units_title },
  { path: paths.people, word: m.people_section },
  { path: paths.devices, word: m.hall_devices_title },
  { path: paths.exchange(), word: m.exchange_title },
  { path: paths.system, word: m.system_title, system: true },
  { path: paths.audit, word: m.audit_tab },
];

export const sectionsOf = (me: Me | undefined): Section[] =>
  sections.filter(({ system }) => me?.administers && (me.keeps_system || !system));

/** Whether a page belongs to this section. */
export const within = (section: Section, pathname: string): boolean =>
  pathname === section.path || pathname.startsWith(`${section.path}/`);
