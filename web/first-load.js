/*
 * What every page needs before it shows anything, in two files rather than thirty: each file is a round trip, of 400 ms on a
 * weak line, and a third of a kilobyte of headers. `tests/e2e/test_browsers.py` holds how heavy a first load may be.
 */

/** The framework, and what the built modules lean on. SvelteKit's own part has to stay a file that is fetched by itself. */
export const foundation =
  /node_modules\/(svelte|clsx|esm-env)\/|^\0(vite\/preload-helper|virtual:languages|rolldown)|\/paraglide\/(runtime|registry)\.js$/;

const entrance = new RegExp(
  [
    'src/lib/(paths|belongings)\\.ts$',
    'src/lib/api/(acting|address|client|connection\\.svelte|errors|faults|timely)\\.ts$',
    'src/lib/devices/remembered\\.ts$',
    'src/lib/accounts/(Doorway\\.svelte|session\\.svelte\\.ts|next\\.ts)$',
    'src/lib/ui/(Brand|Button|LanguageSwitch|Notice|Title|ToastStack)\\.svelte$',
    'src/lib/ui/(preferences|toasts)\\.svelte\\.ts$',
    'src/lib/offline/(worker|groups)\\.ts$',
    'node_modules/openapi-fetch/',
    'node_modules/@lucide/svelte/dist/(?!icons/)',
    'node_modules/@lucide/svelte/dist/icons/(wifi-off|triangle-alert|circle-x|circle-check|info|x)\\.',
  ].join('|'),
);
/** Whoever is not in yet: the door's frame, its notices, the way to the server. */
export const isEntrance = (/** @type {string} */ id) => entrance.test(id.split('?')[0] ?? id);
