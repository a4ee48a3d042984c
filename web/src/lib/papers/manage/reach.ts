import { pointsCount, whereWords } from '#lib/meetings/words.ts';
import { m } from '#lib/paraglide/messages.js';
import { moment, number } from '#lib/text/format.ts';
import type { AudienceRole, Policy, Readers } from './types.ts';

export function roleWord(role: string): string {
  const words: Record<AudienceRole, () => string> = {
    chair: m.papers_role_chair,
    secretary: m.papers_role_secretary,
    presenter: m.papers_role_presenter,
    delegate: m.papers_role_delegate,
    guest: m.papers_role_guest,
    hall: m.papers_role_hall,
    organiser: m.papers_role_organiser,
  };
  return words[role as AudienceRole]?.() ?? role;
}

/** "a, b và c" */
export function listed(names: readonly string[]): string {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} ${m.papers_reach_list()} ${names.at(-1)}`;
}

/** The sentence that says who will be able to read, before it is saved. */
export function reachWords(readers: Readers, opensAt: string | null): string {
  const people = m.papers_people_count({ count: number(readers.lists.people) });
  const text =
    readers.lists.people > 0
      ? m.papers_reach_all({ people, where: whereWords(readers.lists) })
      : readers.halls > 0
        ? m.papers_reach_halls({ points: pointsCount(readers.halls) })
        : m.papers_reach_no_delegate();
  return opensAt ? `${m.papers_reach_from({ at: moment(opensAt) })} ${text}` : text;
}

/** A policy in a few words: "riêng Huyện Lạc Dương và 2 mục khác, mở lúc 07:30 …". */
export function ruleWords(policy: Omit<Policy, 'own' | 'revision'>): string {
  if (policy.hidden) return m.papers_rule_hidden();
  const names = policy.audience.map(({ name, role }) => name || (role ? roleWord(role) : '')).filter(Boolean);
  const [first = ''] = names;
  const who =
    policy.audience.length === 0
      ? m.papers_rule_all()
      : m.papers_rule_some({
          names: names.length > 2 ? m.papers_rule_more({ first, count: names.length - 1 }) : listed(names),
        });
  return [
    who,
    policy.opens_at ? m.papers_rule_locked({ at: moment(policy.opens_at) }) : '',
    policy.download ? (policy.marked ? m.papers_rule_marked() : m.papers_rule_download()) : '',
  ]
    .filter(Boolean)
    .join(', ');
}
