/** Why a camera or microphone cannot be had, in kinds that each have their own way out. */
export type CaptureProblem = 'refused' | 'missing' | 'busy' | 'insecure' | 'failed';

export type CaptureKind = 'camera' | 'microphone';

/** `browser`: echo, noise and level handled here. `hall`: the hall has its own sound processor. */
export type SoundProcessing = 'browser' | 'hall';

export interface CaptureWish {
  /** The device's id, if one was chosen. */
  device?: string;
  processing: SoundProcessing;
}

/** Opens one camera (720p) or microphone. Rejects with a `CaptureProblem`. */
export async function capture(kind: CaptureKind, wish: CaptureWish): Promise<MediaStreamTrack> {
  const media = globalThis.navigator?.mediaDevices;
  if (!media?.getUserMedia) throw 'insecure' satisfies CaptureProblem;
  try {
    const stream = await media.getUserMedia(constraints(kind, wish));
    const [track] = stream.getTracks();
    if (!track) throw new DOMException('', 'NotFoundError');
    if (kind === 'microphone') track.contentHint = 'speech';
    return track;
  } catch (error) {
    throw problemOf(error);
  }
}

function constraints(kind: CaptureKind, { device, processing }: CaptureWish): MediaStreamConstraints {
  const deviceId = device ? { deviceId: { exact: device } } : {};
  if (kind === 'camera') {
    return {
      video: {
        ...deviceId,
        width: { ideal: 1280 },
        height: { ideal: 720 },
        frameRate: { ideal: 25, max: 30 },
      },
    };
  }
  const handled = processing === 'browser';
  return {
    audio: {
      ...deviceId,
      echoCancellation: handled,
      noiseSuppression: handled,
      autoGainControl: handled,
      channelCount: { ideal: 1 },
    },
  };
}

/** The kind of a getUserMedia failure. */
export function problemOf(error: unknown): CaptureProblem {
  switch ((error as { name?: string } | null)?.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'refused';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'failed';
  }
}
