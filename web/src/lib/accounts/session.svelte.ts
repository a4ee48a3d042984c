import { answer, api } from '#lib/api/client.ts';
import { ApiError } from '#lib/api/errors.ts';
import type { Me } from '#lib/api/types.ts';

const key = 'nhipcau.me';

/** Who is signed in on this device. */
class Session {
  me = $state<Me>();
  /** The server has not confirmed it yet: without a line, it is who was signed in last. */
  presumed = $state(false);

  /**
   * Asks the server once; later calls return what is known. A 401 leads to the sign-in page. Without a line it is who was
   * signed in last on this device: what is kept here may then be read.
   */
  async load(): Promise<Me> {
    if (this.me && !this.presumed) return this.me;
    try {
      return this.#is(await answer(api.GET('/api/session')));
    } catch (thrown) {
      const last = thrown instanceof ApiError && thrown.code === 'offline' ? remembered() : undefined;
      if (!last) throw thrown;
      this.presumed = true;
      return (this.me = last);
    }
  }

  async signIn(login: string, password: string): Promise<void> {
    this.#is(await answer(api.POST('/api/session', { body: { login, password } }), true));
  }

  /**
   * Exchanges a personal link's token for a session. Returns the path to go to. Throws `somebody-else-signed-in` if this
   * device is another's, whom only `replace` signs out.
   */
  async useLink(token: string, replace = false): Promise<string> {
    const { me, next } = await answer(api.POST('/api/session/link', { body: { token, replace } }), true);
    this.#is(me);
    return next;
  }

  async signOut(): Promise<void> {
    await answer(api.DELETE('/api/session'), true);
    this.forget();
  }

  forget(): void {
    this.me = undefined;
    this.presumed = false;
    remember(undefined);
  }

  #is(me: Me): Me {
    this.presumed = false;
    remember(me);
    return (this.me = me);
  }
}

function remember(me: Me | undefined): void {
  try {
    if (me) localStorage.setItem(key, JSON.stringify(me));
    else localStorage.removeItem(key);
  } catch {
    // Storage is closed: without a line nobody is known, nor is anything kept to be read.
  }
}

function remembered(): Me | undefined {
  try {
    const text = localStorage.getItem(key);
    return text ? (JSON.parse(text) as Me) : undefined;
  } catch {
    return undefined;
  }
}

export const session = new Session();
