import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import postcss from 'postcss';
import { expect, it } from 'vitest';
import { fallbacks } from '../floor.js';

const lowered = async (css: string) =>
  (await postcss([fallbacks() as never]).process(css, { from: undefined })).css.replace(/\s+/g, ' ');

it('asks the window where a container cannot be asked', async () => {
  expect(await lowered('@container desk (max-width: 619px) { .rail { gap: 4px } }')).toBe(
    '@container desk (max-width: 619px) { .rail { gap: 4px } } ' +
      '@supports not (container-type: size) { @media (max-width: 619px) { .rail { gap: 4px } } }',
  );
});

it('leaves a value that older browsers know before the one they do not', async () => {
  expect(await lowered('.frame { height: 100dvh }')).toBe('.frame { height: 100vh; height: 100dvh }');
});

/** A rule with `:has()` is dropped whole by Firefox before 121 and Chromium before 105: nothing may hang on it. */
function dependent(css: string): string[] {
  const found: string[] = [];
  postcss.parse(css).walkRules((rule) => {
    if (!rule.selector.includes(':has(')) return;
    const { parent } = rule;
    const asked = parent?.type === 'atrule' && 'name' in parent && parent.name === 'supports';
    if (!asked) found.push(rule.selector);
  });
  return found;
}

it('finds what would hang on :has()', () => {
  expect(
    dependent('.a:has(b) { color: red } @supports selector(:has(a)) { .c:has(d) { color: red } }'),
  ).toEqual(['.a:has(b)']);
});

it('hangs nothing on :has()', () => {
  const found = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(svelte|css)$/.test(name))
    .flatMap((name) => {
      const text = readFileSync(join(import.meta.dirname, name), 'utf8');
      const css = name.endsWith('.css') ? text : (/<style[^>]*>([^]*)<\/style>/.exec(text)?.[1] ?? '');
      return css.includes(':has(') ? dependent(css).map((selector) => `${name}: ${selector}`) : [];
    });
  expect(found).toEqual([]);
});
