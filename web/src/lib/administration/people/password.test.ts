import { expect, it } from 'vitest';
import { handedPassword } from './password.ts';

it('is easy to type and never the same', () => {
  const made = new Set(Array.from({ length: 200 }, handedPassword));
  expect(made.size).toBe(200);
  for (const password of made) expect(password).toMatch(/^([a-km-np-z2-9]{4}-){3}[a-km-np-z2-9]{4}$/);
});
