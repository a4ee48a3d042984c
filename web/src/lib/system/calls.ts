import { answer, api } from '#lib/api/client.ts';
import type { components } from '#lib/api/schema.ts';

type Schemas = components['schemas'];
export type SystemState = Schemas['SystemState'];
export type Trial = Schemas['TrialState'];

/** What whoever keeps the system asks of the server. All throw ApiError. */
export const systemApi = {
  state: () => answer(api.GET('/api/system')),
  change: (body: Schemas['SettingsWrite']) => answer(api.PATCH('/api/system', { body })),
  mail: (to: string) => answer(api.POST('/api/system/mail-trial', { body: { to: to || null } })),
  sms: (to: string) => answer(api.POST('/api/system/sms-trial', { body: { to } })),
  try: (kind: Schemas['TrialWrite']['kind']) => answer(api.POST('/api/system/trials', { body: { kind } })),
  again: (body: Schemas['TryAgain']) => answer(api.POST('/api/system/again', { body })),
};
