import { afterEach, describe, expect, it, vi } from 'vitest';
import { device } from './device.ts';

describe('a browser that keeps nothing', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('gives no store, and the app works from the line alone', async () => {
    vi.stubGlobal('indexedDB', {
      open: () => {
        throw new DOMException('Access is denied for this document.', 'SecurityError');
      },
    });
    await device.belongTo('person-1');
    expect(await device.db()).toBeUndefined();
  });
});
