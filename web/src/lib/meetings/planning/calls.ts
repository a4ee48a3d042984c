import { answer, api } from '#lib/api/client.ts';
import type { components } from '#lib/api/schema.ts';

type Schemas = components['schemas'];
export type Template = Schemas['TemplateOut'];
export type TemplatePlan = Schemas['TemplatePlan'];
export type TemplateSummary = Schemas['TemplateSummary'];
export type TemplateWrite = Schemas['TemplateWrite'];
export type PointGroup = Schemas['GroupOut'];
export type Clash = Schemas['Clash'];
export type ClashesAsked = Schemas['ClashesAsked'];
export type GroupWrite = Schemas['GroupWrite'];
export type SeriesWrite = Schemas['SeriesWrite'];

/** Templates of meetings and groups of points, as their unit keeps them. All throw ApiError. */
export const planningApi = {
  templates: (signal?: AbortSignal) => answer(api.GET('/api/meeting-templates', { signal })),
  template: (template_id: number) =>
    answer(api.GET('/api/meeting-templates/{template_id}', { params: { path: { template_id } } })),
  saveTemplate: (body: TemplateWrite) => answer(api.POST('/api/meeting-templates', { body })),
  removeTemplate: (template_id: number) =>
    answer(api.DELETE('/api/meeting-templates/{template_id}', { params: { path: { template_id } } })),
  groups: (signal?: AbortSignal) => answer(api.GET('/api/point-groups', { signal })),
  saveGroup: (body: GroupWrite) => answer(api.POST('/api/point-groups', { body })),
  removeGroup: (group_id: number) =>
    answer(api.DELETE('/api/point-groups/{group_id}', { params: { path: { group_id } } })),
  /** Other meetings at that hour that want the same halls or people. */
  clashes: (body: ClashesAsked, signal?: AbortSignal) =>
    answer(api.POST('/api/meeting-clashes', { body, signal })),
  /** The series that a meeting is part of. */
  series: (meeting_id: number, signal?: AbortSignal) =>
    answer(api.GET('/api/meetings/{meeting_id}/series', { params: { path: { meeting_id } }, signal })),
  /** The meeting becomes the first of a series; the others are made as drafts by and by. */
  startSeries: (meeting_id: number, body: SeriesWrite) =>
    answer(api.POST('/api/meetings/{meeting_id}/series', { params: { path: { meeting_id } }, body })),
  /** The later meetings of the series become like this one; how many. */
  followSeries: (meeting_id: number) =>
    answer(api.POST('/api/meetings/{meeting_id}/series/follow', { params: { path: { meeting_id } } })),
  /** The later meetings are called off, drafts deleted; how many. */
  endSeries: (meeting_id: number, reason: string) =>
    answer(
      api.POST('/api/meetings/{meeting_id}/series/end', {
        params: { path: { meeting_id } },
        body: { reason },
      }),
    ),
  /** Takes over the lists of an earlier meeting; how many people are on their way. */
  copyLists: (meeting_id: number, from: number) =>
    answer(
      api.POST('/api/meetings/{meeting_id}/delegates/copy', {
        params: { path: { meeting_id } },
        body: { meeting_id: from },
      }),
    ),
};
