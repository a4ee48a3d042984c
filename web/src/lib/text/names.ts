const letters = new Intl.Collator('vi');
const words = (name: string) => name.trim().split(/\s+/);

/**
 * The order of names in Vietnamese lists: by the given name, which stands last, then by the family name and what is between;
 * letters and tones in their Vietnamese order (a, ă, â … d, đ …).
 */
export function byGivenName(a: { full_name: string }, b: { full_name: string }): number {
  const [first, second] = [words(a.full_name), words(b.full_name)];
  return (
    letters.compare(first.at(-1) ?? '', second.at(-1) ?? '') ||
    letters.compare(first.join(' '), second.join(' '))
  );
}
