import type { Audience } from '#lib/live/types.ts';

/** What a client may send; the names of `media/contract.py`. */
export type Publication = 'microphone' | 'camera' | 'camera-small' | 'content' | 'content-audio';

export interface Slot {
  /** `audio-0` …, `stage`, `content`, `tile-0` …, `preview`, `preview-audio`. */
  name: string;
  kind: 'audio' | 'video';
}

/** The sections a client negotiates once; who fills them changes later without new SDP. */
export interface Plan {
  publish: Publication[];
  slots: Slot[];
}

const video = (name: string): Slot => ({ name, kind: 'video' });
const audio = (name: string): Slot => ({ name, kind: 'audio' });
const tiles = (count: number) => Array.from({ length: count }, (_, index) => video(`tile-${index}`));
const FLOOR_AUDIO = ['audio-0', 'audio-1', 'audio-2'].map(audio);

/** Small pictures a console shows on one page. */
export const CONSOLE_TILES = 25;

const PLANS: Record<Audience, Plan> = {
  hall: {
    publish: ['microphone', 'camera', 'camera-small', 'content', 'content-audio'],
    slots: [...FLOOR_AUDIO, video('stage'), video('content'), ...tiles(16)],
  },
  console: {
    publish: ['content', 'content-audio'],
    slots: [
      ...FLOOR_AUDIO,
      audio('preview-audio'),
      video('stage'),
      video('content'),
      video('preview'),
      ...tiles(CONSOLE_TILES),
    ],
  },
  member: {
    publish: ['content', 'content-audio'],
    slots: [...FLOOR_AUDIO, video('stage'), video('content')],
  },
};

export const planFor = (audience: Audience): Plan => PLANS[audience];

export const kindOf = (publication: Publication): 'audio' | 'video' =>
  publication === 'microphone' || publication === 'content-audio' ? 'audio' : 'video';

/** Whose track a publication sends: the small picture is the camera's once more. */
export const trackOf = (publication: Publication): Publication =>
  publication === 'camera-small' ? 'camera' : publication;
