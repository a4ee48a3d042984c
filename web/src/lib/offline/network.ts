/** What the line costs, as far as the browser tells: only some do. */
export type Network = 'free' | 'metered' | 'unknown';

interface Connection extends EventTarget {
  type?: string;
  effectiveType?: string;
  saveData?: boolean;
}

const line = (): Connection | undefined => (navigator as { connection?: Connection }).connection;

export function network(): Network {
  return judge(line(), matchMedia('(pointer: coarse)').matches);
}

/** A desktop's line is taken as free unless it says otherwise; a phone that says nothing may be on mobile data. */
export function judge(
  connection: Pick<Connection, 'type' | 'effectiveType' | 'saveData'> | undefined,
  handheld: boolean,
): Network {
  if (connection?.saveData) return 'metered';
  if (connection?.type === 'wifi' || connection?.type === 'ethernet') return 'free';
  if (connection?.type === 'cellular') return 'metered';
  if (connection?.effectiveType && connection.effectiveType !== '4g') return 'metered';
  return handheld ? 'unknown' : 'free';
}

/** Calls back when the kind of line changes; returns how to stop. */
export function onNetwork(changed: () => void): () => void {
  const connection = line();
  connection?.addEventListener('change', changed);
  return () => connection?.removeEventListener('change', changed);
}
