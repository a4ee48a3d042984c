import { answer, api } from '#lib/api/client.ts';
import type { components } from '#lib/api/schema.ts';

type Schemas = components['schemas'];
export type Batch = Schemas['BatchOut'];
export type BatchState = Batch['state'];
export type Kind = Batch['kind'];
export type Row = Schemas['RowOut'];
export type Rows = Schemas['RowsOut'];
export type Verdict = Row['verdict'];

const batch = (batch_id: number) => ({ params: { path: { batch_id } } });

/** What an administrator asks of the server about spreadsheets. All throw ApiError. */
export const exchangeApi = {
  template: (kind: Kind) => `/api/exchange/${kind}/template.xlsx`,
  everything: (kind: Kind) => `/api/exchange/${kind}/all.xlsx`,
  badRows: (id: number) => `/api/exchange/batches/${id}/bad.xlsx`,
  /** The newest first. */
  batches: (offset: number, limit: number, signal?: AbortSignal) =>
    answer(api.GET('/api/exchange/batches', { params: { query: { offset, limit } }, signal })),
  batch: (id: number, signal?: AbortSignal) =>
    answer(api.GET('/api/exchange/batches/{batch_id}', { ...batch(id), signal })),
  rows: (
    batch_id: number,
    query: { verdict?: Verdict; offset: number; limit: number },
    signal?: AbortSignal,
  ) =>
    answer(
      api.GET('/api/exchange/batches/{batch_id}/rows', { params: { path: { batch_id }, query }, signal }),
    ),
  /** The file is read afterwards: the batch that comes back is `reading`. */
  send: (kind: Kind, file: File) =>
    answer(
      api.POST('/api/exchange/batches', {
        params: { query: { kind, name: file.name.slice(-200) } },
        headers: { 'Content-Type': 'application/octet-stream' },
        body: file as never,
        bodySerializer: (body: unknown) => body as Blob,
      }),
    ),
  apply: (id: number) => answer(api.POST('/api/exchange/batches/{batch_id}/apply', batch(id))),
  undo: (id: number) => answer(api.POST('/api/exchange/batches/{batch_id}/undo', batch(id))),
  discard: (id: number) => answer(api.DELETE('/api/exchange/batches/{batch_id}', batch(id))),
};
