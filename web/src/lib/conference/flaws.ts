import type { PointEntity } from '#lib/live/types.ts';
import { m } from '#lib/paraglide/messages.js';

/** What keeps a point that is in the room from being seen or heard, the gravest first. */
export type Flaw = 'control' | 'media' | 'microphone' | 'camera';

type Point = Pick<PointEntity, 'presence' | 'media' | 'microphone' | 'camera' | 'floor'>;

/** A device the hall's page has said nothing of yet is no flaw. */
const missing = (device: Point['microphone']) => device !== 'ok' && device !== 'unknown';

export function flawsOf(point: Point): Flaw[] {
  // Its page does not answer, but what it sends still arrives: people there believe they are cut off.
  if (point.presence === 'lost') return point.floor && point.media === 'connected' ? ['control'] : [];
  if (point.presence === 'absent') return [];
  const flaws: Flaw[] = [];
  if (point.media === 'lost') flaws.push('media');
  if (missing(point.microphone)) flaws.push('microphone');
  if (missing(point.camera)) flaws.push('camera');
  return flaws;
}

export function flawWords(point: Point, flaw: Flaw): string {
  switch (flaw) {
    case 'control':
      return m.flaw_control();
    case 'media':
      return m.flaw_media();
    case 'microphone':
      return { none: m.flaw_microphone, denied: m.flaw_microphone_denied, muted: m.flaw_microphone_muted }[
        point.microphone as 'none' | 'denied' | 'muted'
      ]();
    case 'camera':
      return { none: m.flaw_camera, denied: m.flaw_camera_denied, muted: m.flaw_camera_muted }[
        point.camera as 'none' | 'denied' | 'muted'
      ]();
  }
}

/** All of them in one line: "chưa có micro, chưa có camera"; empty where all is well. */
export const flawLine = (point: Point): string =>
  flawsOf(point)
    .map((flaw) => flawWords(point, flaw))
    .join(', ');

/** Whether nobody would hear a point that is called now. */
export const unheard = (point: Point): boolean =>
  flawsOf(point).some((flaw) => flaw === 'media' || flaw === 'microphone');
