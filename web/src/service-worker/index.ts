import { version } from '$app/env';
import { assets, immutable } from '$app/manifest';
import { self } from '$app/service-worker';

/**
 * Opens the app without a line: its files are kept, and every page is the one page. It never touches /api: what may be read
 * without a line is kept by the app itself, which knows whose it is.
 */
const shell = `shell-${version}`;
const page = '/';
/** A page is asked of the server first, but nobody waits longer than this on a weak line. */
const patience = 2_500;

const address = (path: string) => new URL(path, self.location.origin).pathname;
const files = new Set([...immutable, ...assets].map(({ path }) => address(path)));

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(shell).then(async (cache) => {
      await cache.addAll([...files]);
      await cache.add(new Request(page, { cache: 'reload' }));
    }),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys())
        if (name.startsWith('shell-') && name !== shell) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin || url.pathname.startsWith('/api/'))
    return;
  if (files.has(url.pathname)) event.respondWith(kept(request));
  else if (request.mode === 'navigate') event.respondWith(open(request));
});

self.addEventListener('message', (event) => {
  const { kind, version: theirs } = event.data as { kind: string; version: string };
  if (kind !== 'ready-for' || theirs !== version) return;
  event.waitUntil(
    self.clients.matchAll({ type: 'window', includeUncontrolled: true }).then(async (windows) => {
      if (windows.length <= 1) await self.skipWaiting();
    }),
  );
});

async function kept(request: Request): Promise<Response> {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}

async function open(request: Request): Promise<Response> {
  const here = await caches.match(page, { ignoreVary: true });
  const fetched = fetch(request);
  if (!here) return fetched;
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(here), patience));
  // A proxy's error page is no page of ours.
  const sound = fetched.then((response) => (response.status < 500 ? response : here));
  return Promise.race([sound, late]).catch(() => here);
}
