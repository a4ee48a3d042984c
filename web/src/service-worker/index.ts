import { version } from '$app/env';
import { immutable } from '$app/manifest';
import { self } from '$app/service-worker';
import groups from 'virtual:precache';

/**
 * Opens the app without a line: its files are kept, and every page is the one page. Fetched ahead are only the pages of
 * who uses this device (`offline/groups.ts` writes them down); others are kept once they were opened. It never touches /api:
 * what may be read without a line is kept by the app itself, which knows whose it is.
 */
const shell = `shell-${version}`;
/** Where the page writes the groups of its user: `offline/worker.ts`. */
const wanted = { cache: 'groups', path: '/groups' };
const page = '/';
/** A page is asked of the server first, but nobody waits longer than this on a weak line. */
const patience = 2_500;

const address = (path: string) => new URL(path, self.location.origin).pathname;
const beside = ['opening.css', 'mark.svg'].map(address);
const files = new Set([...immutable.map(({ path }) => address(path)), ...beside]);

self.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      await fill();
      await (await caches.open(shell)).add(new Request(page, { cache: 'reload' }));
    })(),
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
  const { kind, version: theirs } = event.data as { kind: string; version?: string };
  if (kind === 'groups') return event.waitUntil(fill().catch(() => undefined));
  if (kind !== 'ready-for' || theirs !== version) return;
  event.waitUntil(
    self.clients.matchAll({ type: 'window', includeUncontrolled: true }).then(async (windows) => {
      if (windows.length <= 1) await self.skipWaiting();
    }),
  );
});

/** Fetches what is missing, one file after the other: the page that is open and its papers come first on a weak line. */
async function fill(): Promise<void> {
  const cache = await caches.open(shell);
  const names = (await (await caches.match(wanted.path, { cacheName: wanted.cache }))?.json()) as unknown;
  const chosen = ['entrance', ...(Array.isArray(names) ? names.map(String) : [])];
  const paths = new Set([...beside, ...chosen.flatMap((name) => (groups[name] ?? []).map(address))]);
  for (const path of paths) {
    if (await cache.match(path, { ignoreVary: true })) continue;
    // A name bears the hash of what is in the file: what an older version kept under it is the same.
    const known = path.startsWith('/_app/immutable/')
      ? await caches.match(path, { ignoreVary: true })
      : undefined;
    if (known) await cache.put(path, known);
    else await cache.add(new Request(path, { priority: 'low' } as RequestInit));
  }
}

async function kept(request: Request): Promise<Response> {
  const here = await caches.match(request, { ignoreVary: true });
  if (here) return here;
  const fetched = await fetch(request);
  if (fetched.ok) {
    const copy = fetched.clone();
    // A full device opens its pages as long as there is a line.
    void caches
      .open(shell)
      .then((cache) => cache.put(request, copy))
      .catch(() => undefined);
  }
  return fetched;
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
