import { Backoff, MEMBERS, SEATED, spread, type Waits } from './backoff.ts';
import { ServerClock } from './clock.ts';
import { CommandError, cut, late, offline } from './errors.ts';
import type {
  ClientMessage,
  CommandName,
  Commands,
  Event,
  Reply,
  ServerMessage,
  Signal,
  Snapshot,
} from './types.ts';

/** How the line stands. `refused` names the close code: 4401, 4403, 4404, 4409 or 4410. */
export type LinePhase =
  | { name: 'connecting' }
  | { name: 'live' }
  | { name: 'cut'; since: number }
  | { name: 'refused'; code: number }
  | { name: 'stopped' };

/** What the channel tells its owner. */
export interface ChannelHandlers {
  phase(phase: LinePhase): void;
  snapshot(snapshot: Snapshot): void;
  event(event: Event): void;
  signal(signal: Signal): void;
}

/** The part of WebSocket that is used, so that tests can bring their own. */
export type Socket = Pick<WebSocket, 'send' | 'close' | 'onopen' | 'onmessage' | 'onclose' | 'onerror'>;

export interface ChannelOptions {
  /** `take`: somebody said that this page takes its seat from the page that has it. Given as a function for halls only. */
  url: string | ((take: boolean) => string);
  handlers: ChannelHandlers;
  clock?: ServerClock;
  open?: (url: string) => Socket;
  random?: () => number;
  /** Halls and consoles by default. */
  manner?: Manner;
}

/** How a client of a kind keeps its line. Times in ms. */
export interface Manner {
  pingEvery: number;
  /** A server that takes in thousands at once is slow to answer the last of them: who gave up and came again would be more load. */
  snapshotWithin: number;
  waits: Waits;
  /** When the network is said to be back for everybody at once, they come within so long. */
  rush: number;
}

export const OF_SEATED: Manner = { pingEvery: 5_000, snapshotWithin: 5_000, waits: SEATED, rush: 0 };
export const OF_MEMBERS: Manner = { pingEvery: 20_000, snapshotWithin: 20_000, waits: MEMBERS, rush: 1_500 };

interface Waiting {
  resolve(data: Record<string, unknown>): void;
  reject(error: CommandError): void;
  timer: ReturnType<typeof setTimeout>;
}

const PONG_WITHIN = 6_000;
const PROBE_WITHIN = 2_500;
const COMMAND_WITHIN = 8_000;
/** A refusal may be lifted (rights given, meeting restored): ask again slowly, nobody has to press anything. */
const REFUSED_RETRY = [12_000, 18_000] as const;
/** The server heard nothing for too long: this page slept. It is no refusal, and the line is to be had at once. */
const SILENT = 4408;
const REPLACED = 4409;
const OCCUPIED = 4410;
/** Another page has the hall. When it has gone this one comes (back) in, without anybody's doing. */
const OCCUPIED_RETRY = [3_000, 4_500] as const;
/** A page that was reloaded may meet its own former socket, which is about to end. */
const OWN_GHOST = 800;
/** A server that closes (1012, 1013: RFC 6455 section 7.4.2, IANA's registry) may say how long to stay away, in seconds. */
const STAY_AWAY = /retry-after=(\d+(?:\.\d+)?)/;
/** A busy server may let in a socket that we gave up on after its successor: that one's 4409 is an echo of our own. */
const ECHO_WITHIN = 15_000;

/**
 * The live channel of one meeting: one WebSocket that stays up. Every (re)connect begins with a
 * snapshot; events follow in order, each once; commands are promises.
 */
