import type { PictureDemand } from '#lib/live/types.ts';
import type { Publication } from './plan.ts';

const FULL_CAMERA = 2_500_000;
const FULL_CONTENT = 2_500_000;
const SMALL = 250_000;
const SPEECH = 48_000;
/** With sound beside it, this goes through a line of 300 kbit/s. */
const LEAST = { active: true, maxBitrate: 150_000, maxFramerate: 15, scaleResolutionDownBy: 4 };
const CONTENT_SOUND = 96_000;

/** How an encoder is set for what is wanted of its picture now: large, as a small tile, or not at all. */
export function pictureEncoding(publication: Publication, demand: PictureDemand): RTCRtpEncodingParameters {
  // Where all see it large, some line will not carry that; a tile is small enough for every line.
  if (publication === 'camera-small') return demand === 'full' ? LEAST : { active: false };
  if (demand === 'none') return { active: false };
  if (demand === 'small')
    return { active: true, maxBitrate: SMALL, maxFramerate: 15, scaleResolutionDownBy: 4 };
  return publication === 'content'
    ? { active: true, maxBitrate: FULL_CONTENT, maxFramerate: 15, scaleResolutionDownBy: 1 }
    : { active: true, maxBitrate: FULL_CAMERA, maxFramerate: 30, scaleResolutionDownBy: 1 };
}

/** The encoding a publication starts with, before anybody has said what is wanted. */
export function firstEncoding(publication: Publication): RTCRtpEncodingParameters {
  switch (publication) {
    case 'microphone':
      return { active: true, maxBitrate: SPEECH, priority: 'high', networkPriority: 'high' };
    case 'content-audio':
      return { active: true, maxBitrate: CONTENT_SOUND };
    case 'camera-small':
      return pictureEncoding('camera-small', 'none');
    case 'camera':
      return pictureEncoding('camera', 'small');
    case 'content':
      return pictureEncoding('content', 'full');
  }
}

/** Applies a demand to a sender. Does nothing before the first negotiation, when there is nothing to set. */
export async function applyDemand(
  sender: RTCRtpSender,
  publication: Publication,
  demand: PictureDemand,
): Promise<void> {
  const parameters = sender.getParameters();
  const [encoding] = parameters.encodings;
  if (!encoding) return;
  Object.assign(encoding, pictureEncoding(publication, demand));
  parameters.degradationPreference = publication === 'content' ? 'maintain-resolution' : 'balanced';
  await sender.setParameters(parameters);
}

const WANTED = ['video/VP8', 'video/H264', 'video/rtx', 'audio/opus'];

/**
 * The codecs the node forwards, VP8 first: every hall decodes it, whatever its machine. Leaving out
 * the rest keeps an offer of 30 sections small on a weak line.
 */
export function chosenCodecs(codecs: RTCRtpCodec[]): RTCRtpCodec[] {
  return WANTED.flatMap((type) =>
    codecs.filter((codec) => codec.mimeType.toLowerCase() === type.toLowerCase() && plain(codec)),
  );
}

/** H.264 only as constrained baseline in single-NAL-or-fragment mode, which all browsers share. */
function plain(codec: RTCRtpCodec): boolean {
  if (codec.mimeType !== 'video/H264') return true;
  const line = codec.sdpFmtpLine ?? '';
  return line.includes('packetization-mode=1') && /profile-level-id=42e0/i.test(line);
}
