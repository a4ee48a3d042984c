const FIELDS = 'input, textarea, select, [contenteditable="true"]';
const OVERLAYS = '[role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]';

/**
 * Whether a key pressed somewhere on the page is meant for a field, an open menu or a question, not for the page, or for
 * `own`, a panel that is a dialog itself.
 */
export function keyIsTaken(event: KeyboardEvent, own?: Element): boolean {
  const target = event.target instanceof Element ? event.target : null;
  const field = target?.closest(FIELDS);
  const over = [...document.querySelectorAll(OVERLAYS)].some((overlay) => overlay !== own);
  return event.defaultPrevented || (!!field && !own?.contains(field)) || over;
}
