import { answer, api } from '#lib/api/client.ts';

/** How one may come in, asked by who is nobody yet. */
export const signInApi = {
  ways: () => answer(api.GET('/api/session/ways'), true),
  /** Leads to the OpenID provider, and back to `next`. */
  providerPath: (next: string) => `/api/session/oidc?${new URLSearchParams({ next })}`,
};
