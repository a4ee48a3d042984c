import { request } from '#lib/api/request.ts';
import { ApiError } from '#lib/api/errors.ts';
import { device } from './device.ts';
import type { ReceiptEntry } from './database.ts';

/** What was delivered and read: noted on the device first, told to the server when there is a line. */
const most = 200;
let sending: Promise<void> | undefined;

export async function noteReceipt(entry: ReceiptEntry): Promise<void> {
  const db = await device.db();
  if (db) await db.add('receipts', entry);
  else await tell([entry]);
}

/** Sends what waits. Without a line it stays for the next time. `parting`: the page is being left. */
export function sendReceipts(parting = false): Promise<void> {
  sending ??= send(parting).finally(() => (sending = undefined));
  return sending;
}

async function send(parting: boolean): Promise<void> {
  const db = await device.db();
  if (!db) return;
  for (;;) {
    const [keys, entries] = await Promise.all([
      db.getAllKeys('receipts', undefined, 5 * most),
      db.getAll('receipts', undefined, 5 * most),
    ]);
    const last = keys.at(-1);
    if (last === undefined) return;
    try {
      const joined = merged(entries);
      for (let start = 0; start < joined.length; start += most)
        await tell(joined.slice(start, start + most), parting);
    } catch (thrown) {
      // Refused for what it says, it would be refused for ever; anything else is tried again.
      if (!(
        thrown instanceof ApiError &&
        thrown.status >= 400 &&
        thrown.status < 500 &&
        thrown.status !== 429
      ))
        return;
      if (thrown.status === 401) return;
    }
    await db.delete('receipts', IDBKeyRange.upperBound(last));
    if (parting) return;
  }
}

function tell(entries: ReceiptEntry[], keepalive = false): Promise<void> {
  return request<void>('/api/receipts', { method: 'POST', body: { entries }, keepalive });
}

/** One entry a version: all pages seen, seconds added up, the last page of the latest. */
export function merged(entries: ReceiptEntry[]): ReceiptEntry[] {
  const byVersion = new Map<number, ReceiptEntry>();
  for (const entry of [...entries].sort((a, b) => a.at.localeCompare(b.at))) {
    const one = byVersion.get(entry.version_id);
    if (!one) {
      byVersion.set(entry.version_id, { ...entry });
      continue;
    }
    if (entry.delivered) one.delivered = true;
    if (entry.pages) one.pages = [...new Set([...(one.pages ?? []), ...entry.pages])].sort((a, b) => a - b);
    if (entry.seconds) one.seconds = (one.seconds ?? 0) + entry.seconds;
    one.last_page = entry.last_page ?? one.last_page;
    one.at = entry.at;
  }
  return [...byVersion.values()];
}
