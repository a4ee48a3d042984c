import { SvelteMap } from 'svelte/reactivity';
import { liveUrl, type Seat } from './address.ts';
import { servedBuild } from './build.svelte.ts';
import { LiveChannel, OF_MEMBERS, OF_SEATED, type LinePhase, type Socket } from './channel.ts';
import { randomName } from './name.ts';
import { applyChange, applySnapshot, type Store } from './reducer.ts';
import { Ticker } from './ticker.svelte.ts';
import type {
  AgendaItemEntity,
  Audience,
  BallotEntity,
  Collections,
  CommandName,
  Commands,
  Event,
  LinkFigures,
  MeetingEntity,
  MessageEntity,
  PointEntity,
  ProgressEntity,
  QueueEntity,
  RequestEntity,
  RollAnswerEntity,
  RollCallEntity,
  Signal,
  Snapshot,
  SpokenEntity,
  StageEntity,
  TurnEntity,
  UnitEntity,
} from './types.ts';

export type RoomSeat = Exclude<Seat, { as: 'desk' }>;

export interface RoomOptions {
  meeting: number;
  seat: RoomSeat;
  /** Opens the socket; tests bring their own. */
  open?: (url: string) => Socket;
}

type SignalListener = (data: Record<string, unknown>) => void;

/**
 * One meeting as this client may see it, kept current by the live channel. Each entity is its own
 * reactive cell: an event for one point redraws that point and nothing else.
 */
export class LiveRoom {
  readonly channel: LiveChannel;
  readonly ticker: Ticker;
  readonly seat: RoomSeat;

  phase = $state.raw<LinePhase>({ name: 'connecting' });
  /** False until the first snapshot; stays true through cuts, what is known stays on screen. */
  known = $state(false);
  participant = $state('');
  audience = $state<Audience>('member');
  /** A media node is there, as the last snapshot or `media-node` signal said. */
  mediaUp = $state(false);
  /** By which media gets through where a firewall lets nothing out to the node: as of the last snapshot. */
  relays: RTCIceServer[] = [];
  /** The hall's own line. */
  link = $state.raw<LinkFigures | undefined>();
  /** The consoles' view of all lines, key = point id. */
  readonly links = new SvelteMap<string, LinkFigures>();

