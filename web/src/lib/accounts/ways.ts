import { answer, api } from '#lib/api/client.ts';

/** How one may come in, asked by who is nobody yet. */
export const signInApi = {
  ways: () => answer(api.GET('/api/session/ways'), true),
  forgot: (who: string) => answer(api.POST('/api/session/password-reset', { body: { who } }), true),
  /** Whose password the link that was sent sets anew. */
  resetOwner: (token: string) =>
    answer(api.POST('/api/session/password-reset/owner', { body: { token } }), true),
  reset: (token: string, password: string) =>
    answer(api.PUT('/api/session/password-reset', { body: { token, password } }), true),
  /** Leads to the OpenID provider, and back to `next`. */
  providerPath: (next: string) => `/api/session/oidc?${new URLSearchParams({ next })}`,
};
