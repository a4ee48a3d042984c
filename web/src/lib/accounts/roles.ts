import type { Me } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';

/** "admin" → "Quản trị"; roles unknown here are shown as they are. */
export function roleWord(role: string): string {
  const words: Record<string, () => string> = {
    admin: m.role_admin,
    organiser: m.role_organiser,
    operator: m.role_operator,
    technician: m.role_technician,
    'hall-secretary': m.role_hall_secretary,
    delegate: m.role_delegate,
  };
  return words[role]?.() ?? role;
}

/** The units for which this person may plan meetings: those of the organiser's and administrator's roles. */
export function plannedUnits(me: Me): number[] {
  return me.roles
    .filter(({ role }) => role === 'organiser' || role === 'admin')
    .map(({ unit_id }) => unit_id);
}