  readonly #collections: { [name in keyof Collections]: SvelteMap<string, Collections[name]> } = {
    meeting: new SvelteMap(),
    agenda: new SvelteMap(),
    units: new SvelteMap(),
    points: new SvelteMap(),
    stage: new SvelteMap(),
    library: new SvelteMap(),
    conversion: new SvelteMap(),
    presentation: new SvelteMap(),
    turnout: new SvelteMap(),
    messages: new SvelteMap(),
    'roll-call': new SvelteMap(),
    'roll-answers': new SvelteMap(),
    requests: new SvelteMap(),
    queue: new SvelteMap(),
    speaking: new SvelteMap(),
    spoken: new SvelteMap(),
    ballots: new SvelteMap(),
    'ballots-planned': new SvelteMap(),
    'ballot-progress': new SvelteMap(),
  };
  readonly #others = new Map<string, SvelteMap<string, unknown>>();
  readonly #onSignal = new Map<string, Set<SignalListener>>();
  readonly #onEvent = new Set<(event: Event) => void>();
  readonly #onSnapshot = new Set<(snapshot: Snapshot) => void>();
  readonly #store: Store = {
    of: (name) => this.collection(name),
    names: () => [...Object.keys(this.#collections), ...this.#others.keys()],
  };

  constructor(options: RoomOptions) {
    this.seat = options.seat;
    this.channel = new LiveChannel({
      url:
        options.seat.as === 'hall'
          ? hallUrl(options.meeting, options.seat)
          : liveUrl(options.meeting, options.seat),
      open: options.open,
      manner: options.seat.as === 'member' ? OF_MEMBERS : undefined,
      handlers: {
        phase: (phase) => (this.phase = phase),
        snapshot: (snapshot) => this.#begin(snapshot),
        event: (event) => this.#apply(event),
        signal: (signal) => this.#hear(signal),
      },
    });
    this.ticker = new Ticker(this.channel.clock);
  }

  start(): void {
    this.ticker.start();
    this.channel.start();
  }

  /** Takes the hall over from the page that has it now. */
  takeOver(): void {
    this.ticker.start();
    this.channel.takeOver();
  }

  stop(): void {
    this.ticker.stop();
    this.channel.stop();
  }

  /** While everybody looks at what this client shows, it comes back as halls do, not in the turn of a crowd that only watches. */
  showsToAll(on: boolean): void {
    this.channel.keep(on || this.seat.as !== 'member' ? OF_SEATED : OF_MEMBERS);
  }

  /** How many follow beside the halls; only consoles are told. */
  watching = $state(0);

  get meeting(): MeetingEntity | undefined {
    return this.#collections.meeting.get('');
  }

  get stage(): StageEntity | undefined {
    return this.#collections.stage.get('');
  }

  /** Calls for help, words to halls, the line to everybody: those that are open, as far as one may see them. */
  readonly messages: MessageEntity[] = $derived(
    [...this.#collections.messages.values()].sort((a, b) => a.id - b.id),
  );

  /** What is or was put to the vote, in that order. */
  readonly ballots: BallotEntity[] = $derived(
    [...this.#collections.ballots.values()].sort((a, b) => a.id - b.id),
  );

  /** Prepared, for consoles alone. */
  readonly plannedBallots: BallotEntity[] = $derived(
    [...this.#collections['ballots-planned'].values()].sort((a, b) => a.id - b.id),
  );

  /** How many have voted by device, by ballot and point ("7:all" is the whole). */
  get ballotProgress(): ReadonlyMap<string, ProgressEntity> {
    return this.#collections['ballot-progress'];
  }

  /** The roll call under way, or the last one. */
  get rollCall(): RollCallEntity | undefined {
    return this.#collections['roll-call'].get('');
  }

  /** Who was called and has answered, as far as one may see it: consoles all, a hall its own. */
  get rollAnswers(): ReadonlyMap<string, RollAnswerEntity> {
    return this.#collections['roll-answers'];
  }

  /** Who asks to speak, as far as one may see it: consoles all, a hall its own. */
  get requests(): ReadonlyMap<string, RequestEntity> {
    return this.#collections.requests;
  }

  get queue(): QueueEntity | undefined {
    return this.#collections.queue.get('');
  }

  /** Whose clocks run, or stand. */
  get turns(): TurnEntity[] {
    return this.#collections.speaking.get('')?.turns ?? [];
  }

  get spoken(): ReadonlyMap<string, SpokenEntity> {
    return this.#collections.spoken;
  }

  get points(): ReadonlyMap<string, PointEntity> {
    return this.#collections.points;
  }

  get units(): ReadonlyMap<string, UnitEntity> {
    return this.#collections.units;
  }

  readonly agenda: AgendaItemEntity[] = $derived(
    [...this.#collections.agenda.values()].sort((a, b) => a.position - b.position),
  );

  readonly currentItem: AgendaItemEntity | undefined = $derived(
    this.agenda.find((item) => item.state === 'current'),
  );

  /** Any collection by name, also those a later feature adds. */
  collection(name: string): SvelteMap<string, unknown> {
    if (name in this.#collections)
      return this.#collections[name as keyof Collections] as SvelteMap<string, unknown>;
    let entities = this.#others.get(name);
    if (!entities) this.#others.set(name, (entities = new SvelteMap()));
    return entities;
  }

  /** Sends a command; see LiveChannel.command. */
  command<Name extends CommandName>(name: Name, data?: Partial<Commands[Name]['data']>, within?: number) {
    return this.channel.command(name, data, within);
  }

  /** Listens to a kind of signal; returns how to stop. */
  onSignal(kind: string, listener: SignalListener): () => void {
    const listeners = this.#onSignal.get(kind) ?? new Set();
    this.#onSignal.set(kind, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Listens to every event after it was applied; returns how to stop. */
  onEvent(listener: (event: Event) => void): () => void {
    this.#onEvent.add(listener);
    return () => this.#onEvent.delete(listener);
  }

  /** Listens to every snapshot after it was applied: the first, and one after each cut. */
  onSnapshot(listener: (snapshot: Snapshot) => void): () => void {
    this.#onSnapshot.add(listener);
    return () => this.#onSnapshot.delete(listener);
  }

  #begin(snapshot: Snapshot): void {
    this.participant = snapshot.participant;
    if (snapshot.audience !== 'desk') this.audience = snapshot.audience;
    this.mediaUp = snapshot.media;
    this.relays = snapshot.relays ?? [];
    servedBuild.told(snapshot.build);
    applySnapshot(this.#store, snapshot);
    this.known = true;
    for (const listener of this.#onSnapshot) listener(snapshot);
  }

  #apply(event: Event): void {
    for (const change of event.changes) applyChange(this.#store, change);
    for (const listener of this.#onEvent) listener(event);
  }

  #hear({ kind, data }: Signal): void {
    if (kind === 'links') this.#takeLinks(data.points as Record<string, LinkFigures>);
    else if (kind === 'link') this.link = data as unknown as LinkFigures;
    else if (kind === 'watching') this.watching = data.people as number;
    else if (kind === 'media-node') this.mediaUp = data.up === true;
    for (const listener of this.#onSignal.get(kind) ?? []) listener(data);
  }

  #takeLinks(points: Record<string, LinkFigures>): void {
    for (const key of [...this.links.keys()]) if (!(key in points)) this.links.delete(key);
    for (const [key, figures] of Object.entries(points)) this.links.set(key, figures);
  }
}

/** A page names itself, so that the server tells its return after a cut from a second machine. */
function hallUrl(meeting: number, seat: RoomSeat): (take: boolean) => string {
  const device = randomName();
  return (take) => `${liveUrl(meeting, seat)}&device=${device}${take ? '&take=true' : ''}`;
}
