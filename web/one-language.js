import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * Vietnamese is part of the pages; English is fetched by whoever reads English. Paraglide writes both languages of a message
 * into one module; in the built app such a module keeps the Vietnamese alone and asks here whether English has been loaded.
 * Numbers in a message are written as its language writes them: 11.208 and 11,208.
 */
const languages = 'virtual:languages';
const english = 'virtual:english';
const compiled = join(import.meta.dirname, 'src/lib/paraglide/messages');
export const isMessage = (/** @type {string} */ id) => /\/paraglide\/messages\/(?!_index)\w+\.js$/.test(id);

/** The function of one language in a message's module: `(i) => { return (`…`) }`. */
function functionOf(/** @type {string} */ code, /** @type {string} */ language, /** @type {string} */ name) {
  const start = code.indexOf(`const ${language}_${name} = `);
  const end = code.indexOf('\n};\n', start);
  if (start < 0 || end < 0) return undefined;
  const made = code.slice(code.indexOf('= ', start) + 2, end + 2).replace(/\/\*\*[^*]*\*\//g, '');
  // Vietnamese has no plural; English asks below.
  return language === 'vi'
    ? made.replace(/const many = registry\.plural\([^;]*\);/g, '')
    : made.replace(/registry\.plural\("en", (i\?\.\w+), \{\}\)/g, 'rules.select(Number($1))');
}

/**
 * @param {string} folder of the compiled messages, one module each
 * @returns {import('vite').Plugin}
 */
export function oneLanguage(folder = compiled) {
  let building = false;
  return {
    name: 'one-language',
    configResolved({ command }) {
      building = command === 'build';
    },
    resolveId(id) {
      return id === languages || id === english ? `\0${id}` : undefined;
    },
    load(id) {
      if (id === `\0${languages}`)
        return building
          ? `let english;
             const written = (inputs, tag) => {
               if (!inputs) return inputs;
               const out = {};
               for (const [name, value] of Object.entries(inputs))
                 out[name] = typeof value === 'number' ? value.toLocaleString(tag) : value;
               return out;
             };
             export const say = (name, vietnamese, inputs) =>
               english?.[name] ? english[name](written(inputs, 'en-GB')) : vietnamese(written(inputs, 'vi-VN'));
             export const speakEnglish = async () => { english = (await import('${english}')).default; };`
          : 'export const speakEnglish = async () => {};';
      if (id !== `\0${english}`) return undefined;
      const entries = readdirSync(folder)
        .filter((name) => isMessage(`/paraglide/messages/${name}`))
        .flatMap((name) => {
          const key = name.slice(0, -3);
          const made = functionOf(readFileSync(join(folder, name), 'utf8'), 'en', key);
          return made === undefined ? [] : [`${key}: ${made}`];
        });
      return `const rules = new Intl.PluralRules('en');
              export default {${entries.join(',\n')}};`;
    },
    transform(code, id) {
      if (!building || !isMessage(id)) return undefined;
      const name = id.slice(id.lastIndexOf('/') + 1, -3);
      const vietnamese = functionOf(code, 'vi', name);
      if (vietnamese === undefined || functionOf(code, 'en', name) === undefined) return undefined;
      return {
        code: `import { say } from '${languages}';\nconst vi = ${vietnamese};\nexport const ${name} = (inputs) => say('${name}', vi, inputs);`,
        map: null,
        moduleSideEffects: false,
      };
    },
  };
}

/** What everybody needs before signing in stands apart from the words of the desk, the rooms and the reader. */
const entrance =
  /^(app|join|sign|door|error|password|caps|show|hide|retry|close|cancel|offline_banner|page|go|skip|loading|optional|device|language)(_|$)/;

export const isEntranceWord = (/** @type {string} */ id) =>
  isMessage(id) && entrance.test(id.slice(id.lastIndexOf('/') + 1, -3));
