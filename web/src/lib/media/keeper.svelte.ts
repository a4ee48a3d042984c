import { SvelteMap } from 'svelte/reactivity';
import { CommandError, unanswered } from '#lib/live/errors.ts';
import type { LiveRoom } from '#lib/live/room.svelte.ts';
import type { PictureDemand } from '#lib/live/types.ts';
import { planFor, type Publication } from './plan.ts';
import { MediaSession } from './session.ts';

/** `waiting`: no media node, or no line to ask for one; it goes on by itself. */
export type MediaState = 'off' | 'connecting' | 'connected' | 'healing' | 'waiting';

/** What the server told this client about what it should send. */
export interface Demand {
  camera: PictureDemand;
  content: PictureDemand;
  /** Somebody listens to the microphone without the floor (an operator's preview). */
  microphone?: boolean;
}

const DISCONNECTED_FOR = 2_000;
const CONNECTED_WITHIN = 6_000;
const RETRY_FIRST = 400;
const RETRY_LONGEST = 3_000;
const NODE_MISSING_RETRY = 5_000;
const OFFER_WITHIN = 5_000;
const FIRST_PICTURE_WITHIN = 4_000;

/**
 * Keeps one media session up for as long as the room is open, asking nobody. The session that works
 * stays in place until its successor is connected, and its last pictures until the successor's first: a renewal shows as a
 * still picture, not a hole.
 */
export class MediaKeeper {
  state = $state<MediaState>('off');
  /** When a session that had worked stopped working (ms since 1970, this machine's clock). */
  brokenSince = $state<number | undefined>();
  /** Media goes through now, whatever the live channel does. */
  alive = $state(false);
  /** Since when it is tried in vain to get any at all (as `brokenSince`). */
  missingSince = $state<number | undefined>();
  /** Why the last try came to nothing: the node answered and no packet got through, or nobody answered. */
  trouble = $state<'network' | 'server' | undefined>();
  /** What the server said when it refused media here, in words for whoever watches. */
  refusal = $state<string | undefined>();
  /** False once the server said that this client only watches: it then offers nothing of its own. */
  mayShare = $state(true);
  /** Slot name -> track. */
  readonly tracks = new SvelteMap<string, MediaStreamTrack>();
  demand = $state.raw<Demand>({ camera: 'small', content: 'full' });

  readonly #room: LiveRoom;
  readonly #taken: (tracks: ReadonlyMap<string, MediaStreamTrack>) => void;
  readonly #sending = new Map<Publication, MediaStreamTrack>();
  readonly #stops: (() => void)[] = [];
  #current: MediaSession | undefined;
  #next: MediaSession | undefined;
  #participant = '';
  #boot: unknown;
  #asking = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #grace: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  /** When the current session stopped; a hiccup is not told. */
  #brokenAt: number | undefined;
  #running = false;

  /** `taken` gets the tracks of every session that comes up, by slot. */
  constructor(room: LiveRoom, taken: (tracks: ReadonlyMap<string, MediaStreamTrack>) => void = () => {}) {
    this.#room = room;
    this.#taken = taken;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.state = 'connecting';
    this.#stops.push(
      this.#room.onSnapshot(() => (this.#open ? this.#lineBack() : this.#meetingMoved())),
      this.#room.onEvent(() => this.#meetingMoved()),
      this.#room.onSignal('media-node', (data) => this.#nodeSaid(data.up === true, data.boot)),
      this.#room.onSignal('media-session', (data) => this.#sessionSaid(data.session, data.state)),
      this.#room.onSignal('demand', (data) => this.#wanted(data as unknown as Demand)),
    );
    if (this.#room.phase.name === 'live') this.#renew();
  }

