import type { PointEntity, StageEntity } from '#lib/live/types.ts';
import type { PointState } from '#lib/ui/StateMark.svelte';

/** On air = holds the floor or is on the stage. */
export const onAir = (point: PointEntity, stage: StageEntity | undefined): boolean =>
  point.floor || stage?.stage?.point_id === point.id;

/** The one state of a point that its colour shows; what matters most comes first. */
export function standing(point: PointEntity, stage: StageEntity | undefined): PointState {
  if (point.presence === 'lost') return 'lost';
  if (point.presence === 'absent') return 'absent';
  if (onAir(point, stage)) return 'on-air';
  if (point.hand_at) return 'hand';
  if (point.weak) return 'weak';
  return point.presence;
}

/** Since when it stands so. Nothing for who is not here, or is on the stage without the floor. */
export function standingSince(point: PointEntity, stage: StageEntity | undefined): string | undefined {
  const state = standing(point, stage);
  if (state === 'absent') return undefined;
  if (state === 'on-air') return stage?.floor.find(({ point_id }) => point_id === point.id)?.since;
  return (state === 'hand' && point.hand_at) || point.since;
}

/** Points that ask to speak, the first to ask first. */
export function hands(points: Iterable<PointEntity>): PointEntity[] {
  return [...points]
    .filter(({ hand_at }) => hand_at !== null)
    .sort((a, b) => (a.hand_at ?? '').localeCompare(b.hand_at ?? '') || a.id - b.id);
}

/** What an operator should look at: lost points, longest gone first; then weak ones. */
export function troubles(points: Iterable<PointEntity>): { lost: PointEntity[]; weak: PointEntity[] } {
  const all = [...points];
  const bySince = (a: PointEntity, b: PointEntity) => a.since.localeCompare(b.since);
  return {
    lost: all.filter(({ presence }) => presence === 'lost').sort(bySince),
    weak: all.filter(({ presence, weak }) => weak && presence !== 'lost' && presence !== 'absent'),
  };
}

/** A person's name and phone in one text ("Nguyễn Văn An, 0912 345 678") -> the number to dial, if there is one. */
export function phoneOf(contact: string): string | undefined {
  const number = contact.match(/\+?\d[\d .]{7,}\d/)?.[0];
  return number?.replace(/[ .]/g, '');
}
