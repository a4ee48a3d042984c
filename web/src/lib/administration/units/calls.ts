import { answer, api } from '#lib/api/client.ts';
import type { components } from '#lib/api/schema.ts';

type Schemas = components['schemas'];
export type UnitWrite = Schemas['UnitWrite'];
export type UnitPatch = Schemas['UnitPatch'];
export type UnitUses = Schemas['UnitUses'];
export type UnitClosing = Schemas['UnitClosing'];
export type PointWrite = Schemas['PointWrite'];
export type PointPatch = Schemas['PointPatch'];
export type PointUses = Schemas['PointUses'];
export type Level = UnitWrite['level'];

const unit = (unit_id: number) => ({ params: { path: { unit_id } } });
const point = (point_id: number) => ({ params: { path: { point_id } } });

/** What an administrator asks of the server about units and points. All throw ApiError. */
export const unitsApi = {
  tree: () => answer(api.GET('/api/units', { params: { query: { closed: true } } })),
  add: (body: UnitWrite) => answer(api.POST('/api/units', { body })),
  /** `revision`: what the editor saw; if it is another by now, nothing is saved ("edited-meanwhile"). */
  edit: (unit_id: number, body: UnitPatch, revision: number) =>
    answer(api.PATCH('/api/units/{unit_id}', { params: { path: { unit_id }, query: { revision } }, body })),
  uses: (id: number) => answer(api.GET('/api/units/{unit_id}/uses', unit(id))),
  close: (id: number, body: UnitClosing) =>
    answer(api.POST('/api/units/{unit_id}/close', { ...unit(id), body })),
  reopen: (id: number) => answer(api.POST('/api/units/{unit_id}/reopen', unit(id))),
  remove: (id: number) => answer(api.DELETE('/api/units/{unit_id}', unit(id))),
};

export const pointsApi = {
  add: (body: PointWrite) => answer(api.POST('/api/points', { body })),
  edit: (point_id: number, body: PointPatch, revision?: number) =>
    answer(
      api.PATCH('/api/points/{point_id}', { params: { path: { point_id }, query: { revision } }, body }),
    ),
  uses: (id: number) => answer(api.GET('/api/points/{point_id}/uses', point(id))),
  remove: (id: number) => answer(api.DELETE('/api/points/{point_id}', point(id))),
};