  stop(): void {
    this.#running = false;
    for (const stop of this.#stops.splice(0)) stop();
    clearTimeout(this.#retry);
    clearTimeout(this.#grace);
    if (this.#current && this.#room.phase.name === 'live')
      this.#room.command('media.close', { session: this.#current.id }).catch(() => undefined);
    this.#next?.close();
    this.#current?.close();
    this.#next = this.#current = undefined;
    this.tracks.clear();
    this.brokenSince = this.missingSince = this.trouble = this.refusal = undefined;
    this.alive = false;
    this.state = 'off';
  }

  /** Sends this track (or nothing) under that name, now and after every renewal. */
  async publish(publication: Publication, track: MediaStreamTrack | null): Promise<void> {
    if (track) this.#sending.set(publication, track);
    else this.#sending.delete(publication);
    await Promise.all([this.#current, this.#next].map((session) => session?.replace(publication, track)));
  }

  /** There is media while the meeting is open or runs; before and after nobody asks for any, however long a page stands. */
  get #open(): boolean {
    const state = this.#room.meeting?.state;
    return state === undefined || state === 'open' || state === 'running';
  }

  #meetingMoved(): void {
    if (this.#open) {
      if (!this.#current && !this.#next && this.#room.phase.name === 'live') this.#renew();
      return;
    }
    if (!this.#current && !this.#next) return;
    clearTimeout(this.#retry);
    clearTimeout(this.#grace);
    this.#next?.close();
    this.#current?.close();
    this.#next = this.#current = undefined;
    this.brokenSince = this.missingSince = this.trouble = undefined;
    this.alive = false;
    this.tracks.clear();
    this.state = 'waiting';
  }

  /** A console or member has a new name after every reconnect, and its session goes with the old one. */
  #lineBack(): void {
    const same = this.#participant === this.#room.participant;
    if (!same || this.#current?.state !== 'connected') this.#renew();
  }

  /** Another node process knows none of our sessions. While an offer is out, its answer tells which one it is. */
  #nodeSaid(up: boolean, boot: unknown): void {
    if (!up || this.#asking) return;
    if (boot !== this.#boot || (!this.#next && this.#current?.state !== 'connected')) this.#renew();
  }

  /** The node lost sight of the session that we believe in. */
  #sessionSaid(session: unknown, state: unknown): void {
    if (state === 'disconnected' && !this.#next && session === this.#current?.id) this.#renew();
  }

  #wanted(demand: Demand): void {
    this.demand = demand;
    for (const session of [this.#current, this.#next]) if (session) this.#apply(session);
  }

  #apply(session: MediaSession): void {
    // Refused only when the connection closed meanwhile; its successor is set on connecting.
    session.demand('camera', this.demand.camera).catch(() => undefined);
    session.demand('content', this.demand.content).catch(() => undefined);
  }

  /** Starts a new session beside the present one. A younger call supersedes an older. */
  #renew(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#grace);
    this.#next?.close();
    this.#next = undefined;
    if (!this.#running) return;
    if (this.#room.phase.name !== 'live' || !this.#open) {
      this.state = 'waiting';
      return;
    }
    this.state = this.#current ? 'healing' : 'connecting';
    if (this.#current && this.#current.state !== 'connected')
      this.brokenSince ??= this.#brokenAt ?? Date.now();
    else if (!this.#current) this.missingSince ??= Date.now();
    const participant = this.#room.participant;
    const { publish, slots } = planFor(this.#room.audience);
    const plan = { publish: this.mayShare ? publish : [], slots };
    let session: MediaSession;
    try {
      session = new MediaSession(plan, this.#sending, this.#room.relays, {
        state: (state) => this.#moved(session, participant, state),
      });
    } catch {
      // A browser gives out a limited number of peer connections, and takes back forgotten ones after a while.
      return this.#failed('server');
    }
    this.#next = session;
    this.#asking = true;
    session
      .connect(async (offer) => {
        const reply = await this.#room.command('media.offer', { ...offer }, OFFER_WITHIN);
        this.#boot = reply.boot;
        return String(reply.sdp);
      })
      .then(
        () => session === this.#next && this.#again(CONNECTED_WITHIN, 'network'),
        (reason: unknown) => session === this.#next && this.#refused(reason),
      )
      .finally(() => {
        if (session === this.#next || session === this.#current || !this.#next) this.#asking = false;
      });
  }

  #moved(session: MediaSession, participant: string, state: RTCPeerConnectionState): void {
    if (session === this.#next && state === 'connected') return this.#take(session, participant);
    if (session === this.#next && state === 'failed') return this.#failed('network');
    if (session !== this.#current) return;
    this.alive = state === 'connected';
    this.#brokenAt = this.alive ? undefined : (this.#brokenAt ?? Date.now());
    clearTimeout(this.#grace);
    if (state === 'connected') {
      this.brokenSince = undefined;
      if (!this.#next) this.state = 'connected';
    } else if (state === 'failed') this.#renew();
    else if (state === 'disconnected') {
      this.#grace = setTimeout(() => this.#renew(), DISCONNECTED_FOR);
    }
  }

  #take(session: MediaSession, participant: string): void {
    clearTimeout(this.#retry);
    this.#tries = 0;
    this.#participant = participant;
    const old = this.#current;
    this.#current = session;
    this.#next = undefined;
    this.#apply(session);
    for (const [slot, track] of session.tracks) this.tracks.set(slot, track);
    this.#taken(session.tracks);
    old?.retire(FIRST_PICTURE_WITHIN);
    this.brokenSince = this.missingSince = this.trouble = this.#brokenAt = this.refusal = undefined;
    this.alive = true;
    this.state = 'connected';
  }

  /** Who may not share is refused with an offer that would, and is asked again without. Halls always send. */
  #refused(reason: unknown): void {
    const refused = reason instanceof CommandError && !unanswered(reason);
    const watchOnly = reason instanceof CommandError && reason.code === 'not-allowed';
    if (!watchOnly || !this.mayShare || this.#room.audience === 'hall') {
      this.refusal = refused ? reason.message : undefined;
      return this.#failed('server');
    }
    this.mayShare = false;
    this.#asking = false;
    this.#renew();
  }

  #failed(trouble: 'network' | 'server'): void {
    this.trouble = trouble;
    this.#next?.close();
    this.#next = undefined;
    this.state = this.#current?.state === 'connected' ? 'healing' : 'waiting';
    // With the line down the next snapshot starts the next attempt.
    if (this.#room.phase.name !== 'live') return;
    this.#tries += 1;
    const wait = Math.min(RETRY_FIRST * 2 ** (this.#tries - 1), RETRY_LONGEST);
    this.#again(this.#room.mediaUp ? wait * (0.75 + Math.random() / 2) : NODE_MISSING_RETRY);
  }

  #again(wait: number, trouble = this.trouble): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.trouble = trouble;
      this.#renew();
    }, wait);
  }
}
