import { every } from '#lib/api/refresh.ts';
import { liveUrl } from '#lib/live/address.ts';
import { servedBuild } from '#lib/live/build.svelte.ts';
import { LiveChannel, OF_MEMBERS, type Socket } from '#lib/live/channel.ts';

/** What somebody may have changed: the first word of the audit log's name for it. */
export type Noun =
  | 'meeting'
  | 'agenda'
  | 'delegate'
  | 'nomination'
  | 'link'
  | 'letter'
  | 'reply'
  | 'access'
  | 'device'
  | 'paper'
  | 'point'
  | 'people'
  | 'attendance'
  | 'ballot';

interface Follower {
  nouns: ReadonlySet<string>;
  run: () => void;
  gap: number;
  due: boolean;
  last: number;
  timer?: ReturnType<typeof setTimeout>;
}

/** While the line is up, what it may have failed to tell is asked for so seldom. */
const heals = 120_000;

/**
 * What others change in a meeting while its pages are open. Whoever may have a console is told at once; everybody else,
 * and everybody while the line is cut, asks again every so often.
 */
export class MeetingChanges {
  /** `off`: this person is not told. `cut`: they were, and are not now. */
  line = $state<'off' | 'live' | 'cut'>('off');
  readonly #meeting: number;
  readonly #open: ((url: string) => Socket) | undefined;
  readonly #followers = new Set<Follower>();
  #channel: LiveChannel | undefined;

  constructor(meeting: number, open?: (url: string) => Socket) {
    this.#meeting = meeting;
    this.#open = open;
  }

  start(): void {
    if (this.#channel) return;
    this.#channel = new LiveChannel({
      url: liveUrl(this.#meeting, { as: 'desk' }),
      open: this.#open,
      manner: OF_MEMBERS,
      handlers: {
        phase: ({ name }) => {
          if (name === 'live') this.line = 'live';
          else if (name === 'refused' || name === 'stopped') this.line = 'off';
          else if (name === 'cut') this.line = 'cut';
        },
        snapshot: ({ build }) => {
          servedBuild.told(build);
          // What was changed before this moment nobody has told.
          this.#tell(() => true);
        },
        event: () => undefined,
        signal: ({ kind, data }) => {
          if (kind !== 'changed') return;
          const nouns = data.nouns as string[];
          this.#tell((follower) => nouns.some((noun) => follower.nouns.has(noun)));
        },
      },
    });
    this.#channel.start();
  }

  stop(): void {
    this.#channel?.stop();
    this.#channel = undefined;
    this.line = 'off';
  }

  /**
   * Calls `run` when one of `nouns` was changed, at most once in `gap` ms, and as soon as the page is looked at again;
   * without a line every `otherwise` ms. `always`: every `otherwise` ms in any case, where not all of it is told.
   * Call in an effect; returns what stops it.
   */
  follow(
    nouns: readonly Noun[],
    run: () => void,
    {
      otherwise = 20_000,
      gap = 0,
      always = false,
    }: { otherwise?: number; gap?: number; always?: boolean } = {},
  ): () => void {
    const follower: Follower = { nouns: new Set(nouns), run, gap, due: false, last: -Infinity };
    this.#followers.add(follower);
    const seen = () => document.visibilityState === 'visible' && follower.due && this.#run(follower);
    document.addEventListener('visibilitychange', seen);
    const stop = every(this.line === 'live' && !always ? heals : otherwise, run);
    return () => {
      stop();
      clearTimeout(follower.timer);
      document.removeEventListener('visibilitychange', seen);
      this.#followers.delete(follower);
    };
  }

  #tell(whom: (follower: Follower) => boolean): void {
    for (const follower of this.#followers) if (whom(follower)) this.#run(follower);
  }

  #run(follower: Follower): void {
    if (document.visibilityState !== 'visible') {
      follower.due = true;
      return;
    }
    if (follower.timer !== undefined) return;
    const now = performance.now();
    const wait = follower.last + follower.gap - now;
    follower.due = false;
    if (wait <= 0) {
      follower.last = now;
      follower.run();
      return;
    }
    follower.timer = setTimeout(() => {
      follower.timer = undefined;
      this.#run(follower);
    }, wait);
  }
}
