import type { PresentationEntity } from '#lib/live/types.ts';
import { m } from '#lib/paraglide/messages.js';

/** So many halls are named; of more, their number is. */
const named = 4;

/** Says which halls cannot see a paper. */
export function unseenWords(points: readonly string[]): string {
  const first = points.slice(0, named).join(', ');
  const more = points.length - named;
  const names = more > 0 ? m.present_unseen_more({ names: first, count: more }) : first;
  return m.present_unseen({ count: points.length, names });
}

/** Who presents, and whether anybody would turn the page. */
export const shownBy = ({ presenter_name: name, presenter_away: away }: PresentationEntity): string =>
  away ? m.present_away({ name }) : m.present_by({ name });
