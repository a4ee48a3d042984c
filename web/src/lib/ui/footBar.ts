/**
 * Attached to a bar at the page's foot: toasts stand above it while it is there, so that what it offers stays in reach.
 * `tall`: it has two rows.
 */
export const footBar =
  (tall = false) =>
  (bar: HTMLElement): (() => void) => {
    bar.dataset.footBar = '';
    document.body.dataset.foot = tall ? 'tall' : 'bar';
    return () => delete document.body.dataset.foot;
  };
