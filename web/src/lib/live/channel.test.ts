import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  LiveChannel,
  type ChannelOptions,
  type Manner,
  OF_MEMBERS,
  OF_SEATED,
  type LinePhase,
  type Socket,
} from './channel.ts';
import { ServerClock } from './clock.ts';
import type { Event, Signal, Snapshot } from './types.ts';

class FakeSocket implements Socket {
  sent: { type: string; id?: number; name?: string }[] = [];
  closedWith: number | undefined | 'open' = 'open';
  onopen: WebSocket['onopen'] = null;
  onmessage: WebSocket['onmessage'] = null;
  onclose: WebSocket['onclose'] = null;
  onerror: WebSocket['onerror'] = null;
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close(code?: number) {
    this.closedWith = code;
  }
  says(message: object) {
    this.onmessage?.call(this as never, { data: JSON.stringify(message) } as MessageEvent);
  }
  drops(code = 1006, reason = '') {
    this.onclose?.call(this as never, { code, reason } as CloseEvent);
  }
  snapshot(seq: number) {
    this.says({
      type: 'snapshot',
      seq,
      now: new Date().toISOString(),
      participant: 'point-17',
      audience: 'hall',
      media: true,
      collections: {},
    });
  }
  event(seq: number) {
    this.says({ type: 'event', seq, at: '', kind: 'floor.given', actor: '', changes: [] });
  }
  get pings() {
    return this.sent.filter(({ type }) => type === 'ping').length;
  }
}

function setup(manner?: Manner, random = () => 0.5, url: ChannelOptions['url'] = 'ws://server/live') {
  const sockets: FakeSocket[] = [];
  const phases: LinePhase[] = [];
  const events: number[] = [];
  const snapshots: number[] = [];
  const signals: string[] = [];
  const channel = new LiveChannel({
    url,
    clock: new ServerClock(),
    random,
    manner,
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    handlers: {
      phase: (phase) => phases.push(phase),
      snapshot: (snapshot: Snapshot) => snapshots.push(snapshot.seq),
      event: (event: Event) => events.push(event.seq),
      signal: (signal: Signal) => signals.push(signal.kind),
    },
  });
  const last = () => sockets.at(-1)!;
  const phase = () => phases.at(-1)!;
  return { channel, sockets, phases, events, snapshots, signals, last, phase };
}

beforeEach(
  () =>
    void vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
    }),
);
afterEach(() => void vi.useRealTimers());

