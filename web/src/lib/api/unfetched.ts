/** In the words of Chromium, Firefox and Safari, and of Vite for a style sheet. */
const words = /dynamically imported module|importing a module script failed|unable to preload css/i;

/** Whether a part of a page did not come: the line was cut or became another one while the page was fetched. */
export const isUnfetched = (thrown: unknown): boolean =>
  thrown instanceof Error && words.test(thrown.message);

const soon = 1_500;
const later = 10_000;

/**
 * Loads a page again that did not come in full: soon at first, then less often; at once when the line is back. Many
 * devices do so at the same time: spread. Returns how it is called off.
 */
export function loadAgain(): () => void {
  const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  const wait = entry?.type === 'reload' ? later : soon;
  const again = () => location.reload();
  const timer = setTimeout(again, wait * (0.5 + Math.random()));
  addEventListener('online', again);
  return () => {
    clearTimeout(timer);
    removeEventListener('online', again);
  };
}
