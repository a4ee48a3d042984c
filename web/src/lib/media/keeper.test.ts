import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CommandError } from '#lib/live/errors.ts';
import type { LiveRoom } from '#lib/live/room.svelte.ts';
import { MediaKeeper } from './keeper.svelte.ts';

/** A peer connection whose state the test moves. */
class FakePeer {
  static made: FakePeer[] = [];
  connectionState: RTCPeerConnectionState = 'new';
  signalingState = 'stable';
  localDescription: { sdp: string } | null = null;
  onconnectionstatechange: (() => void) | null = null;
  sections = 0;
  readonly receives: object[] = [];

  constructor() {
    FakePeer.made.push(this);
  }
  addTransceiver(what: string | object, init: { direction: string }) {
    const receiver = { track: { kind: what } };
    if (init.direction === 'recvonly') this.receives.push(receiver.track);
    return {
      mid: String(this.sections++),
      receiver,
      sender: { getParameters: () => ({ encodings: [] }), replaceTrack: () => Promise.resolve() },
      setCodecPreferences: () => undefined,
    };
  }
  createOffer() {
    return Promise.resolve({ sdp: 'offer' });
  }
  setLocalDescription(description: { sdp: string }) {
    this.localDescription = description;
    return Promise.resolve();
  }
  setRemoteDescription() {
    return Promise.resolve();
  }
  close() {
    this.connectionState = 'closed';
    this.signalingState = 'closed';
  }
  becomes(state: RTCPeerConnectionState) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

interface Sent {
  session: string;
  publish: Record<string, string>;
  slots: Record<string, string>;
}

/** The part of a room that the keeper uses. */
class FakeRoom {
  phase = { name: 'live' };
  audience: 'hall' | 'member' = 'hall';
  participant = 'point-17';
  mediaUp = true;
  boot = 'boot-1';
  offers: Sent[] = [];
  mayShare = true;
  meeting: { state: string } | undefined;
  event: () => void = () => {};
  #snapshot: () => void = () => {};
  readonly #signals = new Map<string, (data: object) => void>();

