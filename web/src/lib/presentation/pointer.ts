/** A spot on the page, in parts of it. */
export interface Spot {
  x: number;
  y: number;
}

/** As often as halls are sent it. */
const every = 1000 / 15;

/** Sends where the presenter points: at once, then the newest at most fifteen times a second, and at last that it is over. */
export class Pointer {
  readonly #send: (spot: Spot | null) => void;
  #newest: Spot | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #on = false;

  constructor(send: (spot: Spot | null) => void) {
    this.#send = send;
  }

  move(spot: Spot): void {
    this.#on = true;
    this.#newest = spot;
    if (this.#timer === undefined) this.#flush();
  }

  lift(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#newest = undefined;
    if (this.#on) this.#send(null);
    this.#on = false;
  }

  #flush(): void {
    this.#timer = undefined;
    if (!this.#newest) return;
    this.#send(this.#newest);
    this.#newest = undefined;
    this.#timer = setTimeout(() => this.#flush(), every);
  }
}
