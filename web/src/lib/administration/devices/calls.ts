import { answer, api } from '#lib/api/client.ts';
import type { components } from '#lib/api/schema.ts';
import type { DevicePart } from '#lib/api/types.ts';

type Schemas = components['schemas'];
export type CodeMade = Schemas['CodeMade'];
export type DevicePage = Schemas['DevicePage'];
export type Show = 'all' | 'without' | 'unseen';

export interface Asked {
  unit_id?: number;
  q?: string;
  show: Show;
  limit: number;
  offset: number;
}

export const devicesApi = {
  page: (query: Asked, signal?: AbortSignal) =>
    answer(api.GET('/api/devices', { params: { query }, signal })),
  make: (body: { point_id: number; part: DevicePart; name: string; days: number }) =>
    answer(api.POST('/api/device-codes', { body })),
  void: (code_id: number) =>
    answer(api.DELETE('/api/device-codes/{code_id}', { params: { path: { code_id } } })),
  edit: (device_id: number, body: { part: DevicePart; name: string }) =>
    answer(api.PATCH('/api/devices/{device_id}', { params: { path: { device_id } }, body })),
  takeAway: (device_id: number) =>
    answer(api.DELETE('/api/devices/{device_id}', { params: { path: { device_id } } })),
  sheet: (body: { unit_id?: number; part: DevicePart; only_without: boolean; days: number }): Promise<Blob> =>
    answer(api.POST('/api/device-codes/sheet.pdf', { body, parseAs: 'blob' })) as Promise<Blob>,
};
