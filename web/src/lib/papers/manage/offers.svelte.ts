import { ownKey } from '#lib/belongings.ts';
import type { Paper } from './types.ts';

const key = () => ownKey('offers-dismissed');
const most = 500;

let versions = $state.raw<number[]>(read());

function read(): number[] {
  try {
    return JSON.parse(localStorage.getItem(key()) ?? '[]') as number[];
  } catch {
    return [];
  }
}

const versionOf = (paper: Paper) => (paper.pending ?? paper.version)?.id ?? 0;

/** Whether what was read off this paper's first page has been turned down on this device. */
export const dismissed = (paper: Paper): boolean => versions.includes(versionOf(paper));

export function dismiss(paper: Paper): void {
  versions = [...versions, versionOf(paper)].slice(-most);
  try {
    localStorage.setItem(key(), JSON.stringify(versions));
  } catch {
    // Private windows may refuse storage: it is offered again the next time.
  }
}
