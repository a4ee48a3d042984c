import { answer, api } from '#lib/api/client.ts';
import type { Me } from '#lib/api/types.ts';

/** Who is signed in on this device. */
class Session {
  me = $state<Me>();

  /** Asks the server once; later calls return what is known. A 401 leads to the sign-in page. */
  async load(): Promise<Me> {
    this.me ??= await answer(api.GET('/api/session'));
    return this.me;
  }

  async signIn(login: string, password: string): Promise<void> {
    this.me = await answer(api.POST('/api/session', { body: { login, password } }), true);
  }

  /** Exchanges a personal link's token for a session. Returns the path to go to. */
  async useLink(token: string): Promise<string> {
    const { me, next } = await answer(api.POST('/api/session/link', { body: { token } }), true);
    this.me = me;
    return next;
  }

  async signOut(): Promise<void> {
    await answer(api.DELETE('/api/session'), true);
    this.me = undefined;
  }

  forget(): void {
    this.me = undefined;
  }
}

export const session = new Session();
