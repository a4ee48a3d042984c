import { answer, api } from '#lib/api/client.ts';
import { randomName } from '#lib/live/name.ts';
import { connectionTo } from './session.ts';

export type Way = 'udp' | 'tcp' | 'relay';

/** What came of trying the way of picture and sound to the media node and back. */
export interface ProbeResult {
  connected: boolean;
  /** Until both ways stood. */
  ms: number;
  roundTripMs: number | undefined;
  sent: number;
  received: number;
  lost: number;
  /** As the node offers them: "udp 203.0.113.7:7000". */
  candidates: string[];
  tcpOffered: boolean;
  /** By which media got through: straight by UDP or TCP, or by a relay. */
  way: Way | undefined;
  /** kbit/s that went out and came back; shares of packets lost on the way up and down. */
  upKbps: number;
  downKbps: number;
  lossUp: number;
  lossDown: number;
}

export const PATIENCE_SECONDS = 10;
const LISTEN_SECONDS = 4;
/** Congestion control finds its pace first. */
const PICTURE_WARMS_UP = 3_500;
/** Needs somewhat more than the highest of the rates that are looked for. */
const PICTURE = { width: 960, height: 540, fps: 15, most: 3_500_000 };

type Carried = 'microphone' | 'camera';
const SLOT = { microphone: 'audio-0', camera: 'stage' } as const;

/**
 * Two peer connections of this browser: what the one sends through the node comes back to the other. ICE, DTLS and
 * packets are the same as in a conference; the sound is made here, so no microphone is asked for. `picture`: a moving
 * picture goes along, so that the rates say what the line carries. Rejects with ApiError.
 */
export async function probe({ picture = false } = {}): Promise<ProbeResult> {
  const { relays } = await answer(api.GET('/api/media-probe'));
  const context = new AudioContext();
  const tone = context.createOscillator();
  const sound = context.createMediaStreamDestination();
  tone.connect(sound);
  tone.start();
  const drawn = picture ? noise() : undefined;
  const up = connectionTo(relays);
  const down = connectionTo(relays);
  const [track] = sound.stream.getAudioTracks();
  up.addTransceiver(track ?? 'audio', { direction: 'sendonly' });
  down.addTransceiver('audio', { direction: 'recvonly' });
  if (drawn) {
    up.addTransceiver(drawn.track, {
      direction: 'sendonly',
      sendEncodings: [{ maxBitrate: PICTURE.most, maxFramerate: PICTURE.fps }],
    });
    down.addTransceiver('video', { direction: 'recvonly' });
  }
  const carries: Carried[] = picture ? ['microphone', 'camera'] : ['microphone'];
  const began = performance.now();
  try {
    const candidates = await negotiate(up, 'up', carries);
    await negotiate(down, 'down', carries);
    const connected = (await Promise.all([connects(up), connects(down)])).every(Boolean);
    const ms = Math.round(performance.now() - began);
    const tcpOffered = candidates.some((each) => each.startsWith('tcp'));
    const none = { way: undefined, roundTripMs: undefined, sent: 0, received: 0, lost: 0 };
    const rates = { upKbps: 0, downKbps: 0, lossUp: 0, lossDown: 0 };
    if (!connected) return { connected, ms, ...none, ...rates, candidates, tcpOffered };
    // What was sent before the other end stood came back to nobody.
    await pause(picture ? PICTURE_WARMS_UP : 500);
    const before = await figures(up, down);
    const from = performance.now();
    await pause(LISTEN_SECONDS * 1000);
    const after = await figures(up, down);
    const lasted = performance.now() - from;
    const grown = (name: keyof typeof after) => Math.max(0, (after[name] ?? 0) - (before[name] ?? 0));
    const share = (lost: number, arrived: number) => (lost > 0 ? Math.min(1, lost / (lost + arrived)) : 0);
    return {
      connected,
      ms,
      way: (await wayOf(up)) ?? (await wayOf(down)),
      roundTripMs: after.roundTripMs,
      sent: grown('sent'),
      received: grown('received'),
      lost: grown('lost'),
      candidates,
      tcpOffered,
      upKbps: Math.round((grown('sentBytes') * 8) / lasted),
      downKbps: Math.round((grown('receivedBytes') * 8) / lasted),
      lossUp: share(grown('lostUp'), grown('sent')),
      lossDown: share(grown('lost'), grown('received')),
    };
  } finally {
    up.close();
    down.close();
    tone.stop();
    drawn?.stop();
    void context.close();
  }
}

