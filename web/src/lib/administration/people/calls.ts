import { answer, api } from '#lib/api/client.ts';
import type { components, paths } from '#lib/api/schema.ts';

type Schemas = components['schemas'];
export type DirectoryPage = Schemas['DirectoryPage'];
export type DirectoryPerson = Schemas['DirectoryPerson'];
export type DirectoryQuery = NonNullable<paths['/api/people/directory']['get']['parameters']['query']>;
export type Duplicate = Schemas['Duplicate'];
export type DuplicatesQuery = NonNullable<paths['/api/people/duplicates']['get']['parameters']['query']>;
export type PersonFull = Schemas['PersonFull'];
export type PersonWrite = Schemas['PersonWrite'];
export type PersonPatch = Schemas['PersonPatch'];
export type PostWrite = Schemas['PostWrite'];
export type RoleWrite = Schemas['RoleWrite'];
export type Role = RoleWrite['role'];
export type Link = Schemas['LinkOut'];
export type MergePreview = Schemas['MergePreview'];
export type RoleAllows = Schemas['RoleAllows'];

const person = (person_id: number) => ({ params: { path: { person_id } } });
const seen = (person_id: number, revision: number) => ({
  params: { path: { person_id }, query: { revision } },
});

/** What an administrator asks of the server about people. All throw ApiError. */
export const peopleApi = {
  directory: (query: DirectoryQuery, signal?: AbortSignal) =>
    answer(api.GET('/api/people/directory', { params: { query }, signal })),
  get: (id: number, signal?: AbortSignal) =>
    answer(api.GET('/api/people/{person_id}', { ...person(id), signal })),
  add: (body: PersonWrite) => answer(api.POST('/api/people', { body })),
  /** `revision`: what the editor saw; if it is another by now, nothing is saved ("edited-meanwhile"). */
  edit: (id: number, body: PersonPatch, revision: number) =>
    answer(api.PATCH('/api/people/{person_id}', { ...seen(id, revision), body })),
  /** What no form shows: a password, a lock. */
  set: (id: number, body: PersonPatch) =>
    answer(api.PATCH('/api/people/{person_id}', { ...person(id), body })),
  setPosts: (id: number, body: PostWrite[], revision: number) =>
    answer(api.PUT('/api/people/{person_id}/posts', { ...seen(id, revision), body })),
  setRoles: (id: number, body: RoleWrite[], revision: number) =>
    answer(api.PUT('/api/people/{person_id}/roles', { ...seen(id, revision), body })),
  roles: () => answer(api.GET('/api/roles')),
  invite: (person_id: number, replace: boolean) =>
    answer(api.POST('/api/links', { body: { person_id, next: '/', days: 7, replace } })),
  alike: (id: number, signal?: AbortSignal) =>
    answer(api.GET('/api/people/{person_id}/alike', { ...person(id), signal })),
  duplicates: (query: DuplicatesQuery, signal?: AbortSignal) =>
    answer(api.GET('/api/people/duplicates', { params: { query }, signal })),
  mergePreview: (person_id: number, gone_id: number) =>
    answer(api.GET('/api/people/{person_id}/merge/{gone_id}', { params: { path: { person_id, gone_id } } })),
  merge: (id: number, gone_id: number) =>
    answer(api.POST('/api/people/{person_id}/merge', { ...person(id), body: { gone_id } })),
  resetFactor: (id: number) => answer(api.DELETE('/api/people/{person_id}/second-factor', person(id))),
  unlinkIdentity: (id: number) => answer(api.DELETE('/api/people/{person_id}/identity', person(id))),
  anonymise: (id: number, full_name: string) =>
    answer(api.POST('/api/people/{person_id}/anonymise', { ...person(id), body: { full_name } })),
};
