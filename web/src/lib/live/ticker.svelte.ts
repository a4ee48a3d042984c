import type { ServerClock } from './clock.ts';

/** Server time for clocks and timers on screen: `now` (ms since 1970) moves once a second, on the server's second. */
export class Ticker {
  now = $state(0);
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #clock: ServerClock;

  constructor(clock: ServerClock) {
    this.#clock = clock;
    this.now = clock.now();
  }

  start(): void {
    this.stop();
    const tick = () => {
      this.now = this.#clock.now();
      this.#timer = setTimeout(tick, 1_000 - (this.now % 1_000) + 5);
    };
    tick();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