describe('live channel', () => {
  it('is live from the snapshot on and hands on events in order, each once', () => {
    const { channel, last, phase, events } = setup();
    channel.start();
    last().event(9);
    expect(phase().name).toBe('connecting');
    last().snapshot(10);
    expect(phase().name).toBe('live');
    last().event(10);
    last().event(11);
    last().event(14);
    last().event(14);
    last().event(12);
    expect(events).toEqual([11, 14]);
  });

  it('takes nothing from a socket that has been given up', () => {
    const { channel, sockets, events, last } = setup();
    channel.start();
    last().snapshot(1);
    const old = last();
    old.drops();
    vi.advanceTimersByTime(300);
    last().snapshot(5);
    old.event(6);
    old.drops(4409);
    last().event(6);
    expect(sockets).toHaveLength(2);
    expect(events).toEqual([6]);
  });

  it('comes back after waits that grow to two seconds at most, and starts anew after a success', () => {
    const { channel, sockets, last } = setup();
    channel.start();
    last().snapshot(1);
    for (const wait of [300, 500, 900, 1100, 1100]) {
      const before = sockets.length;
      last().drops();
      vi.advanceTimersByTime(wait - 1);
      expect(sockets).toHaveLength(before);
      vi.advanceTimersByTime(1);
      expect(sockets).toHaveLength(before + 1);
    }
    last().snapshot(2);
    last().drops();
    vi.advanceTimersByTime(300);
    expect(sockets).toHaveLength(7);
  });

  it('says since when the line is cut, through all attempts', () => {
    const { channel, last, phase } = setup();
    channel.start();
    last().snapshot(1);
    const since = Date.now();
    last().drops();
    vi.advanceTimersByTime(300);
    last().drops();
    expect(phase()).toEqual({ name: 'cut', since });
  });

  it('finds a dead line by a pong that does not come', () => {
    const { channel, sockets, last, phase } = setup();
    channel.start();
    last().snapshot(1);
    last().says({ type: 'pong', now: new Date().toISOString() });
    vi.advanceTimersByTime(5_000);
    expect(last().pings).toBe(2);
    vi.advanceTimersByTime(5_999);
    expect(phase().name).toBe('live');
    vi.advanceTimersByTime(1);
    expect(phase().name).toBe('cut');
    vi.advanceTimersByTime(300);
    expect(sockets).toHaveLength(2);
  });

  it('asks less often where it is told so: twelve thousand members', () => {
    const { channel, last, phase } = setup(OF_MEMBERS);
    channel.start();
    last().snapshot(1);
    for (let second = 0; second < 60; second++) {
      last().says({ type: 'pong', now: new Date().toISOString() });
      vi.advanceTimersByTime(1_000);
    }
    expect(last().pings).toBe(4);
    expect(phase().name).toBe('live');
    vi.advanceTimersByTime(20_000 + 6_000);
    expect(phase().name).toBe('cut');
  });

  it('stays on a line whose pongs come', () => {
    const { channel, sockets, last } = setup();
    channel.start();
    last().snapshot(1);
    for (let second = 0; second < 60; second++) {
      last().says({ type: 'pong', now: new Date().toISOString() });
      vi.advanceTimersByTime(1_000);
    }
    expect(sockets).toHaveLength(1);
  });

  it('gives up a socket that brings no snapshot', () => {
    const { channel, sockets } = setup();
    channel.start();
    vi.advanceTimersByTime(5_300);
    expect(sockets).toHaveLength(2);
  });

  it('answers commands by their replies, refusals included', async () => {
    const { channel, last } = setup();
    channel.start();
    last().snapshot(1);
    const given = channel.command('floor.give', { point_id: 3 });
    const refused = channel.command('floor.give', { point_id: 4 });
    const [first, second] = last().sent.filter(({ type }) => type === 'command');
    last().says({
      type: 'reply',
      id: second!.id,
      ok: false,
      data: {},
      error: { code: 'lost', vi: 'Điểm cầu đang mất kết nối.', en: 'Lost.', details: {} },
    });
    last().says({ type: 'reply', id: first!.id, ok: true, data: { floor: 3 }, error: null });
    await expect(given).resolves.toEqual({ floor: 3 });
    await expect(refused).rejects.toMatchObject({ code: 'lost' });
  });

  it('fails commands honestly: no line, line cut meanwhile, no answer', async () => {
    const { channel, last } = setup();
    channel.start();
    await expect(channel.command('hand.raise')).rejects.toMatchObject({ code: 'offline' });
    last().snapshot(1);
    const cut = channel.command('hand.raise');
    last().drops();
    await expect(cut).rejects.toMatchObject({ code: 'cut' });
    vi.advanceTimersByTime(300);
    last().snapshot(2);
    const late = expect(channel.command('hand.raise', {}, 1_000)).rejects.toMatchObject({ code: 'late' });
    vi.advanceTimersByTime(1_000);
    await late;
  });

  it('does not fight over a hall that was opened elsewhere, but takes it back when asked', () => {
    const { channel, sockets, last, phase } = setup();
    channel.start();
    last().snapshot(1);
    last().drops(4409);
    expect(phase()).toEqual({ name: 'refused', code: 4409 });
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(1);
    channel.start();
    last().snapshot(2);
    expect(phase().name).toBe('live');
  });

  it('takes a hall over only when somebody says so, and comes in by itself when the other page has gone', () => {
    const urls: string[] = [];
    const { channel, sockets, last, phase } = setup(undefined, undefined, (take) => {
      urls.push(take ? 'take' : 'ask');
      return 'ws://server/live';
    });
    channel.start();
    last().drops(4410);
    // Perhaps this page's own former socket.
    expect(phase().name).toBe('connecting');
    vi.advanceTimersByTime(1_000);
    last().drops(4410);
    expect(phase()).toEqual({ name: 'refused', code: 4410 });
    vi.advanceTimersByTime(4_600);
    expect(phase()).toEqual({ name: 'refused', code: 4410 });
    expect(sockets).toHaveLength(3);
    last().snapshot(1);
    expect(phase().name).toBe('live');
    last().drops(4409);
    channel.takeOver();
    last().snapshot(2);
    expect(phase().name).toBe('live');
    expect(urls).toEqual(['ask', 'ask', 'ask', 'take']);
  });

  it('is not put out by its own earlier socket, let in late by a busy server', () => {
    const { channel, sockets, last, phase } = setup();
    channel.start();
    vi.advanceTimersByTime(5_000); // no snapshot: given up
    vi.advanceTimersByTime(300);
    last().snapshot(1);
    last().drops(4409);
    expect(phase().name).toBe('cut');
    vi.advanceTimersByTime(500);
    last().snapshot(2);
    expect(phase().name).toBe('live');
    expect(sockets).toHaveLength(3);
  });

  it('asks again slowly after a refusal that may be lifted', () => {
    const { channel, sockets, last } = setup();
    channel.start();
    last().drops(4403);
    vi.advanceTimersByTime(14_999);
    expect(sockets).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(sockets).toHaveLength(2);
  });

  it('does not wait for its timer when the network is said to be back', () => {
    const page = new EventTarget();
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
    const { channel, sockets, last } = setup();
    channel.start();
    last().snapshot(1);
    last().drops();
    page.dispatchEvent(new globalThis.Event('online'));
    expect(sockets).toHaveLength(2);
    channel.stop();
    vi.unstubAllGlobals();
  });

  it('takes silence for a page that slept, not for a refusal', () => {
    const { channel, sockets, last, phases, phase } = setup(OF_MEMBERS);
    channel.start();
    last().snapshot(1);
    last().drops(4408);
    expect(phase().name).toBe('cut');
    vi.advanceTimersByTime(1_000);
    expect(sockets).toHaveLength(2);
    last().snapshot(2);
    expect(phase().name).toBe('live');
    expect(phases.map(({ name }) => name)).not.toContain('refused');
  });

  it('waits while nobody looks at a page that fell silent, and comes back as it is shown', () => {
    const page = new EventTarget();
    const document = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
    vi.stubGlobal('document', document);
    const { channel, sockets, last } = setup(OF_MEMBERS);
    channel.start();
    last().snapshot(1);
    last().drops(4408);
    vi.advanceTimersByTime(3_000);
    expect(sockets).toHaveLength(1);
    document.visibilityState = 'visible';
    document.dispatchEvent(new globalThis.Event('visibilitychange'));
    expect(sockets).toHaveLength(2);
    channel.stop();
    vi.unstubAllGlobals();
  });

  it('comes back and is found dead as fast as a hall while it is kept like one', () => {
    const { channel, sockets, last } = setup(OF_MEMBERS);
    channel.start();
    last().snapshot(1);
    channel.keep(OF_SEATED);
    vi.advanceTimersByTime(5_000);
    expect(last().pings).toBe(2);
    last().drops();
    vi.advanceTimersByTime(300);
    expect(sockets).toHaveLength(2);
    last().snapshot(2);
    channel.keep(OF_MEMBERS);
    last().drops();
    vi.advanceTimersByTime(4_499);
    expect(sockets).toHaveLength(2);
  });

  it('stays away as long as the server says', () => {
    const { channel, sockets, last } = setup();
    channel.start();
    last().snapshot(1);
    last().drops(1012, 'retry-after=8');
    vi.advanceTimersByTime(8_249);
    expect(sockets).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(sockets).toHaveLength(2);
  });

  it('brings twelve thousand members back spread over a quarter of a minute', () => {
    let seed = 7;
    const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const all = Array.from({ length: 2_000 }, () => setup(OF_MEMBERS, random));
    for (const { channel, last } of all) {
      channel.start();
      last().snapshot(1);
      last().drops();
    }
    // Nobody answers yet: each try fails at once.
    const came: number[] = [];
    for (let second = 0; second < 60; second++) {
      const before = all.map(({ sockets }) => sockets.length);
      vi.advanceTimersByTime(1_000);
      const now = all.filter(({ sockets }, at) => sockets.length > (before[at] ?? 0));
      for (const { last } of now) last().drops();
      came.push(now.length);
    }
    expect(came[0]).toBeLessThan(20);
    for (const each of came.slice(1)) expect(each).toBeLessThan(2_000 / 4);
    for (const { sockets } of all) expect(sockets.length).toBeGreaterThan(60 / 16);
    for (const { channel } of all) channel.stop();
  });

  it('stays stopped', () => {
    const { channel, sockets, last, phase } = setup();
    channel.start();
    last().snapshot(1);
    channel.stop();
    expect(last().closedWith).toBe(1000);
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(1);
    expect(phase().name).toBe('stopped');
  });
});
