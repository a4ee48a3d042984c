/** Keeps the screen from sleeping until the returned function is called; browsers drop the lock with every hiding. */
export function keepAwake(): () => void {
  let lock: WakeLockSentinel | undefined;
  let wanted = true;
  const take = async () => {
    if (!wanted || document.visibilityState !== 'visible') return;
    try {
      lock = await navigator.wakeLock?.request('screen');
      if (!wanted) await lock?.release();
    } catch {
      // Refused on an empty battery: the conference goes on without it.
    }
  };
  document.addEventListener('visibilitychange', take);
  void take();
  return () => {
    wanted = false;
    document.removeEventListener('visibilitychange', take);
    lock?.release().catch(() => undefined);
  };
}
