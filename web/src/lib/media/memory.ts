import type { SoundProcessing } from './capture.ts';

/** A device as it was chosen. Ids change between browsers' profiles and sockets; labels seldom do. */
export interface ChosenDevice {
  id: string;
  label: string;
}

export type DeviceRole = 'camera' | 'microphone' | 'speaker';

export interface DeviceChoices {
  camera?: ChosenDevice;
  microphone?: ChosenDevice;
  speaker?: ChosenDevice;
  processing: SoundProcessing;
}

const KEY = 'nhipcau.devices';

/** The last choice on this machine; defaults where there is none or storage is closed. */
export function recall(storage: Pick<Storage, 'getItem'> = localStorage): DeviceChoices {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? '{}');
    return { processing: 'browser', ...(kept as Partial<DeviceChoices>) };
  } catch {
    return { processing: 'browser' };
  }
}

export function remember(choices: DeviceChoices, storage: Pick<Storage, 'setItem'> = localStorage): void {
  try {
    storage.setItem(KEY, JSON.stringify(choices));
  } catch {
    // Private windows may refuse storage; the choice then lasts as long as the page.
  }
}

/** The remembered device among those present: the same id, else the same label. */
export function find<D extends { deviceId: string; label: string }>(
  devices: readonly D[],
  chosen: ChosenDevice | undefined,
): D | undefined {
  if (!chosen) return undefined;
  return (
    devices.find(({ deviceId }) => deviceId !== '' && deviceId === chosen.id) ??
    devices.find(({ label }) => label !== '' && label === chosen.label)
  );
}
