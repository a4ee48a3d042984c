import { actAs } from '#lib/api/acting.ts';
import { answer, api } from '#lib/api/client.ts';
import { ApiError } from '#lib/api/errors.ts';
import type { Me } from '#lib/api/types.ts';
import { belongTo, clearBelongings } from '#lib/belongings.ts';
import { standardZone, useZone } from '#lib/text/zone.ts';

const key = 'nhipcau.me';
/** Signed out here without a line: the server is told as soon as there is one. */
const leavingKey = 'nhipcau.signing-out';

/** When somebody last touched a window of this browser (`idle.ts`). */
export const touchedKey = 'nhipcau.touched';

/** Whose page, store or request it is. */
export const ownerOf = (me: Me): string =>
  me.person_id === null ? `point-${me.point_id}` : `person-${me.person_id}`;

/** Who is signed in on this device. */
class Session {
  me = $state<Me>();
  /** The server has not confirmed it yet: without a line, it is who was signed in last. */
  presumed = $state(false);
  /** The desk was left alone and has ended its session; the page waits under a cover for the same person. */
  locked = $state(false);
  /** All windows of this browser share one cookie; each hears who has signed in or out in another. */
  readonly #windows = 'BroadcastChannel' in globalThis ? new BroadcastChannel('nhipcau-session') : undefined;
  #onOther: () => void = () => {};

  constructor() {
    this.#windows?.addEventListener('message', ({ data }) => {
      if (this.me && data !== ownerOf(this.me)) this.#onOther();
      else if (this.me) this.locked = false; // opened again in another window
    });
  }

  /** Hears that another window signed out, or signed somebody else in. */
  onOther(action: () => void): void {
    this.#onOther = action;
  }

  /**
   * Asks the server once; later calls return what is known. A 401 leads to the sign-in page. Without a line it is who was
   * signed in last on this device: what is kept here may then be read.
   */
  async load(): Promise<Me> {
    if (this.me && !this.presumed) return this.me;
    await this.#finishSignOut();
    try {
      actAs(undefined); // it is asked who that is
      const me = await answer(api.GET('/api/session'));
      if (this.me && ownerOf(this.me) !== ownerOf(me)) {
        this.#is(me);
        this.#onOther();
      }
      return this.#is(me);
    } catch (thrown) {
      const last = thrown instanceof ApiError && thrown.code === 'offline' ? remembered() : undefined;
      if (!last) throw thrown;
      this.presumed = true;
      belongTo(ownerOf(last));
      actAs(ownerOf(last));
      useZone(last.time_zone ?? standardZone); // kept by an older page
      return (this.me = last);
    }
  }

  /** For a page that anybody may see: who is signed in, if somebody is; nobody is sent to sign in. */
  async look(): Promise<void> {
    if (this.me) return;
    actAs(undefined);
    this.#is(await answer(api.GET('/api/session'), true));
  }

  /** Throws `second-factor-needed` for whoever has one: then once more with its `code`. */
  async signIn(login: string, password: string, code?: string): Promise<void> {
    const body = { login, password, ...(code ? { code } : {}) };
    this.#is(await answer(api.POST('/api/session', { body }), true));
  }

  /** The code of the second factor, of somebody whom the OpenID provider vouches for. */
  async vouched(code: string): Promise<void> {
    this.#is(await answer(api.POST('/api/session/oidc', { body: { code } }), true));
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

  /**
   * Leaves this device now. Without a line the server hears of it when there is one; nothing can be read until then.
   * Returns where one signs out at the OpenID provider, too, if one came from there.
   */
  async signOut(): Promise<string | null> {
    let provider: string | null = null;
    try {
      ({ provider } = await answer(api.DELETE('/api/session'), true));
    } catch (thrown) {
      if (!(thrown instanceof ApiError)) throw thrown;
      if (thrown.code === 'other-person') throw thrown;
      if (thrown.status !== 401) put(leavingKey, '1');
    }
    this.forget();
    clearBelongings();
    return provider;
  }

  /**
   * Ends the session and leaves the page as it stands, what is typed in it too. Without a line the server hears of it when
   * there is one.
   */
  async lock(): Promise<void> {
    this.locked = true;
    put(key, undefined); // whoever loads the page anew is nobody, with a line or without
    try {
      await answer(api.DELETE('/api/session'), true);
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status !== 401) put(leavingKey, '1');
    }
  }

  /** The same person is back. Throws what `signIn` throws. */
  async unlock(password: string, code?: string): Promise<void> {
    const { me } = this;
    if (!me?.login) return;
    await this.signIn(me.login, password, code);
    this.locked = false;
    this.#windows?.postMessage(ownerOf(me));
  }

  /** Asks again who this is: what one may do has changed. */
  async renew(): Promise<void> {
    this.#is(await answer(api.GET('/api/session')));
  }

  /** The session is over. */
  forget(): void {
    const known = this.me !== undefined;
    this.me = undefined;
    this.presumed = this.locked = false;
    actAs(undefined);
    put(key, undefined);
    put(touchedKey, undefined);
    if (known) this.#windows?.postMessage('');
  }

  /** Signed out while there was no line: until the server knows, its cookie would let anybody in here again. */
  async #finishSignOut(): Promise<void> {
    if (got(leavingKey) === undefined) return;
    try {
      await answer(api.DELETE('/api/session'), true);
    } catch (thrown) {
      if (!(thrown instanceof ApiError) || thrown.status !== 401) throw thrown;
    }
    put(leavingKey, undefined);
  }

  #is(me: Me): Me {
    const owner = ownerOf(me);
    const news = !this.me || ownerOf(this.me) !== owner;
    this.presumed = false;
    put(key, JSON.stringify(me));
    put(leavingKey, undefined);
    belongTo(owner);
    actAs(owner);
    useZone(me.time_zone);
    this.me = me;
    if (news) this.#windows?.postMessage(owner);
    return me;
  }
}

function put(name: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // Storage is closed: without a line nobody is known, nor is anything kept to be read.
  }
}

function got(name: string): string | undefined {
  try {
    return localStorage.getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}

function remembered(): Me | undefined {
  if (got(leavingKey) !== undefined) return undefined;
  try {
    const text = got(key);
    return text ? (JSON.parse(text) as Me) : undefined;
  } catch {
    return undefined;
  }
}

export const session = new Session();
