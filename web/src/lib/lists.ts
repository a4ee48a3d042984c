/*
 * What later editions of ECMAScript do with lists (`toSorted`, ES2023; `Map.groupBy`, ES2024), for the browsers that are
 * older: of Chromium those before 110 and 117, of Safari those before 16 and 17.4.
 */

/** A sorted copy. */
export const sorted = <T>(items: Iterable<T>, compare: (a: T, b: T) => number): T[] =>
  [...items].sort(compare);

/** The items by what `by` says of them; groups in the order of their first items. */
export function grouped<T, K>(items: Iterable<T>, by: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(by(item));
    if (group) group.push(item);
    else groups.set(by(item), [item]);
  }
  return groups;
}
