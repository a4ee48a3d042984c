/*
 * Which files of the built app belong to whose pages, so that a device fetches ahead what its own user may open without a
 * line and nothing else: a delegate's phone never downloads the console, a hall's machine only its own screens. The service
 * worker imports `virtual:precache`; who is who, `src/lib/offline/groups.ts` says. Other pages are kept when they are opened.
 */
const module = 'virtual:precache';
const english = '\0virtual:english';

/** Pages by group, as folders of `src/routes`; a layout goes with the pages below it. */
const pages = {
  entrance: [/^\/\+(layout|error)/, /^\/(sign-in|join|m)\//],
  hall: [/^\/\(room\)\/(\+layout|hall\/)/],
  papers: [/^\/\(desk\)\/\+(layout|page)/, /^\/\(read\)\//],
  attendance: [/^\/\(desk\)\/\+layout/, /^\/\(desk\)\/meetings\/\[id\]\/(\+|points\/)/],
  desk: [/^\/\(desk\)\//, /^\/\(room\)\/(\+layout|meetings\/)/],
};

/** The route's file of a chunk, e.g. "/(desk)/+page.svelte". */
const route = (/** @type {string[]} */ ids) =>
  ids.map((id) => /src\/routes(\/(?:.*\/)?\+[\w.]+)$/.exec(id)?.[1]).find((found) => found !== undefined);

/** @type {Record<string, string[]>} filled by the client's build, read by the worker's, which comes after it */
const groups = {};

/** @returns {import('vite').Plugin} */
export function precache() {
  return {
    name: 'precache',
    generateBundle(_, bundle) {
      if (this.environment.name !== 'client') return;
      const chunks = new Map(
        Object.values(bundle).flatMap((it) => (it.type === 'chunk' ? [[it.fileName, it]] : [])),
      );
      const fonts = Object.keys(bundle).filter((name) => name.endsWith('.woff2'));
      const starts = [...chunks.values()].filter(({ isEntry }) => isEntry);
      const whole = new Set(starts.map(({ fileName }) => fileName));

      /** A file with all that it imports; the framework's own start names every page, and leads no further. */
      const withImports = (/** @type {string[]} */ names) => {
        /** @type {Set<string>} */
        const found = new Set();
        const queue = [...names];
        for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
          const chunk = chunks.get(name);
          if (!chunk || found.has(name)) continue;
          found.add(name);
          queue.push(...chunk.imports);
          if (whole.has(name) && !route(chunk.moduleIds)) continue;
          queue.push(...chunk.dynamicImports.filter((to) => !chunks.get(to)?.moduleIds.includes(english)));
        }
        for (const name of [...found])
          for (const css of chunks.get(name)?.viteMetadata?.importedCss ?? []) found.add(css);
        return found;
      };

      const started = withImports(
        starts.filter(({ moduleIds }) => !route(moduleIds)).map(({ fileName }) => fileName),
      );
      const entrance = withImports([...started, ...named(pages.entrance)]);
      groups.entrance = [...entrance, ...fonts].sort();
      groups.english = [...chunks.values()]
        .filter(({ moduleIds }) => moduleIds.includes(english))
        .map(({ fileName }) => fileName);
      for (const [group, patterns] of Object.entries(pages))
        if (group !== 'entrance')
          groups[group] = [...withImports(named(patterns))].filter((name) => !entrance.has(name)).sort();

      function named(/** @type {RegExp[]} */ patterns) {
        return [...chunks.values()]
          .filter(({ moduleIds }) => patterns.some((pattern) => pattern.test(route(moduleIds) ?? '')))
          .map(({ fileName }) => fileName);
      }
    },
    resolveId: (id) => (id === module ? `\0${module}` : undefined),
    load: (id) => (id === `\0${module}` ? `export default ${JSON.stringify(groups)};` : undefined),
  };
}
