import type { ListFigures, MeetingKind, MeetingState } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';
import { number } from '#lib/text/format.ts';

export const kinds: MeetingKind[] = ['hoi-nghi', 'cuoc-hop', 'phien-hop', 'ky-hop', 'dai-hoi'];

/** "Hội nghị", "Kỳ họp" …: the label of a meeting follows its kind. */
export function kindWord(kind: MeetingKind): string {
  const words: Record<MeetingKind, () => string> = {
    'hoi-nghi': m.kind_hoi_nghi,
    'cuoc-hop': m.kind_cuoc_hop,
    'phien-hop': m.kind_phien_hop,
    'ky-hop': m.kind_ky_hop,
    'dai-hoi': m.kind_dai_hoi,
  };
  return words[kind]();
}

/** The same inside a sentence: "hội nghị". */
export function kindInside(kind: MeetingKind): string {
  return kindWord(kind).toLowerCase();
}

/** Chủ tọa at a council session or congress, chủ trì elsewhere. */
export function chairWord(kind: MeetingKind): string {
  return kind === 'ky-hop' || kind === 'dai-hoi' ? m.chair_presiding() : m.chair();
}

export function stateWord(state: MeetingState): string {
  const words: Record<MeetingState, () => string> = {
    draft: m.meeting_draft,
    invited: m.meeting_invited,
    postponed: m.meeting_postponed,
    cancelled: m.meeting_cancelled,
    open: m.meeting_open,
    running: m.meeting_running,
    ended: m.meeting_ended,
  };
  return words[state]();
}

/** "161 điểm cầu" */
export function pointsCount(count: number): string {
  return m.points_count({ count: number(count) });
}

/** "5 nội dung" */
export function itemsCount(count: number): string {
  return m.items_count({ count: number(count) });
}

/** "ở 153 điểm cầu và trực tuyến": where the people of a list are; empty where there are none. */
export function whereWords({ listed_points, online }: ListFigures): string {
  if (listed_points === 0) return online > 0 ? m.lists_online() : '';
  const points = pointsCount(listed_points);
  return online > 0 ? m.lists_points_online({ points }) : m.lists_points({ points });
}
