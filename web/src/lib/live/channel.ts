import { Backoff } from './backoff.ts';
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

/** How the line stands. `refused` names the close code: 4401, 4403, 4404 or 4409. */
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
  url: string;
  handlers: ChannelHandlers;
  clock?: ServerClock;
  open?: (url: string) => Socket;
  random?: () => number;
  /** Milliseconds between pings: halls and consoles by default; twelve thousand members ask less often. */
  pingEvery?: number;
}

interface Waiting {
  resolve(data: Record<string, unknown>): void;
  reject(error: CommandError): void;
  timer: ReturnType<typeof setTimeout>;
}

const PING_EVERY = 5_000;
export const MEMBERS_PING_EVERY = 20_000;
const PONG_WITHIN = 6_000;
const PROBE_WITHIN = 2_500;
const SNAPSHOT_WITHIN = 5_000;
const COMMAND_WITHIN = 8_000;
/** A refusal may be lifted (rights given, meeting restored): ask again slowly, nobody has to press anything. */
const REFUSED_RETRY = 15_000;
const REPLACED = 4409;
/** A busy server may let in a socket that we gave up on after its successor: that one's 4409 is an echo of our own. */
const ECHO_WITHIN = 15_000;

/**
 * The live channel of one meeting: one WebSocket that stays up. Every (re)connect begins with a
 * snapshot; events follow in order, each once; commands are promises.
 */
export class LiveChannel {
  readonly clock: ServerClock;
  readonly #options: ChannelOptions;
  readonly #backoff: Backoff;
  readonly #waiting = new Map<number, Waiting>();
  #socket: Socket | undefined;
  #live = false;
  #seq = -1;
  #nextId = 1;
  #cutSince: number | undefined;
  #gaveUpAt = -Infinity;
  #running = false;
  #pingSent: number | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #ping: ReturnType<typeof setInterval> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.clock = options.clock ?? new ServerClock();
    this.#backoff = new Backoff(options.random);
  }

  /** Connects and stays connected until `stop`. Also takes the hall back after a 4409. */
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
    if (this.#cutSince === undefined) this.#options.handlers.phase({ name: 'connecting' });
    const socket = (this.#options.open ?? ((url) => new WebSocket(url)))(this.#options.url);
    this.#socket = socket;
    this.#expect(SNAPSHOT_WITHIN);
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) this.#receive(JSON.parse(String(data)) as ServerMessage);
    };
    socket.onclose = ({ code }) => {
      if (socket === this.#socket) this.#closed(code);
    };
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
    this.#seq = snapshot.seq;
    this.#live = true;
    this.#cutSince = undefined;
    this.#backoff.reset();
    clearInterval(this.#ping);
    this.#ping = setInterval(() => this.#probe(PONG_WITHIN), this.#options.pingEvery ?? PING_EVERY);
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

  #closed(code: number): void {
    this.#drop();
    if (!this.#running) return;
    const { phase } = this.#options.handlers;
    const echo = code === REPLACED && Date.now() - this.#gaveUpAt < ECHO_WITHIN;
    if (code >= 4400 && code < 4500 && !echo) {
      this.#cutSince = undefined;
      phase({ name: 'refused', code });
      if (code !== REPLACED) this.#retry = setTimeout(() => this.#connect(), REFUSED_RETRY);
      return;
    }
    this.#cutSince ??= Date.now();
    phase({ name: 'cut', since: this.#cutSince });
    this.#retry = setTimeout(() => this.#connect(), this.#backoff.next());
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
  readonly #hurry = () => {
    if (globalThis.document?.visibilityState === 'hidden') return;
    if (this.#live) {
      this.#pingSent = undefined;
      this.#probe(PROBE_WITHIN);
    } else if (this.#retry !== undefined) {
      this.#backoff.reset();
      this.#connect();
    }
  };
}
