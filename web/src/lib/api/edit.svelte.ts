import { ApiError, sentence } from './errors.ts';
import { changed, collision, merged, newerState, type Collision, type Newer } from './merge.ts';

/**
 * Somebody edits a row that others may save meanwhile: what it was when the form was filled, and, when saving found
 * another's work in its place, that work until it is settled whose stays. The form keeps what is typed.
 */
export class Edit<Row extends { revision: number }, Facts extends object> {
  busy = $state(false);
  failure = $state('');
  /** By field, as the server said them. */
  errors = $state<Record<string, string>>({});
  newer = $state.raw<Newer<Row>>();
  #base = $state.raw() as Facts;
  #revision: number;
  readonly #factsOf: (row: Row) => Facts;

  constructor(row: Row, factsOf: (row: Row) => Facts) {
    this.#factsOf = factsOf;
    this.#base = factsOf(row);
    this.#revision = row.revision;
  }

  /** What the other changed, and of that what was changed here too; undefined while nobody did. */
  clashWith(typed: Facts): Collision<keyof Facts> | undefined {
    return this.newer && collision(this.#base, typed, this.#factsOf(this.newer.current));
  }

  /** Sends what differs, if anything does. True: it is saved; else `errors`, `failure` or `newer` say why not. */
  async save(
    typed: Facts,
    send: (write: Partial<Facts>, revision: number) => Promise<void>,
  ): Promise<boolean> {
    this.busy = true;
    this.failure = '';
    this.errors = {};
    try {
      const parts = changed(this.#base, typed);
      const write = Object.fromEntries(parts.map((part) => [part, typed[part]])) as Partial<Facts>;
      if (parts.length > 0) await send(write, this.#revision);
      return true;
    } catch (thrown) {
      this.newer = newerState<Row>(thrown);
      if (thrown instanceof ApiError) this.errors = thrown.fields;
      this.failure = this.newer ? '' : sentence(thrown);
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** What the form is to be filled with, `mine` laid over what they saved or not, and their row. */
  settle(typed: Facts, mine: boolean): { next: Facts; current: Row } | undefined {
    if (!this.newer) return undefined;
    const { current, revision } = this.newer;
    const theirs = this.#factsOf(current);
    const next = mine ? merged(this.#base, typed, theirs) : theirs;
    this.#base = theirs;
    this.#revision = revision;
    this.newer = undefined;
    return { next, current };
  }
}
