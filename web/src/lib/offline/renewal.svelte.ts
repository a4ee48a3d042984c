import { updated } from '$app/state';
import { servedBuild } from '#lib/live/build.svelte.ts';

const key = 'nhipcau.renewed';
/** A worker or a proxy may hand out the old page for a while: no page is renewed more often than this (ms). */
const LEAST_BETWEEN = 600_000;

/** The server has another version than this page: the live channel said so, or the look every quarter of an hour where there is none. */
export const isOld = (): boolean => servedBuild.other || updated.current;

/**
 * A page that stands for weeks takes a new version by itself, while `idle()`: a hall's machine that nobody touches must not
 * meet a renewed server with last month's code on the day of the conference. Called while a component is set up.
 */
export function renewWhen(idle: () => boolean): void {
  $effect(() => {
    if (!isOld() || !idle() || !mayRenew()) return;
    location.reload();
  });
}

function mayRenew(): boolean {
  try {
    const before = Number(sessionStorage.getItem(key) ?? 0);
    if (Date.now() - before < LEAST_BETWEEN) return false;
    sessionStorage.setItem(key, String(Date.now()));
    return true;
  } catch {
    return false; // without a memory it could go round for ever
  }
}
