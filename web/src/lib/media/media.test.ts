import { describe, expect, it } from 'vitest';
import { problemOf } from './capture.ts';
import { chosenCodecs, pictureEncoding } from './encodings.ts';
import { levelOf } from './level.ts';
import { find, recall, remember } from './memory.ts';
import { planFor } from './plan.ts';

const codec = (mimeType: string, sdpFmtpLine = '') => ({ mimeType, clockRate: 90_000, sdpFmtpLine });

describe('plan', () => {
  it('negotiates the slots of each audience, each once', () => {
    const names = (audience: 'hall' | 'console' | 'member') =>
      planFor(audience).slots.map(({ name }) => name);
    expect(names('hall')).toHaveLength(3 + 2 + 16);
    expect(names('console')).toHaveLength(4 + 3 + 25);
    expect(names('member')).toEqual(['audio-0', 'audio-1', 'audio-2', 'stage', 'content']);
    for (const audience of ['hall', 'console', 'member'] as const)
      expect(new Set(names(audience)).size).toBe(names(audience).length);
  });

  it('lets only halls send a microphone and a camera', () => {
    expect(planFor('console').publish).toEqual(['content', 'content-audio']);
    expect(planFor('member').publish).not.toContain('microphone');
  });
});

describe('encodings', () => {
  it('sends nothing that nobody watches, a quarter for a tile, everything for the stage', () => {
    expect(pictureEncoding('camera', 'none')).toEqual({ active: false });
    expect(pictureEncoding('camera', 'small')).toMatchObject({ scaleResolutionDownBy: 4, maxFramerate: 15 });
    expect(pictureEncoding('camera', 'full')).toMatchObject({ active: true, maxBitrate: 2_500_000 });
  });

  it('sends the camera once more with few bits while all see it large', () => {
    expect(planFor('hall').publish).toContain('camera-small');
    expect(pictureEncoding('camera-small', 'full')).toMatchObject({ active: true, maxBitrate: 150_000 });
    expect(pictureEncoding('camera-small', 'small')).toEqual({ active: false });
    expect(pictureEncoding('camera-small', 'none')).toEqual({ active: false });
  });

  it('offers VP8 before H.264 and only what the node forwards', () => {
    const offered = chosenCodecs([
      codec('video/AV1'),
      codec('video/H264', 'level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f'),
      codec('video/H264', 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f'),
      codec('video/H264', 'packetization-mode=1;profile-level-id=640c1f'),
      codec('video/rtx'),
      codec('video/VP8'),
      codec('video/red'),
    ]);
    expect(offered.map(({ mimeType }) => mimeType)).toEqual(['video/VP8', 'video/H264', 'video/rtx']);
    expect(offered[1]?.sdpFmtpLine).toContain('packetization-mode=1;profile-level-id=42e01f');
  });
});

describe('device memory', () => {
  const camera = (deviceId: string, label: string) => ({ deviceId, label });

  it('finds a device by id, or by label when a replug gave it another id', () => {
    const present = [camera('a', 'Webcam'), camera('b', 'PTZ Pro 2')];
    expect(find(present, { id: 'b', label: 'cũ' })?.label).toBe('PTZ Pro 2');
    expect(find(present, { id: 'x', label: 'PTZ Pro 2' })?.deviceId).toBe('b');
    expect(find(present, { id: 'x', label: 'khác' })).toBeUndefined();
    expect(find([camera('', '')], { id: '', label: '' })).toBeUndefined();
  });

  it('survives storage that is closed or holds nonsense', () => {
    expect(recall({ getItem: () => '{"processing":"hall"' })).toEqual({ processing: 'browser' });
    const closed = () => {
      throw new Error('SecurityError');
    };
    expect(recall({ getItem: closed })).toEqual({ processing: 'browser' });
    expect(() => remember({ processing: 'hall' }, { setItem: closed })).not.toThrow();
  });

  it('keeps the choice', () => {
    let kept = '';
    remember(
      { processing: 'hall', camera: { id: 'b', label: 'PTZ' } },
      { setItem: (_, text) => void (kept = text) },
    );
    expect(recall({ getItem: () => kept })).toEqual({
      processing: 'hall',
      camera: { id: 'b', label: 'PTZ' },
    });
  });
});

describe('capture problems', () => {
  it.each([
    ['NotAllowedError', 'refused'],
    ['NotFoundError', 'missing'],
    ['OverconstrainedError', 'missing'],
    ['NotReadableError', 'busy'],
    ['TypeError', 'failed'],
  ])('%s is %s', (name, problem) => expect(problemOf({ name })).toBe(problem));
});

describe('level', () => {
  it('is 0 in silence, 1 at full scale, one half at -30 dBFS', () => {
    expect(levelOf(new Float32Array(1024))).toBe(0);
    expect(levelOf(new Float32Array(1024).fill(1))).toBeCloseTo(1, 3);
    expect(levelOf(new Float32Array(1024).fill(10 ** (-30 / 20)))).toBeCloseTo(0.5, 3);
  });
});
