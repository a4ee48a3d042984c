/** Waits of 0.3, 0.6, 1.2, 2, 2 … seconds, each ±25 %, so that 161 halls do not come back in one instant. */
export class Backoff {
  #tries = 0;
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** The next wait in ms. */
  next(): number {
    const base = Math.min(FIRST * 2 ** this.#tries, LONGEST);
    this.#tries += 1;
    return base * (0.75 + this.#random() / 2);
  }

  reset(): void {
    this.#tries = 0;
  }
}

const FIRST = 300;
const LONGEST = 2_000;
