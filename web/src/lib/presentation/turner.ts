/**
 * Turning pages faster than the line answers: each step goes on from the page one is heading to, one turn is under way at
 * a time, and what was pressed meanwhile follows as one turn.
 */
export class Turner {
  readonly #send: (page: number) => Promise<boolean>;
  #heading: number | undefined;
  #seen: number | undefined;
  #busy = false;

  /** `send` asks for a page and says whether it came to be. */
  constructor(send: (page: number) => Promise<boolean>) {
    this.#send = send;
  }

  /** The page on screen is now this one. */
  seen(page: number | undefined): void {
    this.#seen = page;
    if (!this.#busy) this.#heading = undefined;
  }

  by(step: number, count: number): void {
    const from = this.#heading ?? this.#seen;
    if (from !== undefined) this.to(from + step, count);
  }

  to(page: number, count: number): void {
    const wanted = Math.min(Math.max(page, 1), Math.max(count, 1));
    if (wanted === (this.#heading ?? this.#seen)) return;
    this.#heading = wanted;
    if (!this.#busy) void this.#go();
  }

  async #go(): Promise<void> {
    this.#busy = true;
    try {
      for (let sent: number | undefined; this.#heading !== undefined && this.#heading !== sent;) {
        sent = this.#heading;
        if (!(await this.#send(sent))) this.#heading = undefined;
      }
    } finally {
      this.#busy = false;
      // The event may come after the answer: until it does, the next step goes on from here.
      if (this.#heading === this.#seen) this.#heading = undefined;
    }
  }
}
