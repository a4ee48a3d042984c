import { clearDatabase, openDatabase, type Database } from './database.ts';

/**
 * What this browser keeps, for one person at a time: whoever else signs in finds it empty. Where the browser keeps nothing,
 * `db()` gives undefined and the app works from the line alone.
 */
class Device {
  #database: Promise<Database | undefined> | undefined;
  #owned = promised();
  #owner = '';

  /** Waits until it is known whose store it is. */
  async db(): Promise<Database | undefined> {
    await this.#owned.promise;
    return this.#open();
  }

  /** Call when it is known who is signed in. Returns how many notes of another person went that no server has. */
  async belongTo(owner: string): Promise<number> {
    if (owner === this.#owner) return 0;
    let lost = 0;
    this.#owner = owner;
    const db = await this.#open();
    if (db && (await db.get('facts', 'owner')) !== owner) {
      lost = (await db.getAll('notes')).filter(({ edits, refused }) => edits > 0 && !refused).length;
      await clearDatabase(db);
      await db.put('facts', owner, 'owner');
    }
    if (this.#owner === owner) this.#owned.resolve();
    return lost;
  }

  /** Signed out: nothing of that person stays. */
  async clear(): Promise<void> {
    const db = await this.release();
    if (db) await clearDatabase(db);
  }

  /** The session is over: gives the store to be emptied of papers; nobody reads it until somebody signs in. */
  async release(): Promise<Database | undefined> {
    this.#owner = '';
    this.#owned = promised();
    return this.#open();
  }

  #open(): Promise<Database | undefined> {
    this.#database ??= openDatabase().then(
      (db) => {
        // By the browser, or by `blocking` for a newer app in another window: the next who asks opens it anew.
        const gone = () => (this.#database = undefined);
        db.addEventListener('close', gone);
        db.addEventListener('versionchange', gone);
        return db;
      },
      () => undefined,
    );
    return this.#database;
  }
}

/** What Promise.withResolvers does, which tablets of a few years ago do not have. */
function promised(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

export const device = new Device();
