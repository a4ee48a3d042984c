/**
 * The page's families for a canvas that measures its words, at the moment the web font is there, or known not to come.
 * Only the web font is waited for: CSS Font Loading 3 (`load`) refuses the whole list when one of it cannot be had, and
 * its stand-ins name the fonts of several systems, of which each device has some.
 */
export async function pageFamilies(weight: number): Promise<string> {
  const all = getComputedStyle(document.documentElement).fontFamily;
  const [web = 'sans-serif'] = all.split(',');
  await document.fonts.load(`${weight} 16px ${web}`, 'Đạ Nhim').catch(() => undefined);
  return all;
}
