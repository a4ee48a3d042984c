import { dev, version } from '$app/env';
import type { Me } from '#lib/api/types.ts';
import { getLocale } from '#lib/paraglide/runtime.js';
import { groupsOf } from './groups.ts';

const updateEvery = 3_600_000;
/** The page that was opened and what it shows come before what may be opened later (ms). */
const settle = 3_000;

let watching = false;

/**
 * The service worker opens the app without a line; in the built app only. Called when it is known who is signed in: it
 * fetches that user's pages ahead once this page stands, and no others. Returns what stops it before.
 */
export function keepPages(me: Me): () => void {
  const timer = setTimeout(() => void prepare(me).catch(() => undefined), settle);
  return () => clearTimeout(timer);
}

/** A device that has a worker already renews it, whoever is signed in. */
export function renewWorker(): void {
  if (dev || !('serviceWorker' in navigator)) return;
  void navigator.serviceWorker.getRegistration().then(watch, () => undefined);
}

async function prepare(me: Me): Promise<void> {
  if (dev || !('serviceWorker' in navigator)) return;
  const groups = JSON.stringify(groupsOf(me, getLocale()));
  const cache = await caches.open('groups');
  const before = await (await cache.match('/groups'))?.text();
  if (before !== groups) await cache.put('/groups', new Response(groups));
  // Private windows refuse it: the app then needs its line.
  const registration = await navigator.serviceWorker.register('/service-worker.js');
  watch(registration);
  if (before !== groups) registration?.active?.postMessage({ kind: 'groups' });
}

/** A newer worker takes over once this page is of its own version and no other window is open: nobody's page changes under their eyes. */
function watch(registration: ServiceWorkerRegistration | undefined): void {
  if (!registration || watching) return; // a browser under control answers, and registers nothing
  watching = true;
  const offer = () => registration.waiting?.postMessage({ kind: 'ready-for', version });
  offer();
  // A page that stands for weeks asks for what is new by itself.
  setInterval(() => void registration.update().catch(() => undefined), updateEvery);
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', offer);
  });
}
