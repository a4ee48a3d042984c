/*
 * The oldest browsers that are served, by what they are used for: Chromium 103 and Firefox 115 (the last for Windows 7 and
 * 8.1 are newer), Safari 16.4 with iPadOS 16.4 to read and to vote, Safari 17 in a hall. Older ones are shown a page that
 * says so (`app.html`). What guards it: the build lowers syntax and style to it, `tsconfig.json` holds the language at
 * ES2022, `eslint.config.js` forbids the interfaces below, the style gets the fallbacks below, and `src/floor.test.ts` finds
 * `:has()` (Chromium 105, Firefox 121) on which something would depend.
 */
export const floor = ['chrome103', 'firefox115', 'safari16.4'];

const newer = 'is newer than the browsers we serve (floor.js)';

/** Interfaces of the browser that came later than the floor, or that are missing without a secure origin. */
export const forbidden = [
  { object: 'AbortSignal', property: 'any', message: `AbortSignal.any ${newer}` },
  { object: 'URL', property: 'canParse', message: `URL.canParse ${newer}` },
  { object: 'URL', property: 'parse', message: `URL.parse ${newer}` },
  { object: 'Promise', property: 'try', message: `Promise.try ${newer}` },
  { object: 'Promise', property: 'withResolvers', message: `Promise.withResolvers ${newer}` },
  { object: 'Array', property: 'fromAsync', message: `Array.fromAsync ${newer}` },
  { object: 'crypto', property: 'randomUUID', message: 'is missing over plain HTTP: use text/uuid.ts' },
  { object: 'crypto', property: 'subtle', message: 'is missing over plain HTTP' },
  ...[
    'showPopover',
    'togglePopover',
    'checkVisibility',
    'moveBefore',
    'setHTMLUnsafe',
    'startViewTransition',
  ].map((property) => ({ property, message: `${property} ${newer}` })),
];

/** Units of Chromium 108 (dvh, svh) and 105 (of containers), by what stands for them before. */
const units = [
  [/([\d.])(?:dvh|svh|lvh|cqh|cqb)\b/g, '$1vh'],
  [/([\d.])(?:dvw|svw|lvw|cqw|cqi)\b/g, '$1vw'],
];

const done = Symbol('has its fallback');

/**
 * A PostCSS plugin: before a value of a later unit it puts the one that was there earlier, before a mix of colours
 * (Chromium 111) its first colour, and beside `translate` (Chromium 104) the transform that does the same. A browser takes
 * the last that it understands. Where a container cannot be asked for its size (Chromium before 105) the window is asked.
 */
export function fallbacks() {
  return {
    postcssPlugin: 'floor',
    AtRule: {
      /**
       * @param {any} it
       * @param {any} helpers
       */
      container(it, { AtRule }) {
        if (it[done]) return;
        it[done] = true;
        const condition = it.params.slice(it.params.indexOf('('));
        const media = new AtRule({
          name: 'media',
          params: condition,
          nodes: it.nodes.map((/** @type {any} */ each) => each.clone()),
        });
        const unless = new AtRule({ name: 'supports', params: 'not (container-type: size)' });
        unless.append(media);
        it.after(unless);
      },
    },
    /**
     * @param {any} it a declaration
     * @param {any} helpers PostCSS's own
     */
    Declaration(it, { AtRule, Rule }) {
      const rule = it.parent;
      const before = rule?.nodes?.[rule.nodes.indexOf(it) - 1];
      if (rule?.type !== 'rule' || it.prop.startsWith('--')) return;
      const older = units.reduce((value, [unit, stand]) => value.replace(unit, stand), it.value);
      const plain = older.replace(
        /color-mix\(in \w+, (var\([^()]*\)|[^,()]+?)(?: [\d.]+%)?, transparent\)/g,
        '$1',
      );
      if (plain !== it.value && before?.prop !== it.prop) it.cloneBefore({ value: plain });
      if (it.prop === 'translate' && it.value !== 'none') {
        const [x = '0', y = '0'] =
          it.value.match(/var\([^()]*\)|calc\([^()]*(?:\([^()]*\)[^()]*)*\)|[^\s]+/g) ?? [];
        const same = new Rule({ selector: rule.selector ?? '' });
        same.append({ prop: 'transform', value: `translate(${x}, ${y})`, important: it.important });
        const unless = new AtRule({ name: 'supports', params: 'not (translate: none)' });
        unless.append(same);
        rule.after(unless);
      }
    },
  };
}
