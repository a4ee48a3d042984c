import { m } from '#lib/paraglide/messages.js';
import { standardZone } from '#lib/text/zone.ts';

/** Việt Nam first, then every zone that this browser knows; "Asia/Saigon" is an older name of the first. */
export function zones(chosen: string): { value: string; label: string }[] {
  const known = 'supportedValuesOf' in Intl ? Intl.supportedValuesOf('timeZone') : [];
  const others = new Set([...known, chosen]);
  for (const vietnam of [standardZone, 'Asia/Saigon']) others.delete(vietnam);
  return [
    { value: standardZone, label: m.setup_zone_vietnam() },
    ...[...others].sort().map((value) => ({ value, label: value })),
  ];
}
