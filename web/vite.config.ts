import { paraglideVitePlugin } from '@inlang/paraglide-js';
import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';
import { fallbacks, floor } from './floor.js';
import { foundation, isEntrance, isLive, isWithin } from './first-load.js';
import { isEntranceWord, isMessage, oneLanguage } from './one-language.js';
import { precache } from './precache.js';
import { shortNames } from './short-names.js';

/** Where `npm run dev` finds the server. */
const server = process.env.NHIPCAU_SERVER ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [
    tailwindcss(),
    paraglideVitePlugin({
      project: './project.inlang',
      outdir: './src/lib/paraglide',
      strategy: ['localStorage', 'baseLocale'],
      disableAsyncLocalStorage: true,
      isServer: 'import.meta.env.SSR',
    }),
    oneLanguage(),
    precache(),
    shortNames(),
    sveltekit({
      adapter: adapter({ pages: 'build', fallback: 'index.html', precompress: true }),
      compilerOptions: { runes: true },
      paths: { relative: false },
      // An open window learns of a new version within a quarter of an hour.
      version: { pollInterval: 900_000 },
      // lib/offline registers it, where there is something to keep.
      serviceWorker: { register: false },
    }),
  ],
  build: {
    target: floor,
    cssTarget: floor,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // Filled before the other files are evaluated: it must not come with one of them.
            { name: 'payload', test: /kit\/src\/runtime\/client\/payload\.js$/, priority: 6 },
            { name: 'base', test: foundation, priority: 5 },
            { name: 'entrance', test: isEntrance, priority: 4 },
            { name: 'within', test: isWithin, priority: 3 },
            { name: 'live', test: isLive, priority: 3 },
            { name: 'words-entrance', test: isEntranceWord, priority: 3 },
            // One file for the words of the same pages, unless it were smaller than its headers are worth.
            {
              name: 'words',
              test: isMessage,
              priority: 2,
              entriesAware: true,
              entriesAwareMergeThreshold: 800,
            },
          ],
        },
      },
    },
  },
  css: { postcss: { plugins: [fallbacks() as never] } },
  server: { proxy: { '/api': { target: server, ws: true } } },
  test: { include: ['src/**/*.test.ts'] },
});
