import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, it } from 'vitest';

/*
 * Who may import whom: a folder of `lib` knows the ones before it in this list, never those after it, and `routes` knows
 * all of them. The names and their order are the server's where it has them too.
 */
const order = [
  'paths.ts',
  'lists.ts',
  'belongings.ts',
  'text',
  'api',
  'ui',
  'live',
  'media',
  'organisations',
  'accounts',
  'devices',
  'administration',
  'system',
  'help',
  'notifications',
  'meetings',
  'papers',
  'offline',
  'reader',
  'reading',
  'attendance',
  'invitations',
  'letters',
  'replies',
  'readiness',
  'presentation',
  'speaking',
  'ballots',
  'delegate',
  'conference',
  'sign-in',
];
/** Made by the build, of the messages. */
const generated = 'paraglide';

const root = import.meta.dirname;
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (name) => /\.(ts|svelte)$/.test(name) && !/\.(test|d)\.ts$/.test(name) && !name.includes(`/${generated}/`),
);

interface Import {
  from: string;
  to: string;
  /** Types alone: gone when it runs. */
  type: boolean;
}

const imports: Import[] = files.flatMap((from) => {
  const text = readFileSync(join(root, from), 'utf8');
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/g,
  );
  return [...found].flatMap(([, type, plain, late]) => {
    const name = plain ?? late ?? '';
    const to = name.startsWith('#lib/')
      ? name.replace('#', '')
      : name.startsWith('.')
        ? normalize(join(dirname(from), name))
        : undefined;
    // A file that is asked for only when it is needed closes no circle.
    return to === undefined ? [] : [{ from, to, type: Boolean(type) || late !== undefined }];
  });
});

const featureOf = (file: string) => (file.startsWith('lib/') ? (file.split('/')[1] ?? '') : 'routes');

it('finds the files and what they import', () => {
  expect(files.length).toBeGreaterThan(300);
  expect(imports.length).toBeGreaterThan(1_000);
  expect(imports.filter(({ to }) => to.endsWith('.svelte') && !files.includes(to))).toEqual([]);
});

it('knows the place of every folder', () => {
  const folders = new Set(files.filter((name) => name.startsWith('lib/')).map(featureOf));
  folders.delete(generated);
  expect([...folders].sort()).toEqual([...order].sort());
});

it('imports downward only', () => {
  const place = (file: string) => {
    const feature = featureOf(file);
    return feature === 'routes' ? order.length : order.indexOf(feature);
  };
  const upward = imports
    .filter(({ to }) => to.startsWith('lib/') && featureOf(to) !== generated)
    .filter(({ from, to }) => place(to) > place(from))
    .map(({ from, to }) => `${from} → ${to}`);
  expect(upward).toEqual([]);
});

it('has no circles', () => {
  const next = new Map<string, string[]>();
  for (const { from, to, type } of imports) if (!type) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const circles: string[] = [];
  const walk = (file: string, path: string[]) => {
    const at = path.indexOf(file);
    // A component that draws itself again inside itself (a tree) is none.
    if (at >= 0 && path.length - at > 1)
      circles.push([...path.slice(at), file].map((name) => relative('lib', name)).join(' → '));
    if (at >= 0 || done.has(file)) return;
    for (const to of next.get(file) ?? []) walk(to, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) walk(file, []);
  expect(circles).toEqual([]);
});
