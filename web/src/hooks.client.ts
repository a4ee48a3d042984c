import { page } from '$app/state';
import type { HandleClientError } from '@sveltejs/kit/hooks';
import { tellFault, watchFaults } from '#lib/api/faults.ts';
import { isUnfetched } from '#lib/api/unfetched.ts';
import { getLocale } from '#lib/paraglide/runtime.js';
import { speakEnglish } from 'virtual:languages';

/** Before anything is shown: who reads English has it fetched; without a line it is Vietnamese. */
export async function init(): Promise<void> {
  watchFaults(() => page.route.id ?? '/');
  if (getLocale() === 'en') await speakEnglish().catch(() => undefined);
}

/** What failed while a page was made; that there is no such page is no fault of ours. */
export const handleError: HandleClientError = ({ kind, error, event }) => {
  if (isUnfetched(error)) return { message: '', unfetched: true };
  if (kind === 'unknown') tellFault(error, event.route.id ?? '/');
};