  onSnapshot(listener: () => void) {
    this.#snapshot = listener;
    return () => {};
  }
  onEvent(listener: () => void) {
    this.event = listener;
    return () => {};
  }
  onSignal(kind: string, listener: (data: object) => void) {
    this.#signals.set(kind, listener);
    return () => {};
  }
  command(name: string, data: Sent) {
    if (name !== 'media.offer') return Promise.resolve({});
    this.offers.push(data);
    if (!this.mayShare && Object.keys(data.publish).length > 0)
      return Promise.reject(new CommandError({ code: 'not-allowed', vi: '', en: '', details: {} }));
    return Promise.resolve({ sdp: 'answer', boot: this.boot });
  }
  snapshot() {
    this.#snapshot();
  }
  signal(kind: string, data: object) {
    this.#signals.get(kind)?.(data);
  }
}

const settle = () => vi.advanceTimersByTimeAsync(0);
const last = () => FakePeer.made.at(-1)!;

async function connected(change: Partial<FakeRoom> = {}) {
  const room = Object.assign(new FakeRoom(), change);
  const keeper = new MediaKeeper(room as unknown as LiveRoom);
  keeper.start();
  await settle();
  last().becomes('connected');
  return { room, keeper };
}

beforeEach(() => {
  FakePeer.made = [];
  vi.useFakeTimers();
  vi.stubGlobal('RTCPeerConnection', FakePeer);
  vi.stubGlobal('RTCRtpSender', { getCapabilities: () => null });
  vi.stubGlobal('RTCRtpReceiver', { getCapabilities: () => null });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('media keeper', () => {
  it('keeps the words of a refusal until there is media after all', async () => {
    const room = new FakeRoom();
    room.command = () =>
      Promise.reject(
        new CommandError({ code: 'media-elsewhere', vi: 'Đóng bớt', en: 'Close one', details: {} }),
      );
    const keeper = new MediaKeeper(room as unknown as LiveRoom);
    keeper.start();
    await settle();
    expect(['Đóng bớt', 'Close one']).toContain(keeper.refusal);
    room.command = () => Promise.resolve({ sdp: 'answer', boot: 'boot-1' });
    await vi.advanceTimersByTimeAsync(1_000);
    last().becomes('connected');
    expect(keeper.refusal).toBeUndefined();
  });

  it('offers once, with every section named', async () => {
    const { room, keeper } = await connected();
    expect(keeper.state).toBe('connected');
    expect(room.offers).toHaveLength(1);
    expect(Object.values(room.offers[0]!.publish)).toEqual([
      'microphone',
      'camera',
      'camera-small',
      'content',
      'content-audio',
    ]);
    expect(Object.values(room.offers[0]!.slots)).toHaveLength(21);
    expect(keeper.tracks.get('stage')).toBe(last().receives[3]);
  });

  it('goes on undisturbed when only the live channel was cut', async () => {
    const { room } = await connected();
    room.snapshot();
    room.signal('media-node', { up: true, boot: 'boot-1' });
    await settle();
    expect(room.offers).toHaveLength(1);
  });

  it('offers again to another node, and keeps the old pictures until the new ones are there', async () => {
    const { room, keeper } = await connected();
    const before = keeper.tracks.get('stage');
    room.boot = 'boot-2';
    room.signal('media-node', { up: true, boot: 'boot-2' });
    await settle();
    expect(room.offers).toHaveLength(2);
    expect(keeper.tracks.get('stage')).toBe(before);
    last().becomes('connected');
    expect(keeper.tracks.get('stage')).not.toBe(before);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(FakePeer.made[0]!.connectionState).toBe('closed');
  });

  it('renews a session that failed, or was disconnected for two seconds, but not a short hiccup', async () => {
    const { room, keeper } = await connected();
    last().becomes('disconnected');
    await vi.advanceTimersByTimeAsync(1_900);
    last().becomes('connected');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(room.offers).toHaveLength(1);
    last().becomes('disconnected');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(room.offers).toHaveLength(2);
    expect(keeper.brokenSince).toBeDefined();
    last().becomes('connected');
    expect(keeper.brokenSince).toBeUndefined();
    last().becomes('failed');
    await settle();
    expect(room.offers).toHaveLength(3);
  });

  it('renews when the node lost sight of the session', async () => {
    const { room } = await connected();
    room.signal('media-session', { session: 'another', state: 'disconnected' });
    await settle();
    expect(room.offers).toHaveLength(1);
    room.signal('media-session', { session: room.offers[0]!.session, state: 'disconnected' });
    await settle();
    expect(room.offers).toHaveLength(2);
  });

  it('tries again when a session does not come up', async () => {
    const room = new FakeRoom();
    new MediaKeeper(room as unknown as LiveRoom).start();
    await settle();
    await vi.advanceTimersByTimeAsync(6_000);
    expect(room.offers).toHaveLength(2);
  });

  it('waits for the line, and offers with the snapshot that ends the cut', async () => {
    const { room, keeper } = await connected();
    room.phase = { name: 'cut' };
    last().becomes('failed');
    await vi.advanceTimersByTimeAsync(30_000);
    expect(room.offers).toHaveLength(1);
    expect(keeper.state).toBe('waiting');
    room.phase = { name: 'live' };
    room.snapshot();
    await settle();
    expect(room.offers).toHaveLength(2);
  });

  it('offers anew under a new name', async () => {
    const { room } = await connected({ audience: 'member', participant: 'desk-1' });
    room.participant = 'desk-2';
    room.snapshot();
    await settle();
    expect(room.offers).toHaveLength(2);
  });

  it('only watches when it may not share', async () => {
    const room = Object.assign(new FakeRoom(), { audience: 'member', mayShare: false });
    const keeper = new MediaKeeper(room as unknown as LiveRoom);
    keeper.start();
    await settle();
    expect(room.offers.map(({ publish }) => Object.keys(publish).length)).toEqual([2, 0]);
    expect(keeper.mayShare).toBe(false);
  });

  it('asks for nothing while the meeting is not open, and at once when it opens', async () => {
    const room = Object.assign(new FakeRoom(), { meeting: { state: 'invited' } });
    const keeper = new MediaKeeper(room as unknown as LiveRoom);
    keeper.start();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(room.offers).toHaveLength(0);
    expect(keeper.missingSince).toBeUndefined();
    room.meeting = { state: 'open' };
    room.event();
    await settle();
    expect(room.offers).toHaveLength(1);
    last().becomes('connected');
    room.meeting = { state: 'ended' };
    room.event();
    expect(last().connectionState).toBe('closed');
    expect(keeper.tracks.size).toBe(0);
    room.signal('media-node', { up: true, boot: 'boot-1' });
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(room.offers).toHaveLength(1);
  });

  it('knows what stands in the way when no media comes up', async () => {
    const room = new FakeRoom();
    const keeper = new MediaKeeper(room as unknown as LiveRoom);
    keeper.start();
    await settle();
    expect(keeper.trouble).toBeUndefined();
    await vi.advanceTimersByTimeAsync(6_000);
    expect(keeper.trouble).toBe('network');
    expect(keeper.missingSince).toBeDefined();
    expect(keeper.alive).toBe(false);
    last().becomes('connected');
    expect(keeper.trouble).toBeUndefined();
    expect(keeper.missingSince).toBeUndefined();
    expect(keeper.alive).toBe(true);
  });

  it('says that media goes through while the live channel is cut', async () => {
    const { room, keeper } = await connected();
    room.phase = { name: 'cut' };
    expect(keeper.alive).toBe(true);
    last().becomes('disconnected');
    expect(keeper.alive).toBe(false);
  });

  it('stops for good', async () => {
    const { room, keeper } = await connected();
    keeper.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(room.offers).toHaveLength(1);
    expect(keeper.tracks.size).toBe(0);
  });
});
