/** Calls `run` every `ms` while the page is looked at, and at once when one comes back to it. Returns what stops it. */
export function every(ms: number, run: () => void): () => void {
  let last = Date.now();
  const look = () => {
    if (document.visibilityState !== 'visible' || Date.now() - last < ms - 50) return;
    last = Date.now();
    run();
  };
  const timer = setInterval(look, ms);
  document.addEventListener('visibilitychange', look);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', look);
  };
}
