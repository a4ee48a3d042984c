import { untrack } from 'svelte';
import { timely } from './timely.ts';

const firstWait = 3_000;
const longestWait = 20_000;

/** Whether the server can be reached: the browser's word for it, corrected by what requests meet. */
class Connection {
  #up = $state(true);
  #probe: ReturnType<typeof setTimeout> | undefined;

  get up(): boolean {
    return this.#up;
  }

  /** Follows the browser's own events. Returns a function that stops it. */
  watch(): () => void {
    const down = () => this.failed();
    const up = () => this.#again(firstWait / 2);
    window.addEventListener('offline', down);
    window.addEventListener('online', up);
    // Seen by the effect that calls this, the change would end it, and the question that was just put off.
    if (!navigator.onLine) untrack(down);
    return () => {
      window.removeEventListener('offline', down);
      window.removeEventListener('online', up);
      clearTimeout(this.#probe);
    };
  }

  worked(): void {
    this.#up = true;
    clearTimeout(this.#probe);
  }

  failed(): void {
    if (!this.#up) return;
    this.#up = false;
    this.#again(firstWait);
  }

  /** Asks at some time within the delay, so that those who lost the server together do not ask together. */
  #again(delay: number): void {
    clearTimeout(this.#probe);
    this.#probe = setTimeout(() => void this.#ask(delay), delay * (0.2 + 0.8 * Math.random()));
  }

  /** Asks whether the server is back; waits longer after each failure. */
  async #ask(delay: number): Promise<void> {
    try {
      const response = await timely('/api/health', { cache: 'no-store' });
      if (response.status < 500) return this.worked();
    } catch {
      // Still no line; the next question follows.
    }
    this.#again(Math.min(delay * 1.7, longestWait));
  }
}

export const connection = new Connection();

/**
 * Call while a component is made: runs when the line has come back, at some time within `most` ms, so that the thousands
 * who lost it together do not ask for everything in one instant.
 */
export function onLineBack(most: number, run: () => void): void {
  let was = connection.up;
  $effect(() => {
    const back = connection.up && !was;
    was = connection.up;
    if (!back) return;
    const timer = setTimeout(run, Math.random() * most);
    return () => clearTimeout(timer);
  });
}