/** A picture that no encoder can make small. */
function noise(): { track: MediaStreamTrack; stop: () => void } {
  const canvas = document.createElement('canvas');
  canvas.width = PICTURE.width;
  canvas.height = PICTURE.height;
  const pen = canvas.getContext('2d');
  const draw = () => {
    for (let at = 0; pen && at < 240; at++) {
      pen.fillStyle = `hsl(${Math.random() * 360} 70% ${20 + Math.random() * 60}%)`;
      pen.fillRect(Math.random() * canvas.width, Math.random() * canvas.height, 48, 27);
    }
  };
  draw();
  const timer = setInterval(draw, 1000 / PICTURE.fps);
  const [track] = canvas.captureStream(PICTURE.fps).getVideoTracks();
  if (!track) throw new Error('a canvas has a picture');
  return {
    track,
    stop: () => {
      clearInterval(timer);
      track.stop();
    },
  };
}

async function negotiate(
  connection: RTCPeerConnection,
  participant: 'up' | 'down',
  carries: readonly Carried[],
): Promise<string[]> {
  await connection.setLocalDescription(await connection.createOffer());
  const mids = connection.getTransceivers().map(({ mid }, at) => mid ?? String(at));
  const named = <T>(of: (carried: Carried) => T): Record<string, T> =>
    Object.fromEntries(carries.map((carried, at) => [mids[at] ?? String(at), of(carried)]));
  const { sdp } = await answer(
    api.POST('/api/media-probe', {
      body: {
        participant,
        session: randomName(),
        sdp: connection.localDescription?.sdp ?? '',
        publish: participant === 'up' ? named((carried) => carried) : {},
        slots: participant === 'down' ? named((carried) => SLOT[carried]) : {},
      },
    }),
  );
  await connection.setRemoteDescription({ type: 'answer', sdp });
  return candidatesOf(sdp);
}

/** RFC 8839 section 5.1: "a=candidate:1 1 udp 2130706431 203.0.113.7 7000 typ host". */
export function candidatesOf(sdp: string): string[] {
  const found = sdp.matchAll(/^a=candidate:\S+ \d+ (\S+) \d+ (\S+) (\d+) /gim);
  return [...new Set([...found].map(([, way, address, port]) => `${way?.toLowerCase()} ${address}:${port}`))];
}

/** The rung a connection stands on. */
async function wayOf(connection: RTCPeerConnection): Promise<Way | undefined> {
  const reports = await connection.getStats();
  let selected: string | undefined;
  // Firefox has no `transport` report, and one nominated pair that succeeded.
  for (const report of reports.values()) {
    if (report.type === 'transport') selected = report.selectedCandidatePairId ?? selected;
    if (report.type === 'candidate-pair' && report.selected) selected = report.id;
  }
  const own = reports.get(reports.get(selected ?? '')?.localCandidateId);
  if (!own) return undefined;
  if (own.candidateType === 'relay') return 'relay';
  return own.protocol === 'tcp' ? 'tcp' : 'udp';
}

function connects(connection: RTCPeerConnection): Promise<boolean> {
  return new Promise((tell) => {
    const look = () => connection.connectionState === 'connected' && tell(true);
    connection.addEventListener('connectionstatechange', look);
    setTimeout(() => tell(false), PATIENCE_SECONDS * 1000);
    look();
  });
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

async function figures(up: RTCPeerConnection, down: RTCPeerConnection) {
  const found = {
    sent: 0,
    received: 0,
    lost: 0,
    lostUp: 0,
    sentBytes: 0,
    receivedBytes: 0,
    roundTripMs: undefined as number | undefined,
  };
  for (const report of (await up.getStats()).values()) {
    if (report.type === 'outbound-rtp') {
      found.sent += report.packetsSent ?? 0;
      found.sentBytes += (report.bytesSent ?? 0) + (report.headerBytesSent ?? 0);
    }
    if (report.type === 'remote-inbound-rtp') found.lostUp += Math.max(0, report.packetsLost ?? 0);
    if (report.type === 'candidate-pair' && report.nominated && report.currentRoundTripTime !== undefined)
      found.roundTripMs = Math.round(report.currentRoundTripTime * 1000);
  }
  for (const report of (await down.getStats()).values()) {
    if (report.type !== 'inbound-rtp') continue;
    found.received += report.packetsReceived ?? 0;
    found.receivedBytes += (report.bytesReceived ?? 0) + (report.headerBytesReceived ?? 0);
    found.lost += Math.max(0, report.packetsLost ?? 0);
  }
  return found;
}
