import { createContext, untrack } from 'svelte';
import { Devices } from '#lib/media/devices.svelte.ts';
import { keepAwake } from '#lib/media/awake.ts';
import { answer, api } from '#lib/api/client.ts';
import { Follow } from '#lib/presentation/follow.svelte.ts';
import { device } from '#lib/offline/device.ts';
import { ownerOf } from '#lib/accounts/session.svelte.ts';
import type { PointEntity, RequestEntity, TurnEntity, TurnoutEntity } from '#lib/live/types.ts';
import { turnOf, waiting } from '#lib/speaking/queue.ts';
import { Conference } from '../conference.svelte.ts';
import { ScreenCode } from './code.svelte.ts';
import { endVisit, noteVisit } from './visit.ts';

/** Media comes up within a second or two; a slow line and one try in vain are allowed for (ms). */
const MEDIA_WITHIN = 10_000;

/** What a hall is in, as its screen says it from afar. */
export type HallState =
  | 'connecting'
  | 'reconnecting'
  | 'refused'
  | 'waiting'
  | 'testing'
  | 'ready'
  | 'off'
  | 'on-stage'
  | 'on-air'
  | 'ended';

/** A hall in a conference: its seat, its camera and microphone, and what it is in. */
export class Hall {
  readonly conference: Conference;
  readonly devices: Devices;
  /** The page that everybody is shown. */
  readonly follow: Follow;
  /** What people scan here. */
  readonly code: ScreenCode;
  /** The panel where devices are chosen is open. */
  choosing = $state(false);
  /** The code is wanted in a corner while the conference runs. */
  codeShown = $state(false);
  readonly meeting: number;
  readonly point: number;
  readonly #stops: (() => void)[] = [];