export class LiveChannel {
  readonly clock: ServerClock;
  readonly #options: ChannelOptions;
  #backoff: Backoff;
  #manner: Manner;
  readonly #waiting = new Map<number, Waiting>();
  #socket: Socket | undefined;
  #live = false;
  #seq = -1;
  #nextId = 1;
  #cutSince: number | undefined;
  #gaveUpAt = -Infinity;
  #running = false;
  #take = false;
  /** How often in a row the hall was found taken. */
  #met = 0;
  #pingSent: number | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #ping: ReturnType<typeof setInterval> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.clock = options.clock ?? new ServerClock();
    this.#manner = options.manner ?? OF_SEATED;
    this.#backoff = new Backoff(this.#manner.waits, options.random);
  }

  /** Keeps the line in another manner from now on. */
  keep(manner: Manner): void {
    if (manner === this.#manner) return;
    this.#manner = manner;
    this.#backoff = new Backoff(manner.waits, this.#options.random);
    if (this.#live) this.#pingRegularly();
  }

  /** Takes the hall over from the page that has it (after a 4409 or 4410). */
  takeOver(): void {
    this.#take = true;
    this.start();
  }

  /** Connects and stays connected until `stop`. */
  start(): void {
    if (!this.#running) {
      this.#running = true;
      globalThis.addEventListener?.('online', this.#hurry);
      globalThis.document?.addEventListener('visibilitychange', this.#hurry);
    }
    this.#backoff.reset();
    this.#connect();
  }

  stop(): void {
    this.#running = false;
    globalThis.removeEventListener?.('online', this.#hurry);
    globalThis.document?.removeEventListener('visibilitychange', this.#hurry);
    this.#drop(1000);
    this.#options.handlers.phase({ name: 'stopped' });
  }

  /**
   * Sends a command; resolves with the reply's data.
   * Rejects with a CommandError: the server's refusal, or `offline`, `cut`, `late`.
   */
  command<Name extends CommandName>(
    name: Name,
    data: Partial<Commands[Name]['data']> = {},
    within = COMMAND_WITHIN,
  ): Promise<Commands[Name]['reply']> {
    if (!this.#live) return Promise.reject(offline());
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(late());
      }, within);
      // The protocol pairs each name with its reply's shape.
      const answer = (reply: Record<string, unknown>) => resolve(reply as Commands[Name]['reply']);
      this.#waiting.set(id, { resolve: answer, reject, timer });
      this.#send({ type: 'command', id, name, data });
    });
  }

  #connect(): void {
    this.#drop();
    if (!this.#running) return;
    if (this.#cutSince === undefined && this.#met <= 1) this.#options.handlers.phase({ name: 'connecting' });
    const socket = (this.#options.open ?? ((url) => new WebSocket(url)))(this.#address());
    this.#socket = socket;
    this.#expect(this.#manner.snapshotWithin);
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) this.#receive(JSON.parse(String(data)) as ServerMessage);
    };
    socket.onclose = ({ code, reason }) => {
      if (socket === this.#socket) this.#closed(code, reason);
    };
  }

  #address(): string {
    const { url } = this.#options;
    if (typeof url === 'string') return url;
    return url(this.#take);
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case 'snapshot':
        return this.#begin(message);
      case 'event':
        if (!this.#live || message.seq <= this.#seq) return;
        this.#seq = message.seq;
        return this.#options.handlers.event(message);
      case 'signal':
        if (this.#live) this.#options.handlers.signal(message);
        return;
      case 'reply':
        return this.#settle(message);
      case 'pong':
        clearTimeout(this.#deadline);
        if (this.#pingSent !== undefined) this.clock.sample(message.now, performance.now() - this.#pingSent);
        this.#pingSent = undefined;
    }
  }

  #begin(snapshot: Snapshot): void {
    clearTimeout(this.#deadline);
    this.clock.sample(snapshot.now);
    this.#take = false;
    this.#met = 0;
    this.#seq = snapshot.seq;
    this.#live = true;
    this.#cutSince = undefined;
    this.#backoff.reset();
    this.#pingRegularly();
    this.#options.handlers.phase({ name: 'live' });
    this.#options.handlers.snapshot(snapshot);
    this.#probe(PONG_WITHIN);
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    if (!waiting) return;
    this.#waiting.delete(reply.id);
    clearTimeout(waiting.timer);
    if (reply.ok) waiting.resolve(reply.data ?? {});
    else waiting.reject(new CommandError(reply.error ?? late().body));
  }

  #pingRegularly(): void {
    clearInterval(this.#ping);
    this.#ping = setInterval(() => this.#probe(PONG_WITHIN), this.#manner.pingEvery);
  }

  /** Asks for a pong. A question still open keeps its own deadline, or a dead line would never be found dead. */
  #probe(within: number): void {
    if (this.#pingSent === undefined) this.#expect(within);
    this.#pingSent ??= performance.now();
    this.#send({ type: 'ping' });
  }

  /** Without a sign of life within that time the line counts as dead, whatever the browser still believes. */
  #expect(within: number): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => {
      this.#gaveUpAt = Date.now();
      this.#drop();
      this.#closed(1006);
    }, within);
  }

  #send(message: ClientMessage): void {
    try {
      this.#socket?.send(JSON.stringify(message));
    } catch {
      // A socket that is closing throws; its close event follows and heals.
    }
  }

  #closed(code: number, reason = ''): void {
    this.#drop();
    if (!this.#running) return;
    const { phase } = this.#options.handlers;
    const echo = code === REPLACED && Date.now() - this.#gaveUpAt < ECHO_WITHIN;
    if (code >= 4400 && code < 4500 && code !== SILENT && !echo) {
      const politely = typeof this.#options.url !== 'string';
      if (code === OCCUPIED && this.#met++ === 0) return this.#again(OWN_GHOST);
      this.#cutSince = undefined;
      this.#take = false;
      phase({ name: 'refused', code });
      if (code === OCCUPIED || (code === REPLACED && politely))
        this.#again(spread(...OCCUPIED_RETRY, this.#options.random ?? Math.random));
      else if (code !== REPLACED) this.#again(spread(...REFUSED_RETRY, this.#options.random ?? Math.random));
      return;
    }
    this.#cutSince ??= Date.now();
    phase({ name: 'cut', since: this.#cutSince });
    const told = STAY_AWAY.exec(reason)?.[1];
    // A page that nobody looks at would only fall silent again: it comes back when it is shown, or in its turn.
    const slept = code === SILENT && globalThis.document?.visibilityState !== 'hidden';
    if (told !== undefined) this.#again(this.#backoff.told(Number(told) * 1_000));
    else this.#again(slept ? this.#rush() : this.#backoff.next());
  }

  #again(wait: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), wait);
  }

  #rush(): number {
    return spread(0, this.#manner.rush, this.#options.random ?? Math.random);
  }

  #drop(code?: number): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#deadline);
    clearInterval(this.#ping);
    this.#retry = undefined;
    this.#pingSent = undefined;
    this.#live = false;
    const socket = this.#socket;
    this.#socket = undefined;
    try {
      socket?.close(code);
    } catch {
      // Closing a socket that never opened may throw; it is gone either way.
    }
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(cut());
    }
    this.#waiting.clear();
  }

  /** The network is said to be back, or somebody looks at the page again: do not wait for timers. */
  readonly #hurry = ({ type }: { type: string }) => {
    if (globalThis.document?.visibilityState === 'hidden') return;
    if (this.#live) {
      this.#pingSent = undefined;
      this.#probe(PROBE_WITHIN);
    } else if (this.#retry !== undefined) {
      this.#backoff.reset();
      if (type === 'online' && this.#manner.rush > 0) this.#again(this.#rush());
      else this.#connect();
    }
  };
}
