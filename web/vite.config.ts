import { paraglideVitePlugin } from '@inlang/paraglide-js';
import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';

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
    sveltekit({
      adapter: adapter({ pages: 'build', fallback: 'index.html', precompress: true }),
      compilerOptions: { runes: true },
      paths: { relative: false },
      // lib/offline registers it, where there is something to keep.
      serviceWorker: { register: false },
    }),
  ],
  server: { proxy: { '/api': { target: server, ws: true } } },
  test: { include: ['src/**/*.test.ts'] },
});
