"""What a browser still holds after somebody has left it."""

PERSONAL = r"""async () => {
  const databases = await indexedDB.databases();
  const left = [];
  for (const { name } of databases) {
    const db = await new Promise((done, failed) => {
      const open = indexedDB.open(name);
      open.onsuccess = () => done(open.result);
      open.onerror = () => failed(open.error);
    });
    for (const store of db.objectStoreNames)
      left.push(...await new Promise((done) => {
        const asked = db.transaction(store).objectStore(store).getAllKeys();
        asked.onsuccess = () => done(asked.result.map((key) => `${store}:${key}`));
      }));
    db.close();
  }
  const own = /preferences|reader|offline|devices|console\.view|PARAGLIDE/;
  const kept = (storage) => Object.keys(storage).filter((key) => !own.test(key));
  return [...left, ...kept(localStorage), ...kept(sessionStorage).filter((key) => !key.startsWith('sveltekit:'))];
}"""
"""Keys in IndexedDB and in both storages, but for what is the device's: theme, cameras, language."""

CACHED = """async () => {
  const paths = [];
  for (const name of await caches.keys())
    for (const { url } of await (await caches.open(name)).keys()) paths.push(new URL(url).pathname);
  return paths;
}"""
"""Addresses in Cache Storage."""

FROM_CACHE = """async (paths) => {
  const found = [];
  for (const path of paths) {
    const answer = await fetch(path, { cache: 'only-if-cached', mode: 'same-origin' }).catch(() => undefined);
    if (answer?.ok) found.push(path);
  }
  return found;
}"""
"""Which of these addresses the browser can answer from its HTTP cache, without asking."""
