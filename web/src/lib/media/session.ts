import { randomName } from '#lib/live/name.ts';
import type { PictureDemand } from '#lib/live/types.ts';
import { applyDemand, chosenCodecs, firstEncoding } from './encodings.ts';
import { kindOf, trackOf, type Plan, type Publication } from './plan.ts';

/** What the server is asked: `media.offer`; it resolves with the answer's SDP. */
export interface Offer {
  session: string;
  sdp: string;
  publish: Record<string, Publication>;
  slots: Record<string, string>;
}

export interface SessionEvents {
  /** The peer connection's state changed. */
  state(state: RTCPeerConnectionState): void;
}

/**
 * One peer connection to the media node, negotiated once. It heals nothing: when it is broken it is
 * closed and another takes its place (see keeper.svelte.ts).
 */
export class MediaSession {
  readonly id = randomName();
  /** Slot name -> the track that shows or sounds it. Present from the offer on; silent until filled. */
  readonly tracks = new Map<string, MediaStreamTrack>();
  readonly #connection: RTCPeerConnection;
  readonly #senders = new Map<Publication, RTCRtpTransceiver>();
  readonly #receivers = new Map<string, RTCRtpTransceiver>();

  /** `relays`: tried beside the straight way; of those that get through, the straightest is taken. */
  constructor(
    plan: Plan,
    sending: ReadonlyMap<Publication, MediaStreamTrack>,
    relays: RTCIceServer[],
    events: SessionEvents,
  ) {
    this.#connection = connectionTo(relays);
    this.#connection.onconnectionstatechange = () => events.state(this.#connection.connectionState);
    for (const publication of plan.publish) {
      const transceiver = this.#connection.addTransceiver(
        sending.get(trackOf(publication)) ?? kindOf(publication),
        {
          direction: 'sendonly',
          sendEncodings: [firstEncoding(publication)],
        },
      );
      prefer(transceiver, RTCRtpSender.getCapabilities(kindOf(publication)));
      this.#senders.set(publication, transceiver);
    }
    for (const { name, kind } of plan.slots) {
      const transceiver = this.#connection.addTransceiver(kind, { direction: 'recvonly' });
      prefer(transceiver, RTCRtpReceiver.getCapabilities(kind));
      this.#receivers.set(name, transceiver);
      this.tracks.set(name, transceiver.receiver.track);
    }
  }

  get state(): RTCPeerConnectionState {
    return this.#connection.connectionState;
  }

  /**
   * Offers, and takes the answer. The node is ICE-lite and learns our address from our checks, so
   * the offer waits for no candidates. Rejects with whatever `ask` rejects with.
   */
  async connect(ask: (offer: Offer) => Promise<string>): Promise<void> {
    await this.#connection.setLocalDescription(await this.#connection.createOffer());
    const sdp = await ask({
      session: this.id,
      sdp: this.#connection.localDescription?.sdp ?? '',
      publish: mids(this.#senders),
      slots: mids(this.#receivers),
    });
    if (this.#connection.signalingState === 'closed') return;
    await this.#connection.setRemoteDescription({ type: 'answer', sdp });
  }

  /** Puts another track (or none) under a publication, without negotiation. */
  async replace(publication: Publication, track: MediaStreamTrack | null): Promise<void> {
    const senders = [...this.#senders].filter(([name]) => trackOf(name) === publication);
    await Promise.all(senders.map(([, { sender }]) => sender.replaceTrack(track)));
  }

  async demand(publication: Publication, demand: PictureDemand): Promise<void> {
    const senders = [...this.#senders].filter(([name]) => trackOf(name) === publication);
    await Promise.all(senders.map(([name, { sender }]) => applyDemand(sender, name, demand)));
  }

  /** Bytes that came in, and the selected pair's round trip in seconds: signs of life. */
  async figures(): Promise<{ received: number; roundTrip: number | undefined }> {
    let received = 0;
    let roundTrip: number | undefined;
    for (const report of (await this.#connection.getStats()).values()) {
      if (report.type === 'transport') received += report.bytesReceived ?? 0;
      if (report.type === 'candidate-pair' && report.nominated) roundTrip = report.currentRoundTripTime;
    }
    return { received, roundTrip };
  }

  /** Sends nothing more; what came in last can be seen for `stays` ms, while its successor's first picture is on its way. */
  retire(stays: number): void {
    this.#connection.onconnectionstatechange = null;
    for (const { sender } of this.#senders.values()) sender.replaceTrack(null).catch(() => undefined);
    setTimeout(() => this.close(), stays);
  }

  close(): void {
    this.#connection.onconnectionstatechange = null;
    this.#connection.close();
  }
}

export function connectionTo(relays: RTCIceServer[]): RTCPeerConnection {
  return new RTCPeerConnection({ bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require', iceServers: relays });
}

function prefer(transceiver: RTCRtpTransceiver, capabilities: RTCRtpCapabilities | null): void {
  const codecs = chosenCodecs(capabilities?.codecs ?? []);
  // Firefox before 128 lacks it and offers VP8 first anyway; Safari refuses a list that names one codec twice.
  try {
    if (codecs.length > 0) transceiver.setCodecPreferences?.(codecs);
  } catch {
    // The browser's own order stands; the node takes what it can of it.
  }
}

function mids<K extends string>(transceivers: ReadonlyMap<K, RTCRtpTransceiver>): Record<string, K> {
  const found: Record<string, K> = {};
  for (const [key, { mid }] of transceivers) if (mid !== null) found[mid] = key;
  return found;
}
