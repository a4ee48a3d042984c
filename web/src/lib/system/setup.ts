import { answer, api } from '#lib/api/client.ts';
import type { components } from '#lib/api/schema.ts';

type Schemas = components['schemas'];
export type SetupState = Schemas['SetupState'];
export type SetupWrite = Schemas['SetupWrite'];

export const setupApi = {
  /** Whether the system is empty; anybody may ask. */
  state: () => answer(api.GET('/api/setup'), true),
  run: (body: SetupWrite) => answer(api.POST('/api/setup', { body }), true),
};

/** The address that this page was opened by, if it is one that others can type: a name, not digits nor this machine. */
export function addressHere(at: Location = location): string {
  return /[a-z]/i.test(at.hostname.replace(/^localhost$/i, '')) && !at.hostname.includes(':')
    ? at.origin
    : '';
}
