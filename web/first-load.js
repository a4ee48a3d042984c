/*
 * What every page needs before it shows anything, in two files rather than thirty: each file is a round trip, of 400 ms on a
 * weak line, and a third of a kilobyte of headers. `tests/e2e/test_browsers.py` holds how heavy a first load may be.
 */

const matching = (/** @type {RegExp} */ paths) => (/** @type {string} */ id) =>
  paths.test(id.split('?')[0] ?? id);

/** The framework, and what the built modules lean on. SvelteKit's own part has to stay a file that is fetched by itself. */
export const foundation =
  /node_modules\/(svelte|clsx|esm-env)\/|^\0(vite\/preload-helper|virtual:languages|rolldown)|\/paraglide\/(runtime|registry)\.js$/;

const entrance = new RegExp(
  [
    'src/lib/(paths|belongings)\\.ts$',
    'src/lib/api/(acting|address|client|connection\\.svelte|errors|faults|timely|unfetched)\\.ts$',
    'src/lib/devices/remembered\\.ts$',
    'src/lib/accounts/(Doorway\\.svelte|session\\.svelte\\.ts|next\\.ts)$',
    'src/lib/ui/(Brand|Button|LanguageSwitch|Notice|Title|ToastStack)\\.svelte$',
    'src/lib/ui/(preferences|toasts)\\.svelte\\.ts$',
    'src/lib/offline/(worker|groups|renewal\\.svelte)\\.ts$',
    'src/lib/live/build\\.svelte\\.ts$',
    'src/lib/text/zone\\.ts$',
    'node_modules/openapi-fetch/',
    'node_modules/@lucide/svelte/dist/(?!icons/)',
    'node_modules/@lucide/svelte/dist/icons/(wifi-off|triangle-alert|circle-x|circle-check|info|x)\\.',
  ].join('|'),
);
/** Whoever is not in yet: the door's frame, its notices, the way to the server. */
export const isEntrance = matching(entrance);

/** Whoever is in: what a device keeps, and what its pages read. */
export const isWithin = matching(
  /src\/lib\/(api\/resource\.svelte|offline\/(kept|shelf)\.svelte|devices\/own\.svelte|text\/format)\.ts$/,
);

/** A hall, a console, a delegate who follows. */
export const isLive = matching(
  /src\/lib\/(live\/(acts\.svelte|address|backoff|channel|clock|errors|name|reducer|room\.svelte|ticker\.svelte)|conference\/conference\.svelte|presentation\/follow\.svelte|reader\/content)\.ts$/,
);
