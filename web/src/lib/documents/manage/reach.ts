import { pointsCount } from '#lib/meetings/words.ts';
import { m } from '#lib/paraglide/messages.js';
import { number } from '#lib/text/format.ts';
import { type Choice, nobody, reach } from './rights.ts';
import type { Audience, AudienceRole, PolicyWrite } from './types.ts';
import { moment } from './words.ts';

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

const lower = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

/** "a, b và c" */
export function listed(names: readonly string[]): string {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} ${m.papers_reach_list()} ${names.at(-1)}`;
}

/** The sentence that says who will be able to read, before it is saved. */
export function reachWords(choice: Choice, expected: ReadonlyMap<number, number>): string {
  if (choice.who === 'none') return m.papers_reach_none();
  if (nobody(choice)) return m.papers_reach_nobody();
  const { people, points } = reach(choice, expected);
  const places = m.papers_reach_places({
    people: m.papers_people_count({ count: number(people) }),
    points: pointsCount(points),
  });
  const more = [
    ...[...choice.roles].map((role) => lower(roleWord(role))),
    ...(choice.people.length > 0 ? [m.papers_reach_named({ count: number(choice.people.length) })] : []),
  ];
  const text =
    choice.who === 'all'
      ? m.papers_reach_all({
          people: m.papers_people_count({ count: number(people) }),
          points: pointsCount(points),
        })
      : points === 0
        ? m.papers_reach_more_only({ more: listed(more) })
        : more.length > 0
          ? m.papers_reach_with({ base: places, more: listed(more) })
          : m.papers_reach_all({
              people: m.papers_people_count({ count: number(people) }),
              points: pointsCount(points),
            });
  return choice.opensAt ? `${m.papers_reach_from({ at: moment(choice.opensAt) })} ${text}` : text;
}

/** A policy in a few words: "riêng Huyện Lạc Dương và 2 mục khác, mở lúc 07:30 …". */
export function ruleWords(policy: PolicyWrite, nameOf: (entry: Audience) => string): string {
  if (policy.hidden) return m.papers_rule_hidden();
  const names = policy.audience.map((entry) => entry.name || nameOf(entry)).filter(Boolean);
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
    policy.download ? m.papers_rule_download() : '',
  ]
    .filter(Boolean)
    .join(', ');
}
