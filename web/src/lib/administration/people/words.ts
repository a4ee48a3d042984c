import { m } from '#lib/paraglide/messages.js';
import { shownDate } from '#lib/text/typed.ts';
import type { DirectoryPerson, PersonFull, Role, RoleAllows } from './calls.ts';

export const roles: Role[] = ['admin', 'organiser', 'operator', 'technician', 'hall-secretary', 'delegate'];

/** What a role is there for, in a sentence. */
export function allowsWord(role: Role): string {
  const words: Record<Role, () => string> = {
    admin: m.people_allows_admin,
    organiser: m.people_allows_organiser,
    operator: m.people_allows_operator,
    technician: m.people_allows_technician,
    'hall-secretary': m.people_allows_hall_secretary,
    delegate: m.people_allows_delegate,
  };
  return words[role]();
}

/** What one may do in a meeting, as the server's table names it. */
export function capabilityWord(capability: RoleAllows['capabilities'][number]): string {
  const words: Record<typeof capability, () => string> = {
    view: m.people_can_view,
    attend: m.people_can_attend,
    'read-all': m.people_can_read_all,
    'manage-papers': m.people_can_manage_papers,
    'keep-lists': m.people_can_keep_lists,
    present: m.people_can_present,
    oversee: m.people_can_oversee,
    direct: m.people_can_direct,
    conduct: m.people_can_conduct,
    operate: m.people_can_operate,
    organise: m.people_can_organise,
  };
  return words[capability]();
}

export function stateWord(state: DirectoryPerson['state']): string {
  const words = {
    active: m.people_state_active,
    locked: m.people_state_locked,
    dormant: m.people_state_dormant,
    never: m.people_state_never,
  };
  return words[state]();
}

type Post = PersonFull['posts'][number];

/** "từ 01/10/2025, đến hết 30/06/2026": when a position is held; "" where no day is known. */
export const postDays = (post: Post): string =>
  [
    post.valid_from && m.people_post_since({ day: shownDate(post.valid_from) }),
    post.valid_until && m.people_post_until_day({ day: shownDate(post.valid_until) }),
  ]
    .filter(Boolean)
    .join(', ');

/** "Bí thư Đảng ủy, Xã Lát (từ 01/10/2025)". */
export function postWord(post: Post): string {
  const days = postDays(post);
  return `${post.title}, ${post.unit_name}${days && ` (${days})`}`;
}

/** "Bí thư Đảng ủy xã, Xã Đạ Sar". */
export const postAndUnit = (of: { title: string; unit_name: string }): string =>
  [of.title, of.unit_name].filter(Boolean).join(', ');
