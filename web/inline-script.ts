import type { Adapter } from '@sveltejs/kit';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Wraps an adapter so that the page it writes carries no inline script: the few lines that start the app move to a file
 * of their own, named by their content. The server's content security policy can then forbid inline scripts altogether.
 */
export function withoutInlineScript(adapter: Adapter, folder: string): Adapter {
  return {
    ...adapter,
    name: `${adapter.name} without inline script`,
    async adapt(builder) {
      await adapter.adapt(builder);
      const page = join(folder, 'index.html');
      const html = readFileSync(page, 'utf8').replace(/<script>([^]*?)<\/script>/g, (_, code: string) => {
        const hash = createHash('sha256').update(code).digest('hex').slice(0, 12);
        const name = `_app/immutable/start-${hash}.js`;
        writeFileSync(join(folder, name), code);
        return `<script src="/${name}"></script>`;
      });
      if (/<script>|<style>| style="/.test(html)) throw new Error(`${page} still holds something inline`);
      writeFileSync(page, html);
    },
  };
}
