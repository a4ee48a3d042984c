import { ticked, type Branch } from '#lib/organisations/tree.ts';
import type { Audience, AudienceRole, Policy, PolicyWrite } from './types.ts';

/** Who may read, as it is chosen on screen. Branches and points are one set of ticked points. */
export interface Choice {
  /** "all": every member of the meeting; "some": those chosen below; "none": hidden, managers only. */
  who: 'all' | 'some' | 'none';
  points: ReadonlySet<number>;
  roles: ReadonlySet<AudienceRole>;
  people: { id: number; label: string }[];
  /** Named elsewhere and not on this meeting's tree: kept as they are. */
  others: Audience[];
  opensAt: string | null;
  download: boolean;
  /** Copies are pictures with the reader's name burnt in. */
  marked: boolean;
}

export const audienceRoles: AudienceRole[] = ['chair', 'secretary', 'presenter', 'delegate', 'guest', 'hall'];

/** The choice that a policy stands for; without any, everybody reads and nobody downloads. */
export function choiceOf(policy: PolicyWrite | Policy | null, tree: readonly Branch[]): Choice {
  const { hidden = false, opens_at = null, download = false, marked = false, audience = [] } = policy ?? {};
  const branches = new Map(flat(tree).map((branch) => [branch.unit.id, branch]));
  const all = new Set(tree.flatMap((branch) => branch.all));
  const points = new Set<number>();
  const roles = new Set<AudienceRole>();
  const people: Choice['people'] = [];
  const others: Audience[] = [];
  for (const entry of audience) {
    if (entry.kind === 'role') {
      if (entry.role) roles.add(entry.role);
      continue;
    }
    const { kind, id } = entry;
    if (id === null || id === undefined) continue;
    const branch = kind === 'unit' ? branches.get(id) : undefined;
    if (branch) for (const point of branch.all) points.add(point);
    else if (kind === 'point' && all.has(id)) points.add(id);
    else if (kind === 'person') people.push({ id, label: 'name' in entry ? (entry.name ?? '') : '' });
    else others.push({ kind, id });
  }
  const who = hidden ? 'none' : audience.length > 0 ? 'some' : 'all';
  return { who, points, roles, people, others, opensAt: opens_at, download, marked };
}

/** The policy to write. Whole branches are named as units, so that a point added to one later is included. */
export function policyOf(choice: Choice, tree: readonly Branch[]): PolicyWrite {
  const audience: Audience[] =
    choice.who === 'some'
      ? [
          ...covered(tree, choice.points),
          ...[...choice.roles].map((role): Audience => ({ kind: 'role', role })),
          ...choice.people.map(({ id }): Audience => ({ kind: 'person', id })),
          ...choice.others,
        ]
      : [];
  return {
    hidden: choice.who === 'none',
    opens_at: choice.who === 'none' ? null : choice.opensAt,
    download: choice.download,
    marked: choice.marked,
    audience,
  };
}

/** The fewest branches and points that make up the ticked points. */
export function covered(tree: readonly Branch[], points: ReadonlySet<number>): Audience[] {
  return tree.flatMap((branch): Audience[] => {
    const state = ticked(branch, points);
    if (state === 'none') return [];
    if (state === 'all') return [{ kind: 'unit', id: branch.unit.id }];
    return [
      ...branch.points.filter(({ id }) => points.has(id)).map(({ id }): Audience => ({ kind: 'point', id })),
      ...covered(branch.children, points),
    ];
  });
}

/** Whether "some" is chosen but nobody is named: that would be everybody for the server, and nobody for the reader. */
export const nobody = (choice: Choice): boolean =>
  choice.who === 'some' &&
  choice.points.size + choice.roles.size + choice.people.length + choice.others.length === 0;

export const flat = (tree: readonly Branch[]): Branch[] =>
  tree.flatMap((branch) => [branch, ...flat(branch.children)]);
