/** Rules of sending files, apart from the sending itself. */

/** Where a file goes: to an agenda item or the whole meeting, as a new paper or as a new version of one. */
export interface Place {
  meeting: number;
  item: number | null;
  paper: number | null;
  /** What changed, for a new version. */
  note: string;
}

/** Pauses (ms) between tries while the line is gone: quick at first, then every 15 s for half an hour. */
export const pauses = [500, 1000, 2000, 4000, 8000, ...Array<number>(120).fill(15_000)];

/** The name under which a broken upload is found again: the same file to the same place. */
export function fingerprint(file: Pick<File, 'name' | 'size' | 'lastModified'>, place: Place): string {
  const { meeting, item, paper } = place;
  return ['nhipcau', meeting, item ?? '', paper ?? '', file.size, file.lastModified, file.name].join('-');
}

/** Whether trying again may help: no answer, the server's own trouble, or two tries that met. 401 needs a sign-in first. */
export function retryable(status: number | undefined): boolean {
  return !status || status >= 500 || status === 409 || status === 423 || status === 429;
}

/** 0 … 1 of all bytes; 1 when there is nothing to send. */
export function share(list: readonly { sent: number; file: { size: number } }[]): number {
  const total = list.reduce((sum, { file }) => sum + file.size, 0);
  return total === 0 ? 1 : list.reduce((sum, { sent }) => sum + sent, 0) / total;
}

/** An id out of an upload's metadata; null when it has none. */
export const idOf = (text: string | undefined): number | null => (text ? Number(text) : null);
