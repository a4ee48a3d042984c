import type { OwnDevice } from '#lib/api/types.ts';

const key = 'nhipcau.device';

/** What the server said last of the bridge point's device that this browser is; nothing once it is none any more. */
export function rememberedDevice(): OwnDevice | undefined {
  try {
    const text = localStorage.getItem(key);
    return text ? (JSON.parse(text) as OwnDevice) : undefined;
  } catch {
    return undefined;
  }
}

export function rememberDevice(said: OwnDevice): void {
  try {
    if (said.state === 'active') localStorage.setItem(key, JSON.stringify(said));
    else localStorage.removeItem(key);
  } catch {
    // Without storage a machine that starts without a line waits for it before it knows what it is.
  }
}