  constructor(meeting: number, point: number, devices: Devices) {
    this.meeting = meeting;
    this.point = point;
    this.devices = devices;
    this.conference = new Conference(meeting, { as: 'hall', point });
    const { media, room, sound } = this.conference;
    this.follow = new Follow(room);
    this.code = new ScreenCode(meeting, point, room.channel.clock);
    // Names of devices are known after the first permission, and change with every plug.
    $effect(() => sound.speaker(devices.inUse('speaker')));
    $effect(() => this.#report());
    $effect(() => {
      const wanted = this.#devicesWanted;
      untrack(() => (wanted ? void devices.open() : devices.close()));
    });
    this.#stops.push(
      devices.onTrack('camera', (track) => void media.publish('camera', track)),
      devices.onTrack('microphone', (track) => {
        if (track) track.enabled = this.microphoneOpen;
        void media.publish('microphone', track);
      }),
      keepAwake(),
      room.onSnapshot(() => void this.#known()),
      () => this.follow.stop(),
      () => this.code.stop(),
    );
  }

  get own(): PointEntity | undefined {
    return this.conference.room.points.get(String(this.point));
  }

  /** What the hall itself asked, not one of its delegates from the own phone. */
  get request(): RequestEntity | undefined {
    return [...this.conference.room.requests.values()].find(
      ({ point_id, person_id }) => point_id === this.point && person_id === null,
    );
  }

  /** The clock of who speaks here. */
  get turn(): TurnEntity | undefined {
    return turnOf(this.conference.room, this.point);
  }

  /** Somebody here is among the next two to be called. */
  get soon(): boolean {
    const { room } = this.conference;
    const next = room.queue?.order.slice(0, 2) ?? [];
    return waiting(room).some(({ id, point_id }) => point_id === this.point && next.includes(id));
  }

  /** How many delegates are here, once there is somebody to count. */
  get turnout(): TurnoutEntity | undefined {
    return this.conference.room.collection('turnout').get(String(this.point)) as TurnoutEntity | undefined;
  }

  /** Called: this hall's sound goes to everyone. */
  readonly floor: boolean = $derived(this.own?.floor ?? false);

  readonly onStage: boolean = $derived.by(() => this.conference.room.stage?.stage?.point_id === this.point);

  /** Since when this hall speaks (ISO text). */
  readonly floorSince: string | undefined = $derived.by(
    () => this.conference.room.stage?.floor.find(({ point_id }) => point_id === this.point)?.since,
  );

  /** An operator listens before the hall goes on air. */
  readonly listenedTo: boolean = $derived.by(
    () => !this.floor && this.conference.media.demand.microphone === true,
  );

  /** Sound leaves this machine only when called or listened to; that nobody else hears it is the server's part. */
  readonly microphoneOpen: boolean = $derived(this.floor || this.listenedTo);

  /** Since when line or media are broken, in server time (ms): whichever broke first, until both are back. */
  readonly brokenSince: number | undefined = $derived.by(() => {
    const { room, media } = this.conference;
    const line = room.phase.name === 'cut' ? room.phase.since : Infinity;
    const since = Math.min(line, media.brokenSince ?? Infinity);
    return since === Infinity ? undefined : since + room.channel.clock.offset;
  });

  /** No picture and no sound since the hall came in, for longer than it takes when all is well. */
  readonly withoutMedia: boolean = $derived.by(() => {
    const { room, media } = this.conference;
    const since = media.missingSince;
    return since !== undefined && room.ticker.now - room.channel.clock.offset - since > MEDIA_WITHIN;
  });

  /** Why a hall that was called is not heard; undefined while it is. */
  readonly unheard: 'media' | 'microphone' | 'muted' | undefined = $derived.by(() => {
    if (!this.floor) return undefined;
    if (!this.conference.media.alive) return 'media';
    if (!this.devices.microphone) return 'microphone';
    return this.devices.muted.microphone ? 'muted' : undefined;
  });

  readonly state: HallState = $derived.by(() => {
    const { room, media } = this.conference;
    if (room.phase.name === 'refused') return 'refused';
    if (!room.known) return room.phase.name === 'cut' ? 'reconnecting' : 'connecting';
    const meeting = room.meeting?.state;
    if (meeting === 'ended') return 'ended';
    // While its sound still goes out the hall is on air, whatever the live channel does: nobody is heard unawares.
    const onAir = meeting === 'running' && this.floor && media.alive;
    if (this.brokenSince !== undefined && !onAir) return 'reconnecting';
    if (meeting === 'open') return this.own?.presence === 'ready' ? 'ready' : 'testing';
    if (meeting !== 'running') return 'waiting';
    if (this.floor) return 'on-air';
    return this.onStage ? 'on-stage' : 'off';
  });

  /** Before the opening and after the end a camera's lamp has no reason to burn. */
  readonly #devicesWanted: boolean = $derived.by(() => {
    const meeting = this.conference.room.meeting?.state;
    const idle = meeting !== undefined && meeting !== 'open' && meeting !== 'running';
    return !idle || this.choosing;
  });

  /** The console learns how camera and microphone are, whenever that is not what it knows. */
  #report(): void {
    const { room } = this.conference;
    const camera = this.devices.status('camera');
    const microphone = this.devices.status('microphone');
    const { own } = this;
    if (room.phase.name !== 'live' || !own || own.presence === 'absent' || this.devices.opening) return;
    if (own.camera !== camera || own.microphone !== microphone)
      room.command('hall.devices', { camera, microphone }).catch(() => undefined);
  }

  enter(): void {
    noteVisit(this.meeting, this.point);
    this.conference.start();
  }

  /** Leaves on purpose: the record says so, and a reload does not go back in. */
  async leave(): Promise<void> {
    endVisit();
    await this.conference.acts.run('hall.leave');
    this.close();
  }

  /** Pages may lie in this browser's store, which opens when it is known whose it is. A hall saves none ahead. */
  async #known(): Promise<void> {
    try {
      await device.belongTo(ownerOf(await answer(api.GET('/api/session'))));
    } catch {
      // The next snapshot asks again.
    }
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.conference.stop();
  }
}

export const [useHall, provideHall] = createContext<Hall>();
