import { dev, version } from '$app/env';

const updateEvery = 3_600_000;

/**
 * Registers the service worker, which opens the app without a line; in the built app only. A newer one takes over once this
 * page is of its own version and no other window is open, so that nobody's page changes under their eyes.
 */
export function registerWorker(): void {
  if (dev || !('serviceWorker' in navigator)) return;
  void navigator.serviceWorker.register('/service-worker.js').then(
    (registration: ServiceWorkerRegistration | undefined) => {
      if (!registration) return; // a browser under control answers, and registers nothing
      const offer = () => registration.waiting?.postMessage({ kind: 'ready-for', version });
      offer();
      // A page that stands for weeks asks for what is new by itself.
      setInterval(() => void registration.update().catch(() => undefined), updateEvery);
      registration.addEventListener('updatefound', () => {
        registration.installing?.addEventListener('statechange', offer);
      });
    },
    () => undefined, // private windows refuse it: the app then needs its line
  );
}
