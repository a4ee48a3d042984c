/** How long nobody has touched this browser: all its windows share one session, so a touch in any of them counts. */

import { touchedKey as key } from './session.svelte.ts';

/** Milliseconds; the other windows need not know of every move. */
const told = 10_000;
const touches = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const;

let last = 0;
let written = 0;

/** Somebody is here: by a touch, or because a room is open that nobody need touch for hours. */
export function touch(): void {
  last = Date.now();
  if (last - written < told) return;
  written = last;
  try {
    localStorage.setItem(key, String(last));
  } catch {
    // Storage is closed: each window counts for itself.
  }
}

/** Milliseconds since the last touch in any window. */
export function idleFor(): number {
  let elsewhere = 0;
  try {
    elsewhere = Number(localStorage.getItem(key) ?? 0);
  } catch {
    // As above.
  }
  return Date.now() - Math.max(last, elsewhere);
}

/** Listens for touches. To open a page is one. Returns how to stop. */
export function watchTouches(): () => void {
  touch();
  for (const name of touches) addEventListener(name, touch, { capture: true, passive: true });
  return () => {
    for (const name of touches) removeEventListener(name, touch, { capture: true });
  };
}

/** An open room counts as touched. Returns how to stop. */
export function stayTouched(): () => void {
  touch();
  const timer = setInterval(touch, 30_000);
  return () => clearInterval(timer);
}
