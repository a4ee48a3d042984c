import type { Me } from '#lib/api/types.ts';

/** Pages that are fetched ahead for who uses this device, as `precache.js` knows them. */
export type Group = 'hall' | 'papers' | 'attendance' | 'desk' | 'english';

const ofRole: Record<string, Group[]> = {
  admin: ['desk'],
  organiser: ['desk'],
  operator: ['desk'],
  'hall-secretary': ['attendance'],
  technician: ['hall'],
};

/** A hall's machine has its own screens; everybody reads papers; whoever plans or operates has the desk's pages too. */
export function groupsOf(me: Pick<Me, 'person_id' | 'roles' | 'can_plan'>, language: string): Group[] {
  const own: Group[] =
    me.person_id === null
      ? ['hall']
      : [
          'papers',
          ...me.roles.flatMap(({ role }) => ofRole[role] ?? []),
          ...(me.can_plan ? ['desk' as const] : []),
        ];
  return [...new Set([...own, ...(language === 'en' ? ['english' as const] : [])])].sort();
}
