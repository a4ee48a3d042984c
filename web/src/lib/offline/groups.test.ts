import { describe, expect, it } from 'vitest';
import { groupsOf } from './groups.ts';

const role = (name: string) => ({ role: name, unit_id: 1, unit_name: '' });

describe('pages that are fetched ahead', () => {
  it.each([
    ['a hall', { person_id: null, roles: [], can_plan: false }, ['hall']],
    ['a delegate', { person_id: 1, roles: [role('delegate')], can_plan: false }, ['papers']],
    ['an organiser', { person_id: 1, roles: [role('organiser')], can_plan: true }, ['desk', 'papers']],
    ['a technician', { person_id: 1, roles: [role('technician')], can_plan: false }, ['hall', 'papers']],
    [
      'a hall’s secretary',
      { person_id: 1, roles: [role('hall-secretary')], can_plan: false },
      ['attendance', 'papers'],
    ],
  ])('are those of %s', (_, me, groups) => {
    expect(groupsOf(me as never, 'vi')).toEqual(groups);
    expect(groupsOf(me as never, 'en')).toEqual([...groups, 'english'].sort());
  });
});
