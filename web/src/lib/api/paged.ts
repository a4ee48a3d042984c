/** The most rows that the server gives at once. */
const AT_ONCE = 200;

/**
 * The first `most` rows of a list that comes in pages, with what the first page says besides.
 * `page` asks for one; `rows` and `total` name its rows and how many there are in all.
 */
export async function firstOf<
  Rows extends string,
  Total extends string,
  Page extends Record<Rows, unknown[]> & Record<Total, number>,
>(
  most: number,
  rows: Rows,
  total: Total,
  page: (part: { limit: number; offset: number }) => Promise<Page>,
): Promise<Page> {
  const first = await page({ limit: Math.min(most, AT_ONCE), offset: 0 });
  const found = [...first[rows]];
  while (found.length < Math.min(most, first[total])) {
    const more = await page({ limit: Math.min(AT_ONCE, most - found.length), offset: found.length });
    if (more[rows].length === 0) break;
    found.push(...more[rows]);
  }
  return { ...first, [rows]: found };
}
