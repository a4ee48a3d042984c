import type { components } from '#lib/api/schema.ts';

type Found = components['schemas']['DeviceReport']['camera'];

/**
 * Whether there are a camera and a microphone that this page may use, without opening either: a lamp that burns all night
 * would be asked about. `unknown`: they are there, and the browser would ask first.
 */
export async function found(): Promise<{ camera: Found; microphone: Found }> {
  const list = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  const of = async (name: string, kind: MediaDeviceKind): Promise<Found> => {
    // Without a secure address browsers give no page a camera.
    if (!navigator.mediaDevices) return 'denied';
    if (!list.some((each) => each.kind === kind)) return 'none';
    try {
      const { state } = await navigator.permissions.query({ name: name as PermissionName });
      return state === 'granted' ? 'ok' : state === 'denied' ? 'denied' : 'unknown';
    } catch {
      return 'unknown'; // Firefox before 131 knows neither name.
    }
  };
  return { camera: await of('camera', 'videoinput'), microphone: await of('microphone', 'audioinput') };
}
