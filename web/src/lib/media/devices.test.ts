import { afterEach, expect, test, vi } from 'vitest';
import { Devices } from './devices.svelte.ts';

afterEach(() => vi.unstubAllGlobals());

test('a window without the focus, to which Firefox lists no devices, opens them all the same', async () => {
  const track = (kind: string) => ({ kind, label: kind, stop: () => undefined, muted: false });
  let listed: (devices: unknown[]) => void = () => undefined;
  vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
  vi.stubGlobal('navigator', {
    mediaDevices: {
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
      enumerateDevices: () => new Promise((done) => (listed = done)),
      getUserMedia: (wish: { audio?: unknown }) =>
        Promise.resolve({ getTracks: () => [track(wish.audio ? 'audio' : 'video')] }),
    },
    permissions: { query: () => Promise.reject(new TypeError()) },
  });
  const devices = new Devices();
  await devices.open();
  expect(devices.status('camera')).toBe('ok');
  expect(devices.status('microphone')).toBe('ok');
  listed([{ kind: 'audiooutput', deviceId: 'pa', label: 'PA' }]);
  await vi.waitFor(() => expect(devices.of('speaker')).toHaveLength(1));
  devices.close();
});
