import { m } from '#lib/paraglide/messages.js';
import type { PaperSignature } from './types.ts';

/** good: as it was signed, by a certificate that is trusted; doubtful: something came after, or nobody vouches for the
 *  name; broken: not what was signed. */
export type SealLook = 'good' | 'doubtful' | 'broken';

export const sealColour: Record<SealLook, string> = {
  good: 'text-ink-2',
  doubtful: 'text-weak-text',
  broken: 'text-on-air-text',
};

/** What one line says of a file's signatures: the worst that is true. A name is only said where it was checked. */
export function sealOf(signatures: readonly PaperSignature[]): { look: SealLook; words: string } {
  const name = signatures[0]?.signer ?? '';
  if (signatures.some(({ intact }) => !intact))
    return { look: 'broken', words: m.papers_signature_changed() };
  if (signatures.some(({ covers_whole }) => !covers_whole))
    return { look: 'doubtful', words: m.papers_seal_added() };
  if (signatures.some(({ trusted }) => trusted !== true))
    return { look: 'doubtful', words: m.papers_seal_unverified({ name }) };
  return { look: 'good', words: m.papers_signed_by({ name }) };
}
