import { getLocale } from '#lib/paraglide/runtime.js';
import { speakEnglish } from 'virtual:languages';

/** Before anything is shown: who reads English has it fetched; without a line it is Vietnamese. */
export async function init(): Promise<void> {
  if (getLocale() === 'en') await speakEnglish().catch(() => undefined);
}
