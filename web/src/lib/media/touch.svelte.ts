/**
 * What a browser refuses until somebody touches the page: sound after a reload by itself, and on a telephone that saves
 * power even silent pictures. The first touch or key anywhere starts all of it.
 */
class Touch {
  /** Something waits for a touch; show one large button. */
  blocked = $state(false);
  readonly #waiting = new Set<() => void>();

  /** Runs `start` with the next touch; returns how to give it up. */
  await(start: () => void): () => void {
    if (this.#waiting.size === 0) for (const kind of KINDS) globalThis.addEventListener(kind, this.#touched);
    this.#waiting.add(start);
    this.blocked = true;
    return () => {
      this.#waiting.delete(start);
      if (this.#waiting.size === 0) this.#clear();
    };
  }

  /** To be called from a click or key. */
  readonly release = () => {
    const starts = [...this.#waiting];
    this.#clear();
    for (const start of starts) start();
  };

  readonly #touched = () => this.release();

  #clear(): void {
    this.#waiting.clear();
    this.blocked = false;
    for (const kind of KINDS) globalThis.removeEventListener(kind, this.#touched);
  }
}

const KINDS = ['pointerup', 'keydown'] as const;

export const touch = new Touch();
