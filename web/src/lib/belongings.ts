/*
 * What one person leaves in this browser's two storages. Keys carry whose it is, so that nobody is offered what the one
 * before typed, and all of it goes when another signs in or this one signs out. What is the device's (theme, cameras,
 * language) has keys of its own and stays. Papers and notes lie in IndexedDB, see `offline/device.ts`.
 */
const OWN = 'nhipcau.own.';
/** Names of files under way, which the uploader keeps itself; and the hall this machine was in. */
const beside = [/^tus::/, /^nhipcau\.hall$/];

let owner = '';

/** The key of something that belongs to who is signed in (before that: to whoever is about to). */
export const ownKey = (name: string): string => `${OWN}${owner}.${name}`;

/** Call when it is known who is signed in: "person-7". What lies here of anybody else goes. */
export function belongTo(now: string): void {
  owner = now;
  sweep((key) => key.startsWith(OWN) && !key.startsWith(`${OWN}${now}.`));
}

/** Signed out: nothing stays. */
export function clearBelongings(): void {
  owner = '';
  sweep((key) => key.startsWith(OWN) || beside.some((pattern) => pattern.test(key)));
}

/** How many things of that name wait here, such as entries that are not sent yet. */
export function ownCount(name: string): number {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(ownKey(name))).length;
  } catch {
    return 0;
  }
}

function sweep(gone: (key: string) => boolean): void {
  try {
    for (const storage of [localStorage, sessionStorage])
      for (const key of Object.keys(storage)) if (gone(key)) storage.removeItem(key);
  } catch {
    // Storage is closed: nothing was kept.
  }
}
