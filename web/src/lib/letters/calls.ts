import { answer, api } from '#lib/api/client.ts';
import type { components } from '#lib/api/schema.ts';

type Schemas = components['schemas'];
export type Letter = Schemas['LetterOut'];
/** As the server sends it: nothing is left out. */
export type LetterFields = Required<Letter['fields']>;
export type Print = Schemas['PrintOut'];
export type PrintWrite = Schemas['PrintWrite'];

const meeting = (meeting_id: number) => ({ params: { path: { meeting_id } } });

/** What one asks of the server about giấy mời. All throw ApiError. */
export const lettersApi = {
  letter: (id: number, signal?: AbortSignal) =>
    answer(api.GET('/api/meetings/{meeting_id}/letter', { ...meeting(id), signal })),
  save: (meeting_id: number, body: LetterFields, revision: number) =>
    answer(
      api.PUT('/api/meetings/{meeting_id}/letter', {
        params: { path: { meeting_id }, query: { revision } },
        body,
      }),
    ),
  /** The first page of a letter with this text. */
  picture: (id: number, body: LetterFields, signal?: AbortSignal): Promise<Blob> =>
    answer(
      api.POST('/api/meetings/{meeting_id}/letter/preview.png', {
        ...meeting(id),
        body,
        signal,
        parseAs: 'blob',
      }),
    ) as Promise<Blob>,
  file: (id: number, body: LetterFields): Promise<Blob> =>
    answer(
      api.POST('/api/meetings/{meeting_id}/letter/preview.pdf', { ...meeting(id), body, parseAs: 'blob' }),
    ) as Promise<Blob>,
  order: (id: number, body: PrintWrite) =>
    answer(api.POST('/api/meetings/{meeting_id}/prints', { ...meeting(id), body })),
  prints: (id: number, signal?: AbortSignal) =>
    answer(api.GET('/api/meetings/{meeting_id}/prints', { ...meeting(id), signal })),
  /** Fresh personal links as a workbook. */
  links: (id: number, body: { point_id: number | null; without_email: boolean }): Promise<Blob> =>
    answer(
      api.POST('/api/meetings/{meeting_id}/links.xlsx', { ...meeting(id), body, parseAs: 'blob' }),
    ) as Promise<Blob>,
  volume: (print: number, number: number) => `/api/prints/${print}/volumes/${number}.pdf`,
};
