import { answer, api } from '#lib/api/client.ts';
import { bytes, request } from '#lib/api/request.ts';
import type { Library, OwnReceipt, PageText, PictureWidth, TextLine, VersionHead } from './types.ts';

/** Papers as the server hands them out; every answer is checked against the reader's rights anew. */
export function fetchLibrary(meeting: number): Promise<Library> {
  const params = { path: { meeting_id: meeting } };
  return answer(api.GET('/api/meetings/{meeting_id}/papers', { params }));
}

/** The own receipts of a meeting, by version id. */
export async function fetchReceipts(meeting: number): Promise<Record<string, OwnReceipt>> {
  const params = { path: { meeting_id: meeting } };
  return (await answer(api.GET('/api/meetings/{meeting_id}/my-receipts', { params }))).versions;
}

// The typed client flattens tuples, of which pages and lines are made: these two name their type themselves.

export function fetchHead(version: number, signal?: AbortSignal): Promise<VersionHead> {
  return request<VersionHead>(`/api/versions/${version}`, { signal });
}

export async function fetchTexts(
  version: number,
  first: number,
  last: number,
  signal?: AbortSignal,
): Promise<Map<number, TextLine[]>> {
  const path = `/api/versions/${version}/text?from=${first}&to=${last}`;
  const { pages } = await request<{ pages: PageText[] }>(path, { signal });
  return new Map(pages.map(({ number, lines }) => [number, lines]));
}

export function fetchPicture(version: number, page: number, signal?: AbortSignal): Promise<ArrayBuffer> {
  return bytes(pictureAddress(version, page, 900), signal);
}

export function pictureAddress(version: number, page: number, width: PictureWidth): string {
  return `/api/versions/${version}/pages/${page}/image?width=${width}`;
}
