const KEY = 'nhipcau.hall.left';

/** Somebody left this conference on purpose: the machine does not go back by itself, until it is switched on anew. */
export function noteLeft(meeting: number): void {
  try {
    sessionStorage.setItem(KEY, String(meeting));
  } catch {
    // Without storage it goes in again; whoever wants it out switches it off.
  }
}

export function hasLeft(meeting: number): boolean {
  try {
    return sessionStorage.getItem(KEY) === String(meeting);
  } catch {
    return false;
  }
}

export function goesBack(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept then either.
  }
}

let taking = false;

/** Somebody pressed that this machine takes the hall over from the one that is in: the page that comes next does so. */
export const takesOver = (): void => void (taking = true);

/** Asked once. */
export function doesTakeOver(): boolean {
  const now = taking;
  taking = false;
  return now;
}
