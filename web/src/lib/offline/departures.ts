/** A paper that may not be read any more, and why. */
export type Gone = { paper: number; meeting: number; why: 'recalled' | 'rights' };

/** Who wants to hear that a paper has to leave the screen at once, or that its reader has left this device. */
export class Departures {
  readonly #ofPapers = new Set<(gone: Gone) => void>();
  readonly #ofPeople = new Set<() => void>();

  /** Returns how to stop. */
  onGone(listener: (gone: Gone) => void): () => void {
    this.#ofPapers.add(listener);
    return () => this.#ofPapers.delete(listener);
  }

  /** Returns how to stop. */
  onLeave(listener: () => void): () => void {
    this.#ofPeople.add(listener);
    return () => this.#ofPeople.delete(listener);
  }

  tellGone(gone: Gone): void {
    for (const listener of this.#ofPapers) listener(gone);
  }

  tellLeave(): void {
    for (const listener of this.#ofPeople) listener();
  }
}
