/**
 * Files are named by seven letters of their hash instead of eight: the names of all the pages' files come with the first
 * page, and are what does not compress in it. The bundler asks for seven at least where there are more than 64 files.
 * @returns {import('vite').Plugin}
 */
export function shortNames() {
  return {
    name: 'short-names',
    enforce: 'post',
    configResolved({ environments }) {
      for (const output of [environments.client?.build.rolldownOptions.output].flat()) {
        if (output?.entryFileNames) output.entryFileNames = shorter(output.entryFileNames);
        if (output?.chunkFileNames) output.chunkFileNames = shorter(output.chunkFileNames);
      }
    },
  };
}

/**
 * @template T
 * @param {T} names A pattern, or what makes one of a chunk.
 * @returns {T}
 */
function shorter(names) {
  const short = (/** @type {unknown} */ pattern) => String(pattern).replace('[hash]', '[hash:7]');
  return /** @type {T} */ (
    typeof names === 'function' ? (/** @type {unknown} */ chunk) => short(names(chunk)) : short(names)
  );
}
