/** 16 hexadecimal digits. Not `crypto.randomUUID`, which is missing where the page has no secure origin. */
export function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
