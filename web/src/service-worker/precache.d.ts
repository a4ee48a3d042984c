declare module 'virtual:precache' {
  /** Files of the built app, "_app/immutable/…", by the group of pages that needs them (`precache.js`). */
  const groups: Record<string, string[]>;
  export default groups;
}
