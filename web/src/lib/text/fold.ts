/** "Đạ Tẻh" → "da teh": for search without diacritics. Apostrophes of highland names go too: "Đưng K’Nớ" → "dung kno". */
export function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .replace(/[đĐðÐɖƉ]/g, 'd')
    .replace(/['’ʼ`]/g, '')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .trim();
}

/** Whether every word of `query` begins or stands inside `text`, diacritics aside. An empty query fits everything. */
export function fits(text: string, query: string): boolean {
  const folded = fold(text);
  return fold(query)
    .split(' ')
    .every((word) => folded.includes(word));
}
