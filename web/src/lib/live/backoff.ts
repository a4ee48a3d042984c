/** How long a client waits before it tries again: at least `shortest` ms, at first up to `first`, doubling up to `longest`. */
export interface Waits {
  shortest: number;
  first: number;
  longest: number;
}

/** 161 halls and the consoles: each second without picture is seen by everybody. */
export const SEATED: Waits = { shortest: 200, first: 400, longest: 2_000 };
/**
 * Twelve thousand phones and tablets, which a server that has just started must be able to take in: the first come after a
 * second, and all of them within a quarter of a minute.
 */
export const MEMBERS: Waits = { shortest: 1_000, first: 8_000, longest: 12_000 };

/**
 * Waits drawn evenly between the shortest and the one of this try ("full jitter"): clients that lost the server in one
 * instant come back spread over the whole wait, not in one wave at its end.
 */
export class Backoff {
  #tries = 0;
  readonly #waits: Waits;
  readonly #random: () => number;

  constructor(waits: Waits = SEATED, random: () => number = Math.random) {
    this.#waits = waits;
    this.#random = random;
  }

  /** The next wait in ms. */
  next(): number {
    const { shortest, first, longest } = this.#waits;
    const most = Math.min(first * 2 ** this.#tries, longest);
    this.#tries += 1;
    return spread(shortest, most, this.#random);
  }

  /** A wait that the server has asked for (ms): never shorter, and hardly longer, as it may be a turn of one's own. */
  told(ms: number): number {
    this.#tries += 1;
    return spread(ms, ms + Math.min(ms / 2, 500), this.#random);
  }

  reset(): void {
    this.#tries = 0;
  }
}

/** A wait drawn evenly from a span. */
export const spread = (least: number, most: number, random: () => number) =>
  least + (most - least) * random();
