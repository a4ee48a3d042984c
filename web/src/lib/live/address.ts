/** As what a page comes in to a meeting's live channel. */
export type Seat = { as: 'hall'; point: number } | { as: 'console' } | { as: 'member' } | { as: 'desk' };

export function liveUrl(meeting: number, seat: Seat): string {
  const base = new URL(globalThis.location?.href ?? 'http://localhost/');
  const url = new URL(`/api/meetings/${meeting}/live`, base);
  url.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
  url.searchParams.set('as', seat.as);
  if (seat.as === 'hall') url.searchParams.set('point', String(seat.point));
  return url.href;
}
