import { paths } from '#lib/paths.ts';

/** Which guide speaks of a page, by how its address begins or goes on; the first that fits. */
const guides: [RegExp, string][] = [
  [/^\/administration\/devices/, 'technician'],
  [/^\/administration/, 'administrator'],
  [/^\/meetings\/\d+\/points\/\d+\/people/, 'hall-secretary'],
  [/^\/meetings\/\d+\/attendance/, 'secretary'],
  [/^\/meetings\/\d+\/delegate$/, 'delegate'],
  [/^\/meetings\/(new|\d+)/, 'organiser'],
];

/** Where the help for the page at `pathname` is; that of all parts for a page that belongs to none. */
export const helpFor = (pathname: string): string =>
  paths.help(guides.find(([pattern]) => pattern.test(pathname))?.[1]);
