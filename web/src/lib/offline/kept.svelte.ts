import { isRefusal } from '#lib/api/errors.ts';
import { Resource } from '#lib/api/resource.svelte.ts';
import { device } from './device.ts';

/**
 * A resource that is kept on this device: shown at once from there, then as the server has it. Without a line the kept copy
 * stays; when the server refuses it, the copy goes. `meeting` ties it to a meeting, with which it is dropped.
 */
export class KeptResource<T> extends Resource<T> {
  /** When the shown copy came from the server (ms since 1970), while it is only the kept one. */
  keptAt = $state<number>();

  constructor(key: string, meeting: number | null, fetch: (signal: AbortSignal) => Promise<T>) {
    super(async (signal) => {
      try {
        const value = await fetch(signal);
        await keep(key, meeting, value);
        this.keptAt = undefined;
        return value;
      } catch (thrown) {
        if (isRefusal(thrown)) {
          await forget(key);
          this.data = undefined;
        }
        throw thrown;
      }
    });
    void kept<T>(key).then((copy) => {
      if (!copy || this.data !== undefined || (this.error && this.error.code !== 'offline')) return;
      this.keptAt = copy.at;
      this.data = copy.value;
    });
  }
}

export async function kept<T>(key: string): Promise<{ value: T; at: number } | undefined> {
  const found = await (await device.db())?.get('answers', key);
  return found && { value: found.value as T, at: found.at };
}

export async function keep(key: string, meeting: number | null, value: unknown): Promise<void> {
  try {
    await (await device.db())?.put('answers', { key, meeting_id: meeting, value, at: Date.now() });
  } catch {
    // The device is full: the answer is shown all the same, it only cannot be kept.
  }
}

export async function forget(key: string): Promise<void> {
  await (await device.db())?.delete('answers', key);
}
