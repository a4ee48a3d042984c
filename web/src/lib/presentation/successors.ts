import type { Meeting } from '#lib/api/types.ts';

export interface Person {
  id: number;
  name: string;
}

/** Who may be handed the presentation: chair, secretary and the agenda's presenters, each once, but not `besides`. */
export function successors(meeting: Meeting, besides: number | null | undefined): Person[] {
  const named: [number | null, string][] = [
    [meeting.chair_id, meeting.chair_name],
    [meeting.secretary_id, meeting.secretary_name],
    ...meeting.agenda.map((item): [number | null, string] => [item.presenter_id, item.presenter_name]),
  ];
  const people = new Map<number, string>();
  for (const [id, name] of named) if (id !== null && id !== besides && !people.has(id)) people.set(id, name);
  return [...people].map(([id, name]) => ({ id, name }));
}
