import { paraglideVitePlugin } from '@inlang/paraglide-js';
import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';
import { fallbacks, floor } from './floor.js';
import { chunkOfMessage, oneLanguage } from './one-language.js';

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
          // Few files and the right ones: each is a round trip over a line with 400 ms of delay.
          groups: [
            { name: (id: string) => chunkOfMessage(id) ?? null, priority: 3 },
            {
              name: 'base',
              test: /node_modules\/(svelte|clsx|esm-env)\//,
              priority: 2,
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
