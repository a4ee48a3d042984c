import { answer, api } from '#lib/api/client.ts';
import { randomName } from '#lib/live/name.ts';

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
}

export const PATIENCE_SECONDS = 10;
const LISTEN_SECONDS = 4;

/**
 * Two peer connections of this browser: what the one sends through the node comes back to the other. ICE, DTLS and
 * packets are the same as in a conference; the sound is made here, so no microphone is asked for. Rejects with ApiError.
 */
export async function probe(): Promise<ProbeResult> {
  const context = new AudioContext();
  const tone = context.createOscillator();
  const sound = context.createMediaStreamDestination();
  tone.connect(sound);
  tone.start();
  const up = new RTCPeerConnection({ bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' });
  const down = new RTCPeerConnection({ bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' });
  const [track] = sound.stream.getAudioTracks();
  up.addTransceiver(track ?? 'audio', { direction: 'sendonly' });
  down.addTransceiver('audio', { direction: 'recvonly' });
  const began = performance.now();
  try {
    const candidates = await negotiate(up, 'up');
    await negotiate(down, 'down');
    const connected = (await Promise.all([connects(up), connects(down)])).every(Boolean);
    const ms = Math.round(performance.now() - began);
    const tcpOffered = candidates.some((each) => each.startsWith('tcp'));
    const none = { roundTripMs: undefined, sent: 0, received: 0, lost: 0 };
    if (!connected) return { connected, ms, ...none, candidates, tcpOffered };
    await pause(500); // what was sent before the other end stood came back to nobody
    const before = await figures(up, down);
    await pause(LISTEN_SECONDS * 1000);
    const after = await figures(up, down);
    return {
      connected,
      ms,
      roundTripMs: after.roundTripMs,
      sent: after.sent - before.sent,
      received: after.received - before.received,
      lost: Math.max(0, after.lost - before.lost),
      candidates,
      tcpOffered,
    };
  } finally {
    up.close();
    down.close();
    tone.stop();
    void context.close();
  }
}

async function negotiate(connection: RTCPeerConnection, participant: 'up' | 'down'): Promise<string[]> {
  await connection.setLocalDescription(await connection.createOffer());
  const mid = connection.getTransceivers()[0]?.mid ?? '0';
  const { sdp } = await answer(
    api.POST('/api/media-probe', {
      body: {
        participant,
        session: randomName(),
        sdp: connection.localDescription?.sdp ?? '',
        publish: participant === 'up' ? { [mid]: 'microphone' } : {},
        slots: participant === 'down' ? { [mid]: 'audio-0' } : {},
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
  const found = { sent: 0, received: 0, lost: 0, roundTripMs: undefined as number | undefined };
  for (const report of (await up.getStats()).values()) {
    if (report.type === 'outbound-rtp') found.sent += report.packetsSent ?? 0;
    if (report.type === 'candidate-pair' && report.nominated && report.currentRoundTripTime !== undefined)
      found.roundTripMs = Math.round(report.currentRoundTripTime * 1000);
  }
  for (const report of (await down.getStats()).values()) {
    if (report.type !== 'inbound-rtp') continue;
    found.received += report.packetsReceived ?? 0;
    found.lost += report.packetsLost ?? 0;
  }
  return found;
}
