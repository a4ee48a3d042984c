let asked = false;

/** The browser clears the storage of pages seldom visited (iPadOS after a week) unless it is asked to keep it: once a visit. */
export async function askToStay(): Promise<void> {
  if (asked) return;
  asked = true;
  try {
    if (!(await navigator.storage?.persisted?.())) await navigator.storage?.persist?.();
  } catch {
    // It says no by throwing, too; papers are then fetched again when they are gone.
  }
}

/** Bytes of this app on the device, and how many it may have; undefined where the browser does not tell. */
export async function measured(): Promise<{ used: number; most: number } | undefined> {
  try {
    const { usage = 0, quota = 0 } = (await navigator.storage?.estimate?.()) ?? {};
    return quota > 0 ? { used: usage, most: quota } : undefined;
  } catch {
    return undefined;
  }
}
