/**
 * The server's clock as seen from here. Offsets come from snapshots (no round trip known) and
 * from pongs (round trip known); the sample with the shortest round trip is the truest, and a
 * sample ages so that a corrected machine clock is followed within a minute.
 */
export class ServerClock {
  #offset = 0;
  #error = Infinity;
  #taken = -Infinity;
  readonly #local: () => number;

  /** `local` gives the machine's time in ms since 1970. */
  constructor(local: () => number = Date.now) {
    this.#local = local;
  }

  /** Server time in ms since 1970. */
  now(): number {
    return this.#local() + this.#offset;
  }

  /** The server's time minus the machine's, in ms. */
  get offset(): number {
    return this.#offset;
  }

  /** Takes one reading: the server said `iso`; the question went out `roundTrip` ms ago. */
  sample(iso: string, roundTrip = SNAPSHOT_ERROR): void {
    const server = Date.parse(iso);
    if (Number.isNaN(server)) return;
    const here = this.#local();
    const offset = server + roundTrip / 2 - here;
    const aged = here - this.#taken > SAMPLE_LIFE || here < this.#taken;
    const jumped = Math.abs(offset - this.#offset) > JUMP;
    if (roundTrip <= this.#error || aged || jumped) {
      this.#offset = offset;
      this.#error = roundTrip;
      this.#taken = here;
    }
  }
}

const SNAPSHOT_ERROR = 400;
const SAMPLE_LIFE = 60_000;
const JUMP = 2_000;
