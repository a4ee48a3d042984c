import type { PointEntity, StageEntity } from '#lib/live/types.ts';
import { m } from '#lib/paraglide/messages.js';
import { stateWord, type PointState } from '#lib/ui/StateMark.svelte';
import { flawsOf } from './flaws.ts';

/** On air = holds the floor or is on the stage. */
export const onAir = (point: PointEntity, stage: StageEntity | undefined): boolean =>
  point.floor || stage?.stage?.point_id === point.id;

/**
 * What of a point goes out to everybody: its picture (it is on the stage) and its sound (it has the floor) are two things,
 * and each of them only as far as its devices and its line give it.
 */
export function goesOut(
  point: PointEntity,
  stage: StageEntity | undefined,
): 'both' | 'sound' | 'picture' | 'nothing' {
  const flaws = flawsOf(point);
  const line = !flaws.includes('media');
  const sound = point.floor && line && !flaws.includes('microphone');
  const picture = stage?.stage?.point_id === point.id && line && !flaws.includes('camera');
  return sound ? (picture ? 'both' : 'sound') : picture ? 'picture' : 'nothing';
}

/** The state's word, for who is on air with what of it goes out. */
export function standingWord(point: PointEntity, stage: StageEntity | undefined, ended = false): string {
  const state = standing(point, stage, ended);
  if (state !== 'on-air' && state !== 'shown') return stateWord(state);
  const words = {
    both: m.state_on_air,
    sound: m.state_heard_only,
    picture: m.state_shown,
    nothing: m.state_air_nothing,
  };
  return words[goesOut(point, stage)]();
}

/**
 * The one state of a point that its colour shows; what matters most comes first. After the end only one thing is left to
 * say: whether it was there.
 */
export function standing(point: PointEntity, stage: StageEntity | undefined, ended = false): PointState {
  if (ended) return point.attended ? 'attended' : 'missed';
  if (point.presence === 'lost') return 'lost';
  if (point.presence === 'absent') return 'absent';
  if (point.floor) return 'on-air';
  if (onAir(point, stage)) return 'shown';
  if (point.hand_at) return 'hand';
  if (point.weak) return 'weak';
  return point.presence;
}

/** Since when it stands so. Nothing for who is not here, or is on the stage without the floor. */
export function standingSince(point: PointEntity, stage: StageEntity | undefined): string | undefined {
  const state = standing(point, stage);
  if (state === 'absent') return undefined;
  if (state === 'shown') return undefined;
  if (state === 'on-air') return stage?.floor.find(({ point_id }) => point_id === point.id)?.since;
  return (state === 'hand' && point.hand_at) || point.since;
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
