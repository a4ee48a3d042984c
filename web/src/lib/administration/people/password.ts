/** Without signs that look alike on paper (0 O, 1 l I). */
const signs = 'abcdefghijkmnpqrstuvwxyz23456789';
const groups = 4;
const length = 4;

/** One to be handed over on paper: 16 signs of 32, 80 bits, in groups that are easy to type. */
export function handedPassword(): string {
  // 256 is a multiple of 32: each sign is as likely as the others.
  const bytes = crypto.getRandomValues(new Uint8Array(groups * length));
  const text = Array.from(bytes, (byte) => signs[byte % signs.length]).join('');
  return text.match(new RegExp(`.{${length}}`, 'g'))?.join('-') ?? text;
}
